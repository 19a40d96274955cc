//! A run: its steps at the left, what the selected one moves and says at the right, and at the end where things are.

use std::fmt::Write as _;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::model::{Ended, Item, Pane, RunModel, StepRow, StepState};
use super::{layout, log};
use crate::domain::{Exit, bytes, first};
use crate::engine::Unit;
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::Model;
use crate::tui::widgets::line;
use crate::tui::widgets::step::of_step;

pub(in crate::tui) fn paint(model: &Model, buffer: &mut Buffer) {
    let Some(run) = model.runs.shown() else { return };
    let theme = model.theme;
    let parts = layout::cut(model);
    title(model, run, parts.title, buffer);
    subject(run, parts.subject, theme, buffer);
    line::rule(buffer, parts.rule, theme);
    for y in parts.divider.y..parts.divider.bottom() {
        for x in parts.divider.x..parts.divider.right() {
            buffer.set_string(x, y, theme.glyph("│", "|"), theme.quiet());
        }
    }
    steps(model, run, parts.steps, buffer);
    log::paint(run, &parts, theme, buffer);
    if let Some(ended) = &run.ended {
        end(ended, parts.end, theme, buffer);
    }
}

fn title(model: &Model, run: &RunModel, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let dot = || Span::styled(theme.glyph(" · ", " - "), theme.quiet());
    let (state, word, until) = state(run, model.now);
    let took = duration(until.as_millisecond() - run.started.as_millisecond());
    let mut right = vec![theme.says(state, &format!("{word} {took}")), Span::raw(" ")];
    if let Some(waiting) = waiting(model) {
        right.insert(0, line::gap());
        right.insert(0, theme.says(State::Attention, &format!("waits for {waiting}")));
    }
    line::right(buffer, area, right.clone());
    let left = vec![
        Span::raw(" "),
        Span::styled("windlass", theme.accent().patch(theme.strong())),
        dot(),
        Span::styled(model.service.clone(), theme.strong()),
        dot(),
        Span::raw(run.subject.title.clone()),
        dot(),
        Span::styled(format!("run {}", name(run)), theme.quiet()),
    ];
    let room = area
        .width
        .saturating_sub(u16::try_from(line::width(&right) + 2).unwrap_or(0));
    line::left(buffer, Rect { width: room, ..area }, left);
}

/// What a person calls it: its number on GitHub where it is only followed, else the end of its id.
pub(in crate::tui) fn name(run: &RunModel) -> String {
    match run.number {
        Some(number) if run.is_followed() => number.to_string(),
        _ => run.id.short().to_owned(),
    }
}

/// The environments that the run which is shown waits for, as far as GitHub's list says.
pub(in crate::tui) fn waiting(model: &Model) -> Option<String> {
    let run = model.runs.shown().filter(|run| run.ended.is_none())?;
    let remote = model.runs.remote.find(run.number?)?;
    let names = remote.pending.iter().map(|pending| &pending.environment);
    (!remote.pending.is_empty()).then(|| first(names, 3))
}

/// How far a run is, in a word, and until when it took its time.
pub(in crate::tui) fn state(run: &RunModel, now: Timestamp) -> (State, &'static str, Timestamp) {
    match &run.ended {
        Some(ended) => {
            let (state, word) = of_exit(ended.exit);
            (state, word, ended.at)
        }
        None if run.stopping => (State::Attention, "stopping", now),
        None if run.is_followed() => (State::Loading, "following", now),
        None => (State::Loading, "running", now),
    }
}

fn subject(run: &RunModel, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let subject = &run.subject;
    let mut spans = vec![Span::raw(" ")];
    if let Some(commit) = &subject.commit {
        spans.push(Span::styled(commit.short().to_owned(), theme.identity()));
        spans.push(Span::raw("  "));
    }
    if let Some(digest) = &subject.digest {
        spans.push(Span::styled(digest.short(), theme.identity()));
        spans.push(Span::raw("  "));
    }
    spans.push(Span::raw(subject.way.clone()));
    line::left(buffer, area, spans);
}

