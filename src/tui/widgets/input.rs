//! A line that is being typed, with its cursor.

use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::tui::model::TextInput;

/// The text with the cursor in it, in reverse video.
pub fn spans(input: &TextInput, style: Style) -> Vec<Span<'static>> {
    let mut after = input.after().chars();
    let under = after.next().map_or_else(|| " ".to_owned(), String::from);
    vec![
        Span::styled(input.before().to_owned(), style),
        Span::styled(under, style.add_modifier(Modifier::REVERSED)),
        Span::styled(after.collect::<String>(), style),
    ]
}

/// As many bullets as characters were typed, up to twenty: not even the length of a long password is told.
pub fn hidden(length: usize, ascii: bool) -> Vec<Span<'static>> {
    let bullet = if ascii { "*" } else { "•" };
    vec![
        Span::raw(bullet.repeat(length.min(20))),
        Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
    ]
}
