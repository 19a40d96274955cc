//! Where the parts of the findings stand.

use ratatui::layout::Rect;

use crate::tui::session::Model;

/// The findings, cut into their parts; a part with no height is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingsLayout {
    /// Whose findings, how many, in which order.
    pub title: Rect,
    /// The verdict and how old what it rests on is.
    pub verdict: Rect,
    /// The line below.
    pub rule: Rect,
    /// The names of the columns.
    pub head: Rect,
    /// The rows.
    pub rows: Rect,
    /// The selected finding, with the line above it.
    pub details: Rect,
}

/// Cuts the screen for findings.
pub fn cut(model: &Model) -> FindingsLayout {
    const VERDICT: u16 = 3;
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let below = if height < 16 { 0 } else { 5 };
    let top = VERDICT + 3;
    let rows = height.saturating_sub(top + below + 1);
    FindingsLayout {
        title: line(0),
        verdict: Rect::new(0, 1, width, VERDICT.min(height.saturating_sub(1))),
        rule: line(VERDICT + 1),
        head: line(VERDICT + 2),
        rows: Rect::new(0, top.min(height), width, rows),
        details: Rect::new(0, height.saturating_sub(1 + below), width, below),
    }
}
