//! Where the parts of the screen of releases stand.

use ratatui::layout::Rect;

use super::model::ReleasesPane;
use crate::domain::reached;
use crate::tui::session::Model;
use crate::tui::widgets::room::WIDE;

/// The screen of releases, cut into its parts; a part with no height is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasesLayout {
    /// What it is, age of the facts.
    pub title: Rect,
    /// Environments, in one line.
    pub ribbon: Rect,
    /// The line below the ribbon.
    pub rule: Rect,
    /// The names of the columns.
    pub head: Rect,
    /// The releases.
    pub rows: Rect,
    /// The details of the selected one, with the line above them.
    pub details: Rect,
    /// The line between details and environments.
    pub divider: Rect,
    /// The environments, with the line above them.
    pub environments: Rect,
}

/// Lines that an environment takes.
pub const ENVIRONMENT: u16 = 2;

/// Cuts the screen for releases.
pub fn cut(model: &Model) -> ReleasesLayout {
    const TOP: u16 = 3;
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let none = Rect::new(0, height, 0, 0);
    let body = height.saturating_sub(TOP + 1);
    let count = u16::try_from(reached(&model.board.graph).count()).unwrap_or(u16::MAX);
    let wanted = count.saturating_mul(ENVIRONMENT).saturating_add(1);
    let open = model.releases.as_ref().is_some_and(|releases| releases.details);
    let pane = model.releases.as_ref().map(|releases| releases.pane);
    let wide = width >= WIDE && height >= 18;
    // Where not both fit, the half with the keyboard is shown.
    let below = match (open, wide) {
        (true, _) => 0,
        (false, true) => (height * 2 / 5).clamp(8, 22),
        (false, false) if body < 10 && pane == Some(ReleasesPane::Environments) => body,
        (false, false) if body < 10 => 0,
        (false, false) => wanted.min(body / 2),
    };
    let head = u16::from(!open && body > below);
    let rows = if open {
        0
    } else {
        body.saturating_sub(below + head)
    };
    let under = Rect::new(0, height.saturating_sub(1 + below), width, below);
    let left = width * 3 / 5;
    let (details, divider, environments) = if open {
        (Rect::new(0, TOP.min(height), width, body), none, none)
    } else if wide {
        let (details, right) = (Rect { width: left, ..under }, width.saturating_sub(left + 1));
        let divider = Rect {
            x: left,
            width: 1,
            ..under
        };
        let environments = Rect {
            x: left + 1,
            width: right,
            ..under
        };
        (details, divider, environments)
    } else {
        (none, none, under)
    };
    ReleasesLayout {
        title: line(0),
        ribbon: line(1),
        rule: line(2),
        head: Rect::new(0, TOP.min(height), width, head),
        rows: Rect::new(0, (TOP + head).min(height), width, rows),
        details,
        divider,
        environments,
    }
}
