//! The right half of a run: progress of what moves, and the log. Only lines in sight are touched.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::layout::RunLayout;
use super::model::{Item, LogLine, Pane, RunModel, StepRow};
use crate::domain::bytes;
use crate::engine::Level;
use crate::tui::app::theme::{State, Theme};
use crate::tui::widgets::search::Search;
use crate::tui::widgets::step::{clock, of_step};
use crate::tui::widgets::{line, progress};

pub(in crate::tui) fn paint(run: &RunModel, parts: &RunLayout, theme: Theme, buffer: &mut Buffer) {
    let Some(step) = run.current() else { return };
    head(run, step, parts.log_head, theme, buffer);
    if parts.items.height > 0 {
        items(step, parts.items, theme, buffer);
    }
    let area = Rect {
        x: parts.log.x + 1,
        width: parts.log.width.saturating_sub(2),
        ..parts.log
    };
    if run.log().is_empty() {
        let text = match of_step(&step.state) {
            // GitHub gives one log for all steps of a job.
            _ if run.whole().is_some_and(|whole| !whole.log.is_empty()) => "in the log of its job, above",
            (State::None, _) => "not started",
            (State::Loading, _) => "no output yet",
            _ => "no output",
        };
        return line::left(buffer, area, vec![Span::styled(text, theme.quiet())]);
    }
    for (y, text) in (area.y..area.bottom()).zip(in_sight(run, area, theme)) {
        buffer.set_line(area.x, y, &text, area.width);
    }
}

fn head(run: &RunModel, step: &StepRow, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let dot = theme.glyph(" · ", " - ");
    let follow = if run.follow { "follow on" } else { "follow off" };
    let wrap = if run.style.wrap { "wrap on" } else { "wrap off" };
    let right = format!(
        "{follow}{dot}{}{dot}{wrap} ",
        crate::domain::count(step.log.len(), "line")
    );
    let right = vec![Span::styled(right, theme.quiet())];
    let used = u16::try_from(line::width(&right) + 1).unwrap_or(u16::MAX);
    line::right(buffer, area, right);
    let focus = run.pane != Pane::Steps;
    let style = if focus {
        theme.accent().patch(theme.strong())
    } else {
        theme.strong()
    };
    let (state, word) = of_step(&step.state);
    let mut spans = vec![
        Span::raw(" "),
        Span::styled(step.kind.word(), style),
        Span::raw("  "),
        theme.says(state, word),
    ];
    let room = area.width.saturating_sub(used);
    let what = usize::from(room).saturating_sub(line::width(&spans) + 2);
    if what > 8 {
        let what = line::fit(&step.what, what, theme);
        spans.push(Span::styled(format!("  {what}"), theme.quiet()));
    }
    line::left(buffer, Rect { width: room, ..area }, spans);
}

/// All of it in one bar, then what moves, then what is there; the last line is a rule.
fn items(step: &StepRow, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let size: u64 = step.items.iter().map(|item| item.total).sum();
    let moved: u64 = step.items.iter().map(|item| item.done).sum();
    let moving = step.items.iter().filter(|item| item.result.is_none());
    let arrived = step.items.iter().rev().filter(|item| item.result.is_some());
    let room = usize::from(area.width);
    let mut lines = vec![bar("all of it", moved, size, None, room, theme)];
    let each = |item: &Item| {
        bar(
            &item.label,
            item.done,
            item.total,
            item.result.as_deref(),
            room,
            theme,
        )
    };
    let seen = usize::from(area.height.saturating_sub(2));
    lines.extend(moving.chain(arrived).take(seen).map(each));
    let last = area.bottom() - 1;
    for (y, spans) in (area.y..last).zip(lines) {
        line::left(buffer, Rect { y, height: 1, ..area }, spans);
    }
    line::rule(
        buffer,
        Rect {
            y: last,
            height: 1,
            ..area
        },
        theme,
    );
}

fn bar(
    name: &str,
    moved: u64,
    size: u64,
    how: Option<&str>,
    room: usize,
    theme: Theme,
) -> Vec<Span<'static>> {
    const NAME: usize = 17;
    let mut spans = vec![Span::styled(
        format!(" {:<NAME$} ", line::fit(name, NAME, theme)),
        theme.identity(),
    )];
    spans.push(Span::raw(format!("{:>7}  ", bytes(size))));
    if let Some(how) = how {
        spans.push(theme.says(State::Ok, how));
        return spans;
    }
    let width = room.saturating_sub(line::width(&spans) + 8).min(40);
    spans.extend(progress::bar(moved, size, width, theme));
    spans.push(Span::raw(format!(" {}", progress::percent(moved, size))));
    spans
}

/// The lines in sight: from the first one on, or, where the newest stays in sight, from the last one up.
fn in_sight(run: &RunModel, area: Rect, theme: Theme) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    let log = run.log();
    let needle = run.search.as_ref().map(Search::needle).unwrap_or_default();
    let paint = |line: &LogLine| painted(line, run, usize::from(area.width), &needle, theme);
    if !run.follow {
        return log.iter().skip(run.scroll).flat_map(paint).take(height).collect();
    }
    let mut lines = Vec::new();
    for entry in log.iter().rev() {
        if lines.len() >= height {
            break;
        }
        lines.extend(paint(entry).into_iter().rev());
    }
    lines.truncate(height);
    lines.reverse();
    lines
}

fn painted(entry: &LogLine, run: &RunModel, width: usize, needle: &str, theme: Theme) -> Vec<Line<'static>> {
    let (mark, style) = match entry.level {
        Level::Info => ("  ".to_owned(), Style::new()),
        Level::Warning => (
            format!("{} ", theme.symbol(State::Attention)),
            theme.state(State::Attention),
        ),
        Level::Error => (format!("{} ", theme.symbol(State::Bad)), theme.state(State::Bad)),
    };
    let time = if run.style.times {
        clock(entry.at) + " "
    } else {
        String::new()
    };
    let indent = time.len() + 2;
    let room = width.saturating_sub(indent).max(1);
    let pieces = if run.style.wrap {
        line::wrap(&entry.line, room)
    } else {
        vec![line::fit(&entry.line, room, theme)]
    };
    let mut lines = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.into_iter().enumerate() {
        let mut spans = if index == 0 {
            vec![
                Span::styled(time.clone(), theme.quiet()),
                Span::styled(mark.clone(), style),
            ]
        } else {
            vec![Span::raw(" ".repeat(indent))]
        };
        spans.extend(line::mark(&piece, needle, style, theme));
        lines.push(Line::from(spans));
    }
    lines
}
