//! Where the parts of the board stand.

use ratatui::layout::Rect;

use crate::tui::session::Model;
use crate::tui::widgets::room::WIDE;

/// The board, cut into its parts; a part with no height is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardLayout {
    /// Name of the program and the service, age of the facts.
    pub title: Rect,
    /// Environments.
    pub ribbon: Rect,
    /// The line below the ribbon.
    pub rule: Rect,
    /// The names of the columns.
    pub head: Rect,
    /// The rows.
    pub rows: Rect,
    /// The details, with the line above them.
    pub details: Rect,
}

/// Cuts the screen for the board.
pub fn cut(model: &Model) -> BoardLayout {
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let below = if model.board.details {
        height.saturating_sub(4)
    } else if width < WIDE || height < 18 {
        0
    } else {
        (height / 4).clamp(7, 10)
    };
    let body = height.saturating_sub(4);
    let covered = below == body && below > 0;
    let head = u16::from(!covered);
    let rows = body.saturating_sub(below + head);
    BoardLayout {
        title: line(0),
        ribbon: line(1),
        rule: line(2),
        head: Rect::new(0, 3, width, head),
        rows: Rect::new(0, 3 + head, width, rows),
        details: Rect::new(0, height.saturating_sub(1 + below), width, below),
    }
}
