//! A plan is being made, or a run is about to begin.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::around::Around;
use super::parts::key;
use super::reply::{DialogSpec, Reply};
use crate::tui::app::theme::State;
use crate::tui::widgets::frame::Sheet;

/// Something is being prepared.
#[derive(Debug, Clone)]
pub struct Planning {
    /// What is.
    pub what: String,
}

impl DialogSpec for Planning {
    fn on_key(&mut self, _key: KeyEvent, _around: &Around<'_>) -> Reply {
        Reply::Passed
    }

    fn is_waiting(&self) -> bool {
        true
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

fn paint(around: &Around, dialog: &Planning, area: Rect, buffer: &mut Buffer) {
    let theme = around.theme;
    let body = vec![
        Line::from(theme.says(State::Loading, &format!("preparing {}", dialog.what))),
        Line::from(Span::styled(
            "Nothing is changed before you confirm.",
            theme.quiet(),
        )),
    ];
    let keys = key("Esc", "cancel", theme).to_vec();
    Sheet {
        title: "Please wait",
        state: State::Loading,
        body,
        foot: None,
        keys,
        scroll: 0,
    }
    .paint(area, theme, buffer);
}
