//! Where the parts of a run stand.

use ratatui::layout::Rect;

use super::model::{Ended, Pane};
use crate::tui::session::Model;
use crate::tui::widgets::line;

/// The run screen, cut into its parts; a part with no width is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLayout {
    /// What is deployed, and for how long.
    pub title: Rect,
    /// What is moved where.
    pub subject: Rect,
    /// The line below.
    pub rule: Rect,
    /// The steps.
    pub steps: Rect,
    /// The line between the halves.
    pub divider: Rect,
    /// What the selected step is and how its log is shown.
    pub log_head: Rect,
    /// Progress of what the step moves.
    pub items: Rect,
    /// The log.
    pub log: Rect,
    /// How the run ended and where the digest is.
    pub end: Rect,
}

/// Cuts the screen for a run.
pub fn cut(model: &Model) -> RunLayout {
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let run = model.runs.shown();
    let ending = run.and_then(|run| run.ended.as_ref()).map_or(0, |ended| {
        let (summary, hint) = told_at_the_end(ended, width);
        let lines = 1 + summary.len() + ended.places.len() + hint.len();
        u16::try_from(lines).unwrap_or(u16::MAX).min(height / 2)
    });
    let zoomed = run.is_some_and(|run| run.pane == Pane::Zoomed);
    let left = if zoomed { 0 } else { (width / 3).clamp(30, 44) };
    let gap = u16::from(left > 0);
    let body = height.saturating_sub(4 + ending);
    let right = width.saturating_sub(left + gap);
    let moving = run
        .and_then(|run| run.current())
        .map_or(0, |step| step.items.len());
    let items = if moving == 0 {
        0
    } else {
        u16::try_from(moving + 2)
            .unwrap_or(u16::MAX)
            .min(body.saturating_sub(1) / 2)
    };
    RunLayout {
        title: line(0),
        subject: line(1),
        rule: line(2),
        steps: Rect::new(0, 3, left, body),
        divider: Rect::new(left, 3, gap, body),
        log_head: Rect::new(left + gap, 3, right, 1.min(body)),
        items: Rect::new(left + gap, 4, right, items),
        log: Rect::new(left + gap, 4 + items, right, body.saturating_sub(1 + items)),
        end: Rect::new(0, height.saturating_sub(1 + ending), width, ending),
    }
}

/// How a run ended and what to do now, in lines that fit a screen of that width.
pub fn told_at_the_end(ended: &Ended, width: u16) -> (Vec<String>, Vec<String>) {
    let room = usize::from(width).saturating_sub(5);
    let hint = ended.hint.as_ref();
    let hint = hint.map_or_else(Vec::new, |hint| {
        line::wrap(hint, room.saturating_sub(WHAT_TO_DO.len()))
    });
    (line::wrap(&ended.summary, room), hint)
}

/// What stands before a hint.
pub const WHAT_TO_DO: &str = "Next step: ";