fn steps(model: &Model, run: &RunModel, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut y = area.y;
    for (index, step) in run.steps.iter().enumerate() {
        if y >= area.bottom() {
            return;
        }
        let selected = index == run.selected;
        let row = Rect { y, height: 1, ..area };
        let (state, word) = of_step(&step.state);
        let style = if matches!(step.state, StepState::Waiting) {
            theme.quiet()
        } else {
            Style::new()
        };
        let symbol = Span::styled(format!("  {} ", theme.symbol(state)), theme.state(state));
        let name = format!("{}{}", "  ".repeat(step.depth), step.name());
        line::left(buffer, row, vec![symbol, Span::styled(name, style)]);
        let time = match &step.state {
            StepState::Running(since) => Some(model.now.as_millisecond() - since.as_millisecond()),
            StepState::Done(took, _) | StepState::Failed(took, _) => Some(*took),
            _ => None,
        };
        let right = time.map_or_else(
            || word.to_owned(),
            |time| format!("{word}  {:>9}", duration(time)),
        );
        line::right(
            buffer,
            row,
            vec![Span::styled(right, theme.state(state)), Span::raw(" ")],
        );
        if selected {
            let style = if run.pane == Pane::Steps {
                theme.accent()
            } else {
                theme.quiet()
            };
            buffer.set_string(area.x, y, theme.glyph("▌", ">"), style);
            if run.pane == Pane::Steps {
                buffer.set_style(row, theme.selected());
            }
        }
        y += 1;
    }
    // What a step did stands below the list, so that a click always meets the step it is on.
    let Some(step) = run.current() else { return };
    let y = y + 1;
    let width = usize::from(area.width).saturating_sub(4);
    let told = told(step, theme);
    let lines = told.iter().flat_map(|text| line::wrap(text, width));
    for (y, text) in (y..area.bottom()).zip(lines) {
        line::left(
            buffer,
            Rect { y, height: 1, ..area },
            vec![Span::styled(format!("  {text}"), theme.quiet())],
        );
    }
}

/// What is known of the selected step apart from its log.
fn told(step: &StepRow, theme: Theme) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(progress(&step.items, theme));
    lines.push(match &step.state {
        StepState::Waiting | StepState::Running(_) => step.what.clone(),
        StepState::Done(_, why)
        | StepState::Nothing(why)
        | StepState::Refused(why)
        | StepState::Failed(_, why) => why.clone(),
        StepState::Interrupted => "interrupted; the same command resumes from here".to_owned(),
    });
    lines
}

/// How much of all items is done: `3/5 blobs · 26 MB of 39 MB`, `2/3 replicas`.
fn progress(items: &[Item], theme: Theme) -> Option<String> {
    let unit = items.first()?.unit;
    let ready = items.iter().filter(|item| item.result.is_some()).count();
    let noun = match unit {
        Unit::Bytes => "blobs",
        Unit::Replicas => "replicas",
        Unit::Jobs => "jobs",
        Unit::Tags => "tags",
    };
    let mut words = format!("{ready}/{} {noun}", items.len());
    if unit == Unit::Bytes {
        let done = items.iter().map(|item| item.done).sum();
        let total = items.iter().map(|item| item.total).sum();
        let dot = theme.glyph("·", "-");
        let _ = write!(words, " {dot} {} of {}", bytes(done), bytes(total));
    }
    Some(words)
}

pub(in crate::tui) const fn of_exit(exit: Exit) -> (State, &'static str) {
    match exit {
        Exit::Done => (State::Ok, "done in"),
        Exit::Refused => (State::Bad, "refused after"),
        Exit::Interrupted => (State::Attention, "interrupted after"),
        Exit::Incomplete => (State::Attention, "incomplete after"),
        Exit::StillRunning => (State::Unknown, "left after"),
        _ => (State::Bad, "failed after"),
    }
}

fn end(ended: &Ended, area: Rect, theme: Theme, buffer: &mut Buffer) {
    line::rule(buffer, area, theme);
    let (state, _) = of_exit(ended.exit);
    let (summary, hint) = layout::told_at_the_end(ended, area.width);
    let mut lines = Vec::new();
    for (at, piece) in summary.iter().enumerate() {
        lines.push(match at {
            0 => vec![Span::raw(" "), theme.says(state, piece)],
            _ => vec![Span::styled(format!("   {piece}"), theme.state(state))],
        });
    }
    for place in &ended.places {
        lines.push(vec![
            Span::raw("   "),
            Span::styled(format!("{:<10}", place.environment.as_str()), theme.strong()),
            Span::styled(place.digest.short(), theme.identity()),
            Span::raw(format!("  {}", place.image.repository)),
        ]);
    }
    for (at, piece) in hint.into_iter().enumerate() {
        let name = if at == 0 { layout::WHAT_TO_DO } else { "" };
        let indent = layout::WHAT_TO_DO.len();
        lines.push(vec![
            Span::styled(format!("   {name:indent$}"), theme.strong()),
            Span::raw(piece),
        ]);
    }
    for (y, spans) in (area.y + 1..area.bottom()).zip(lines) {
        line::left(buffer, Rect { y, height: 1, ..area }, spans);
    }
}

/// `24 ms`, `3.2 s`, `14 s`, `2 min 05 s`, from milliseconds.
pub(in crate::tui) fn duration(milliseconds: i64) -> String {
    match milliseconds.max(0) {
        ms if ms < 1_000 => format!("{ms} ms"),
        ms if ms < 10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        ms if ms < 60_000 => format!("{} s", ms / 1_000),
        ms => format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}
