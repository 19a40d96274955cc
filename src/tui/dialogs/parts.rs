//! What several dialogs show.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::around::Around;
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::notice::Message;
use crate::tui::widgets::frame::Sheet;
use crate::tui::widgets::line;

/// A dialog of a title, a text that fits, and the keys that it takes.
pub(super) struct Simple<'a> {
    pub(super) title: &'a str,
    pub(super) state: State,
    pub(super) body: Vec<Line<'static>>,
    /// Each key, and what it does.
    pub(super) keys: Vec<(&'static str, &'a str)>,
}

impl Simple<'_> {
    /// Paints it over `area`.
    pub(super) fn paint(self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        let theme = around.theme;
        let keys = self
            .keys
            .into_iter()
            .flat_map(|(name, what)| key(name, what, theme));
        Sheet {
            title: self.title,
            state: self.state,
            body: self.body,
            foot: None,
            keys: keys.collect(),
            scroll: 0,
        }
        .paint(area, theme, buffer);
    }
}

/// Red once something went wrong.
pub(super) const fn state_of(error: Option<&Message>) -> State {
    if error.is_some() {
        State::Bad
    } else {
        State::Loading
    }
}

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
