//! Lines that fit: cut by what people see, never in the middle of a character.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::tui::app::theme::Theme;

/// Cuts `text` to `width` columns, with `…` (`~` in ASCII) where something is missing.
pub fn fit(text: &str, width: usize, theme: Theme) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    if width == 0 {
        return String::new();
    }
    let mut kept = String::new();
    let mut used = 0;
    for character in text.graphemes(true) {
        if used + character.width() > width - 1 {
            break;
        }
        used += character.width();
        kept.push_str(character);
    }
    kept + theme.glyph("…", "~")
}

/// Paints spans from the left, cut at the right edge of `area`.
pub fn left(buffer: &mut Buffer, area: Rect, spans: Vec<Span>) {
    if area.height > 0 {
        buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
    }
}

/// Paints spans so that they end at the right edge; nothing if they are wider than `area`.
pub fn right(buffer: &mut Buffer, area: Rect, spans: Vec<Span>) {
    let line = Line::from(spans);
    let width = u16::try_from(line.width()).unwrap_or(u16::MAX);
    if area.height > 0 && width <= area.width {
        buffer.set_line(area.right() - width, area.y, &line, width);
    }
}

/// A horizontal rule over the first line of `area`.
pub fn rule(buffer: &mut Buffer, area: Rect, theme: Theme) {
    if area.height > 0 {
        let line = theme.glyph("─", "-").repeat(usize::from(area.width));
        buffer.set_stringn(area.x, area.y, line, usize::from(area.width), theme.quiet());
    }
}

/// The width of what people see, in columns.
pub fn width(spans: &[Span]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// Breaks `text` into pieces of at most `width` columns, at spaces where there are any.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        if used + word.trim_end().width() > width && used > 0 {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        for character in word.graphemes(true) {
            if used + character.width() > width && used > 0 {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0;
                if character == " " {
                    continue;
                }
            }
            line.push_str(character);
            used += character.width();
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Cuts `text` into spans so that every place where `needle` stands, in lower case, is in reverse video.
pub fn mark(text: &str, needle: &str, style: Style, theme: Theme) -> Vec<Span<'static>> {
    let lower = text.to_lowercase();
    // Where a letter changes its length in lower case, places in one text are none in the other.
    if needle.is_empty() || lower.len() != text.len() || !lower.contains(needle) {
        return vec![Span::styled(text.to_owned(), style)];
    }
    let mut spans = Vec::new();
    let mut done = 0;
    for (at, _) in lower.match_indices(needle) {
        let end = at + needle.len();
        let (Some(before), Some(found)) = (text.get(done..at), text.get(at..end)) else {
            continue;
        };
        spans.push(Span::styled(before.to_owned(), style));
        spans.push(Span::styled(found.to_owned(), style.patch(theme.found())));
        done = end;
    }
    spans.push(Span::styled(
        text.get(done..).unwrap_or_default().to_owned(),
        style,
    ));
    spans
}

/// `3h ago`, or `just now`.
pub fn ago(seconds: i64) -> String {
    if seconds < 60 {
        "just now".to_owned()
    } else {
        format!("{} ago", crate::domain::age(seconds))
    }
}

/// Two columns of air.
pub fn gap() -> Span<'static> {
    Span::styled("  ", Style::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEME: Theme = Theme {
        colour: true,
        ascii: false,
    };

    #[test]
    fn cuts_by_columns_and_says_that_it_did() {
        assert_eq!(fit("retry ledger", 8, THEME), "retry l…");
        assert_eq!(fit("漢字漢字", 5, THEME), "漢字…");
        assert_eq!(fit("fits", 4, THEME), "fits");
        assert_eq!(fit("none", 0, THEME), "");
    }

    #[test]
    fn wraps_at_spaces_and_breaks_what_has_none() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("sha256abcdef", 5), ["sha25", "6abcd", "ef"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
