//! The ribbon: what is deployed where, since when, and whether it is well, at any moment.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::board::{Cell, DeployedImage, EnvironmentNow};
use crate::domain::age;
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::Model;
use crate::tui::widgets::line;

/// How much is told of each environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(in crate::tui) enum Detail {
    Short,
    Release,
    Age,
    Signature,
    Run,
}

pub(in crate::tui) fn paint(model: &Model, area: Rect, buffer: &mut Buffer) {
    // The most that fits: runs, ages and signatures leave before names do.
    let levels = [
        Detail::Run,
        Detail::Signature,
        Detail::Age,
        Detail::Release,
        Detail::Short,
    ];
    let all = levels.into_iter().map(|level| spans(model, level));
    let room = usize::from(area.width);
    let mut shortest = Vec::new();
    for spans in all {
        let fits = line::width(&spans) <= room;
        shortest = spans;
        if fits {
            break;
        }
    }
    line::left(buffer, area, shortest);
}

fn spans(model: &Model, level: Detail) -> Vec<Span<'static>> {
    let theme = model.theme;
    let mut spans = Vec::new();
    for (index, now) in model.board.environments.iter().enumerate() {
        let arrow = if index > 0 {
            theme.glyph(" ▸  ", " >  ")
        } else {
            " "
        };
        spans.push(Span::styled(arrow, theme.quiet()));
        spans.push(Span::styled(now.environment.to_string(), theme.strong()));
        if now.protected && level > Detail::Release {
            spans.push(Span::styled(" protected", theme.quiet()));
        }
        if model.standings.halted(&now.environment).is_some() {
            spans.push(Span::raw(" "));
            spans.push(theme.says(State::Bad, "halted"));
        }
        if model.standings.pin(&now.environment, model.now).is_some() {
            spans.push(Span::styled(" pinned", theme.state(State::Attention)));
        }
        spans.push(Span::raw(" "));
        spans.extend(cell(model, now, level));
        spans.push(Span::raw("  "));
    }
    spans
}

pub(in crate::tui) fn cell(model: &Model, now: &EnvironmentNow, level: Detail) -> Vec<Span<'static>> {
    let theme = model.theme;
    let mut spans = by_record(model, now, level);
    let trouble = match &now.running {
        _ if now.has_loud_drift() => Some((State::Bad, "drift")),
        Cell::Failed(_) if now.deployed.failure().is_none() => Some((State::Unknown, "running unknown")),
        _ if now.is_unhealthy() => Some((State::Attention, "not healthy")),
        _ => None,
    };
    if let Some((state, word)) = trouble {
        spans.insert(0, Span::raw("  "));
        spans.insert(0, theme.says(state, word));
    } else if level >= Detail::Age && now.running.value().is_some() {
        spans.push(Span::raw("  "));
        spans.push(theme.says(State::Ok, "runs"));
    }
    spans
}

/// What is deployed by our record.
fn by_record(model: &Model, now: &EnvironmentNow, level: Detail) -> Vec<Span<'static>> {
    let theme = model.theme;
    match &now.deployed {
        Cell::Loading => vec![theme.says(State::Loading, "loading")],
        Cell::None(_) => vec![theme.says(State::None, "nothing deployed")],
        Cell::Failed(_) => vec![theme.says(State::Unknown, "unknown")],
        Cell::Ready(image) => image_spans(model, image, level, state_of(image), theme),
        Cell::Stale(image) => image_spans(model, image, level, State::Stale, theme),
    }
}

/// An image that should be signed and is not wants attention, wherever it runs.
fn state_of(image: &DeployedImage) -> State {
    if image.signed == Cell::Ready(false) {
        State::Attention
    } else {
        State::Ok
    }
}

fn image_spans(
    model: &Model,
    image: &DeployedImage,
    level: Detail,
    state: State,
    theme: Theme,
) -> Vec<Span<'static>> {
    let mut spans = vec![
        Span::styled(theme.symbol(state), theme.state(state)),
        Span::raw(" "),
    ];
    if let Some(release) = image.release.as_ref().filter(|_| level >= Detail::Release) {
        spans.push(Span::styled(format!("{release} "), theme.strong()));
    }
    let name = image.short.clone().unwrap_or_else(|| image.digest.short());
    spans.push(Span::styled(name, theme.identity()));
    if let Some(since) = image.since.filter(|_| level >= Detail::Age) {
        spans.push(Span::styled(
            format!("  {}", age(model.seconds_since(since))),
            theme.quiet(),
        ));
    }
    match &image.signed {
        Cell::Ready(true) if level >= Detail::Signature => {
            spans.push(Span::styled("  signed", theme.state(State::Ok)));
        }
        Cell::Ready(false) => spans.push(Span::styled("  not signed", theme.state(State::Attention))),
        Cell::Failed(_) => spans.push(Span::styled("  signature unknown", theme.state(State::Unknown))),
        _ => {}
    }
    if let Some(by) = image.by.as_ref().filter(|_| level >= Detail::Run) {
        spans.push(Span::styled(format!("  {}", by.words()), theme.quiet()));
    }
    spans
}
