//! The parts of a plan that several dialogs show.

use ratatui::text::{Line, Span};

use crate::domain::{Gate, Plan, bytes, count};
use crate::tui::app::theme::{State, Theme};
use crate::tui::widgets::line;

/// What is done, in this order, and what it costs.
pub(super) fn steps(plan: &Plan, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(Span::styled("Steps", theme.strong()))];
    for (index, step) in plan.steps.iter().enumerate() {
        let mut pieces = line::wrap(&step.title, width.saturating_sub(12)).into_iter();
        lines.push(Line::from(vec![
            Span::styled(format!("{:>2} ", index + 1), theme.quiet()),
            Span::styled(format!("{:<9}", step.kind), theme.accent()),
            Span::raw(pieces.next().unwrap_or_default()),
        ]));
        lines.extend(pieces.map(|piece| Line::from(format!("{:12}{piece}", ""))));
    }
    if plan.costs.requests > 0 || plan.costs.bytes > 0 {
        let requests = usize::try_from(plan.costs.requests).unwrap_or(usize::MAX);
        let text = format!(
            "about {}, {} to copy",
            count(requests, "request"),
            bytes(plan.costs.bytes)
        );
        lines.push(Line::from(Span::styled(
            format!("   costs    {text}"),
            theme.quiet(),
        )));
    }
    lines
}

/// Why nothing can be done here, and where something can.
pub(super) fn refusal(
    plan: &Plan,
    is_asked: impl Fn(&Gate) -> bool,
    revisable: bool,
    width: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let refused = plan.refusals().filter(|gate| !is_asked(gate));
    let names: Vec<_> = refused.map(|gate| gate.kind.name()).collect();
    let what = match names.len() {
        // All that is missing is asked for elsewhere.
        0 => return Vec::new(),
        1 => "Refused by this gate",
        _ => "Refused by these gates",
    };
    let way = if revisable {
        "Nothing was changed: fix the cause and plan again, or change options."
    } else {
        "Nothing was changed. This gate cannot be bypassed: fix the cause, then plan again."
    };
    let text = format!("{what}: {}. {way}", names.join(", "));
    let style = theme.state(State::Bad);
    line::wrap(&text, width)
        .into_iter()
        .map(|piece| Line::from(Span::styled(piece, style)))
        .collect()
}
