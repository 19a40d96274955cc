//! What several dialogs show.

use ratatui::text::{Line, Span};

use crate::tui::app::theme::{State, Theme};
use crate::tui::session::notice::Message;
use crate::tui::widgets::line;

/// A key, and what it does, as dialogs show it.
pub(super) fn key(key: &'static str, what: &str, theme: Theme) -> [Span<'static>; 3] {
    [
        Span::styled(key, theme.key()),
        Span::raw(format!(" {what}")),
        Span::raw("    "),
    ]
}

/// What went wrong and what to do now, inside a dialog that stays open.
pub(super) fn told(message: &Message, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let what = line::wrap(&message.what, width).into_iter();
    let what = what.map(|piece| Line::from(Span::styled(piece, theme.state(State::Bad))));
    let hint = message.hint.iter().flat_map(|hint| line::wrap(hint, width));
    what.chain(hint.map(Line::from)).collect()
}
