//! The list of runs, each with how far it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::layout;
use crate::tui::app::theme::State;
use crate::tui::screens::run::model::{RunModel, StepState};
use crate::tui::screens::run::view::{duration, state};
use crate::tui::screens::title;
use crate::tui::session::Model;
use crate::tui::widgets::line;

/// Columns of the state and the time of a run.
const STATE: usize = 18;
/// Columns of its name.
const NAME: usize = 10;

pub(super) fn paint(model: &Model, buffer: &mut Buffer) {
    let theme = model.theme;
    let parts = layout::cut(model);
    let all = model.runs.all();
    title::paint(model, "runs", Span::raw(""), parts.title, buffer);
    line::rule(buffer, parts.rule, theme);
    let head = format!("  {:<STATE$}  {:<NAME$}  {}", "STATE", "RUN", "OPERATION");
    line::left(buffer, parts.head, vec![Span::styled(head, theme.quiet())]);
    let rows = parts.rows;
    let in_sight = all.iter().enumerate().skip(model.runs.top);
    for (y, (at, run)) in (rows.y..rows.bottom()).zip(in_sight) {
        let row = Rect { y, height: 1, ..rows };
        let is_selected = at == model.runs.at();
        let mark = if is_selected {
            theme.glyph("▌ ", "> ")
        } else {
            "  "
        };
        let mut spans = vec![Span::styled(mark, theme.accent())];
        spans.extend(describe(model, run));
        line::left(buffer, row, spans);
        if is_selected {
            buffer.set_style(row, theme.selected());
        }
    }
}

/// Its state, its name, what it does, and the step at work or how it ended.
fn describe(model: &Model, run: &RunModel) -> Vec<Span<'static>> {
    let theme = model.theme;
    let (sign, word, until) = state(run, model.now);
    let took = duration(until.as_millisecond() - run.started.as_millisecond());
    let said = theme.says(sign, &format!("{word} {took}"));
    let gap = " ".repeat((STATE + 2).saturating_sub(said.width()));
    let at_work = run.steps.iter().find_map(|step| match step.state {
        StepState::Running(_) => Some(format!("{}: {}", step.kind, step.what)),
        _ => None,
    });
    let more = run.ended.as_ref().map(|ended| ended.summary.clone()).or(at_work);
    vec![
        said,
        Span::raw(gap),
        Span::styled(format!("{:<NAME$}  ", run.id.short()), theme.quiet()),
        Span::styled(run.plan.operation.title(), theme.strong()),
        line::gap(),
        Span::styled(more.unwrap_or_default(), theme.state(State::None)),
    ]
}
