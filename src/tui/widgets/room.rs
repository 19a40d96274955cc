//! How large a terminal has to be.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::line;

/// A smaller terminal shows a notice and nothing else: columns and rows.
pub const SMALLEST: (u16, u16) = (40, 10);

/// From this width on, the details stand beside and below the table.
pub const WIDE: u16 = 100;

/// Whether a terminal is too small for anything but a notice.
pub const fn is_too_small((width, height): (u16, u16)) -> bool {
    width < SMALLEST.0 || height < SMALLEST.1
}

/// Says that the terminal is too small.
pub fn paint_too_small(area: Rect, buffer: &mut Buffer) {
    let (columns, rows) = SMALLEST;
    let (width, height) = (area.width, area.height);
    let text = format!("windlass requires {columns}×{rows}; this terminal has {width}×{height}");
    let lines = line::wrap(&text, usize::from(area.width));
    for (y, text) in (area.y..area.bottom()).zip(lines) {
        line::left(buffer, Rect { y, height: 1, ..area }, vec![Span::raw(text)]);
    }
}
