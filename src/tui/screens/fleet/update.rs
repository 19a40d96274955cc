//! Keys and answers change the fleet.

use crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};
use jiff::Timestamp;

use super::keys::BINDINGS;
use super::{FleetAction, FleetModel, keys};
use crate::fleet::ServiceStatus;
use crate::tui::session::Notice;
use crate::tui::widgets::search::{Search, SearchKey};

/// What the fleet hears.
#[derive(Debug)]
pub enum FleetMsg {
    /// A key.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// What is known now of the service at this place.
    Status(usize, Box<ServiceStatus>),
    /// Every service that was asked for has answered.
    Answered(Timestamp),
}

/// What the fleet asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FleetEffect {
    /// Open the board of the service at this place.
    Open(usize),
    /// Look at every service again.
    Refresh,
    /// Leave the console.
    Quit,
}

/// Lines that a turn of the mouse wheel moves.
const WHEEL: usize = 3;

/// Changes the model as the message says. `active` is how many runs of all sessions are active.
pub fn update(fleet: &mut FleetModel, msg: FleetMsg, active: usize) -> Vec<FleetEffect> {
    match msg {
        FleetMsg::Key(key) => return on_key(fleet, key, active),
        FleetMsg::Paste(text) => {
            if let Some(filter) = fleet.filter.as_mut().filter(|filter| filter.typing) {
                filter.input.insert(&text);
                fleet.select(0);
            }
        }
        FleetMsg::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollDown => fleet.select(fleet.selected.saturating_add(WHEEL)),
            MouseEventKind::ScrollUp => fleet.select(fleet.selected.saturating_sub(WHEEL)),
            _ => {}
        },
        FleetMsg::Status(at, status) => {
            if let Some(row) = fleet.rows.get_mut(at) {
                row.status = *status;
            }
        }
        FleetMsg::Answered(at) => {
            fleet.asking = false;
            fleet.fresh_at = Some(at);
        }
    }
    Vec::new()
}

fn on_key(fleet: &mut FleetModel, key: KeyEvent, active: usize) -> Vec<FleetEffect> {
    fleet.notice = None;
    let was_leaving = std::mem::take(&mut fleet.leaving);
    if fleet.help.is_some() {
        on_help_key(fleet, key);
        return Vec::new();
    }
    if typed(fleet, key) {
        return Vec::new();
    }
    let Some(action) = keys::action_of(key) else {
        return Vec::new();
    };
    let page = fleet.height.max(1);
    match action {
        FleetAction::Up => fleet.select(fleet.selected.saturating_sub(1)),
        FleetAction::Down => fleet.select(fleet.selected + 1),
        FleetAction::PageUp => fleet.select(fleet.selected.saturating_sub(page)),
        FleetAction::PageDown => fleet.select(fleet.selected + page),
        FleetAction::First => fleet.select(0),
        FleetAction::Last => fleet.select(usize::MAX),
        FleetAction::Open => match fleet.current() {
            Some(at) => return vec![FleetEffect::Open(at)],
            None => tell(fleet, "no service is selected", true),
        },
        FleetAction::Filter => fleet.filter = Some(Search::begun()),
        FleetAction::Back => {
            fleet.filter = None;
            fleet.select(fleet.selected);
        }
        FleetAction::Refresh => {
            tell(fleet, "refreshing from git and the registries", false);
            fleet.asking = true;
            return vec![FleetEffect::Refresh];
        }
        FleetAction::Help => fleet.help = Some(0),
        FleetAction::Quit if active > 0 && !was_leaving => fleet.leaving = true,
        FleetAction::Quit => return vec![FleetEffect::Quit],
    }
    Vec::new()
}

/// Takes a key into the filter that is being typed, if one is.
fn typed(fleet: &mut FleetModel, key: KeyEvent) -> bool {
    let Some(filter) = fleet.filter.as_mut().filter(|filter| filter.typing) else {
        return false;
    };
    if filter.on_key(key) == SearchKey::Dropped {
        fleet.filter = None;
    }
    fleet.select(0);
    true
}

fn on_help_key(fleet: &mut FleetModel, key: KeyEvent) {
    let at = fleet.help.unwrap_or_default();
    fleet.help = match keys::action_of(key) {
        Some(FleetAction::Down) => Some((at + 1).min(BINDINGS.len())),
        Some(FleetAction::Up) => Some(at.saturating_sub(1)),
        _ => None,
    };
}

fn tell(fleet: &mut FleetModel, text: &str, grave: bool) {
    let text = text.to_owned();
    fleet.notice = Some(Notice { text, grave });
}
