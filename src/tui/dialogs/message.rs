//! Something happened.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::around::Around;
use super::parts::Simple;
use super::reply::{DialogSpec, Reply};
use crate::tui::app::theme::State;
use crate::tui::session::notice::Message;
use crate::tui::widgets::frame::text_width;
use crate::tui::widgets::line;

impl DialogSpec for Message {
    fn on_key(&mut self, key: KeyEvent, _around: &Around<'_>) -> Reply {
        match key.code {
            KeyCode::Enter | KeyCode::Char('q') => Reply::Closed,
            _ => Reply::Passed,
        }
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

fn paint(around: &Around, dialog: &Message, area: Rect, buffer: &mut Buffer) {
    let theme = around.theme;
    let width = text_width(area);
    let mut body: Vec<_> = line::wrap(&dialog.what, width)
        .into_iter()
        .map(Line::from)
        .collect();
    if let Some(hint) = &dialog.hint {
        const NAME: &str = "Next step: ";
        body.push(Line::default());
        for (index, piece) in line::wrap(hint, width.saturating_sub(NAME.len()))
            .into_iter()
            .enumerate()
        {
            let name = if index == 0 { NAME } else { "                " };
            body.push(Line::from(vec![
                Span::styled(name, theme.strong()),
                Span::raw(piece),
            ]));
        }
    }
    let state = if dialog.good { State::Ok } else { State::Bad };
    let title = format!("{} {}", theme.symbol(state), dialog.title);
    Simple {
        title: &title,
        state,
        body,
        keys: vec![("Enter", "close")],
    }
    .paint(around, area, buffer);
}
