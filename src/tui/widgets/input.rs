//! A line that is being typed, with its cursor.

use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::text_input::TextInput;

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

/// The text with the cursor in it, in at most `width` columns: where it is longer, the part before the cursor gives way
/// from its beginning, and then the part after it.
pub fn tail(input: &TextInput, style: Style, width: usize) -> Vec<Span<'static>> {
    let mut after = input.after().graphemes(true);
    let under = after.next().unwrap_or(" ").to_owned();
    let mut room = width.saturating_sub(under.width());
    let mut before: Vec<&str> = Vec::new();
    for piece in input.before().graphemes(true).rev() {
        if piece.width() > room {
            break;
        }
        room -= piece.width();
        before.push(piece);
    }
    let before: String = before.into_iter().rev().collect();
    let rest: String = after
        .take_while(|piece| {
            let fits = piece.width() <= room;
            room = room.saturating_sub(piece.width());
            fits
        })
        .collect();
    vec![
        Span::styled(before, style),
        Span::styled(under, style.add_modifier(Modifier::REVERSED)),
        Span::styled(rest, style),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_stays_in_sight_however_long_the_line_is() {
        let mut input = TextInput::with("the payouts fail for half of the shops");
        let text = |input: &TextInput| -> Vec<String> {
            let spans = tail(input, Style::new(), 12);
            spans.into_iter().map(|span| span.content.into_owned()).collect()
        };
        assert_eq!(text(&input), ["f the shops", " ", ""]);
        input.home();
        assert_eq!(text(&input), ["", "t", "he payouts "]);
    }
}
