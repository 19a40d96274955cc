//! Keys and answers change the fleet.

use crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};
use jiff::Timestamp;

use super::{FleetModel, keys};
use crate::fleet::ServiceStatus;
use crate::tui::dialogs::reply::closes;
use crate::tui::dialogs::{Around, Dialog, HelpDialog, QuitDialog, Reply};
use crate::tui::screens::keys::Action;
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

/// Changes the model as the message says. `active` are the runs of all sessions that are active, each in a few words.
pub fn update(
    fleet: &mut FleetModel,
    msg: FleetMsg,
    active: Vec<String>,
    around: &Around<'_>,
) -> Vec<FleetEffect> {
    match msg {
        FleetMsg::Key(key) => return on_key(fleet, key, active, around),
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

fn on_key(
    fleet: &mut FleetModel,
    key: KeyEvent,
    active: Vec<String>,
    around: &Around<'_>,
) -> Vec<FleetEffect> {
    fleet.notice = None;
    if let Some(mut dialog) = fleet.dialog.take() {
        match dialog.spec_mut().on_key(key, around) {
            Reply::Leave => return vec![FleetEffect::Quit],
            Reply::Closed => {}
            Reply::Passed if closes(key) => {}
            _ => fleet.dialog = Some(dialog),
        }
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
        Action::Up => fleet.select(fleet.selected.saturating_sub(1)),
        Action::Down => fleet.select(fleet.selected + 1),
        Action::PageUp => fleet.select(fleet.selected.saturating_sub(page)),
        Action::PageDown => fleet.select(fleet.selected + page),
        Action::First => fleet.select(0),
        Action::Last => fleet.select(usize::MAX),
        Action::Enter => match fleet.current() {
            Some(at) => return vec![FleetEffect::Open(at)],
            None => tell(fleet, "no service is selected", true),
        },
        Action::Search => fleet.filter = Some(Search::begun()),
        Action::Back => {
            fleet.filter = None;
            fleet.select(fleet.selected);
        }
        Action::Refresh => {
            tell(fleet, "refreshing from git and the registries", false);
            fleet.asking = true;
            return vec![FleetEffect::Refresh];
        }
        Action::Help => {
            fleet.dialog = Some(Dialog::Help(HelpDialog {
                title: "Keys in the fleet",
                keys: keys::bindings().map(|binding| (binding, None)).collect(),
                scroll: 0,
            }));
        }
        Action::Quit if active.is_empty() => return vec![FleetEffect::Quit],
        Action::Quit => fleet.dialog = Some(Dialog::Quit(QuitDialog { runs: active })),
        _ => {}
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

fn tell(fleet: &mut FleetModel, text: &str, grave: bool) {
    let text = text.to_owned();
    fleet.notice = Some(Notice { text, grave });
}
