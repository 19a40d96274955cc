//! Where the parts of the list of runs stand.

use ratatui::layout::Rect;

use crate::tui::session::Model;

/// The list of runs, cut into its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunsLayout {
    /// Name of the program and the service.
    pub title: Rect,
    /// The line below.
    pub rule: Rect,
    /// The names of the columns.
    pub head: Rect,
    /// The runs.
    pub rows: Rect,
    /// What the selected run on GitHub is about; no lines where it is none.
    pub details: Rect,
}

/// Cuts the screen for the runs.
pub fn cut(model: &Model) -> RunsLayout {
    const TOP: u16 = 3;
    const DETAILS: u16 = 5;
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let room = height.saturating_sub(TOP + 1);
    // The details come and go with the size of the screen alone, so that the rows stay where they are.
    let details = if room >= 3 * DETAILS { DETAILS } else { 0 };
    RunsLayout {
        title: line(0),
        rule: line(1),
        head: line(2),
        rows: Rect::new(0, TOP.min(height), width, room - details),
        details: Rect::new(0, (TOP + room - details).min(height), width, details),
    }
}
