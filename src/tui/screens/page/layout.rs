//! Where the parts of a text stand.

use ratatui::layout::Rect;

use crate::tui::session::Model;

/// A text, cut into its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLayout {
    /// What it is of.
    pub title: Rect,
    /// The line below.
    pub rule: Rect,
    /// The text.
    pub text: Rect,
}

/// Cuts the screen for a text.
pub fn cut(model: &Model) -> PageLayout {
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    PageLayout {
        title: line(0),
        rule: line(1),
        text: Rect::new(
            1.min(width),
            2.min(height),
            width.saturating_sub(2),
            height.saturating_sub(3),
        ),
    }
}
