//! The environments that promotions reach: what is deployed to each, whether it is pinned, and which reviews are owed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::layout::ENVIRONMENT;
use super::model::{ReleasesModel, ReleasesPane};
use crate::board::Cell;
use crate::domain::{Environment, PinRecord, count, reached};
use crate::tui::app::theme::State;
use crate::tui::screens::ribbon;
use crate::tui::screens::ribbon::Detail;
use crate::tui::session::Model;
use crate::tui::widgets::line;

pub(in crate::tui) fn paint(model: &Model, releases: &ReleasesModel, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    line::rule(buffer, area, theme);
    let has_keys = releases.pane == ReleasesPane::Environments;
    let style = if has_keys { theme.accent() } else { theme.quiet() };
    buffer.set_stringn(
        area.x + 2.min(area.width),
        area.y,
        " environments ",
        usize::from(area.width.saturating_sub(2)),
        style,
    );
    let rows = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    let fit = usize::from(rows.height / ENVIRONMENT).max(1);
    let first = (releases.environment + 1).saturating_sub(fit);
    let all = reached(&model.board.graph).enumerate().skip(first);
    let mut y = rows.y;
    for (at, environment) in all {
        if y >= rows.bottom() {
            return;
        }
        let block = Rect {
            y,
            height: ENVIRONMENT.min(rows.bottom() - y),
            ..rows
        };
        one(model, environment, block, buffer);
        if at == releases.environment {
            for y in block.y..block.bottom() {
                buffer.set_string(block.x, y, theme.glyph("▌", ">"), style);
            }
            if has_keys {
                buffer.set_style(block, theme.selected());
            }
        }
        y += ENVIRONMENT;
    }
    let below = Rect {
        y: (y + 1).min(rows.bottom()),
        height: rows.bottom().saturating_sub(y + 1),
        ..rows
    };
    selected(model, releases, below, buffer);
}

/// All that is known of the standing of the selected environment, where there is room for it.
fn selected(model: &Model, releases: &ReleasesModel, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(environment) = reached(&model.board.graph).nth(releases.environment) else {
        return;
    };
    let standing = model.standings.of(&environment.name).and_then(Cell::value);
    let pin = model
        .standings
        .pin(&environment.name, model.now)
        .map(PinRecord::words);
    let reviews = standing.iter().flat_map(|standing| &standing.reviews);
    let reviews = reviews.map(|owed| format!("review due: {}", owed.words()));
    let now = model
        .board
        .environments
        .iter()
        .find(|now| now.environment == environment.name);
    let drift = now.into_iter().flat_map(|now| &now.drift);
    let drift = drift.map(|drift| format!("drift: {}", drift.words()));
    let runs = now.and_then(|now| now.running.value()).map(|running| {
        let health = running
            .health_words()
            .map_or_else(String::new, |words| format!(", {words}"));
        format!("runs {}{health}", running.digest.short())
    });
    let by = now
        .and_then(|now| now.deployed.value()?.by.as_ref())
        .map(|by| format!("deployed by {}", by.words()));
    let width = usize::from(area.width).saturating_sub(3);
    let halted = model.standings.halted(&environment.name).map(str::to_owned);
    let lines = halted
        .into_iter()
        .chain(drift)
        .chain(runs)
        .chain(pin)
        .chain(reviews)
        .chain(by)
        .flat_map(|text| line::wrap(&text, width));
    for (y, text) in (area.y..area.bottom()).zip(lines) {
        let row = Rect { y, height: 1, ..area };
        let spans = vec![Span::raw("  "), Span::styled(text, theme.quiet())];
        line::left(buffer, row, spans);
    }
}

fn one(model: &Model, environment: &Environment, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let name = environment.name.to_string();
    let mut spans = vec![
        Span::raw("  "),
        Span::styled(format!("{name:<8} "), theme.strong()),
    ];
    let now = model
        .board
        .environments
        .iter()
        .find(|now| now.environment == environment.name);
    match now {
        Some(now) => spans.extend(ribbon::cell(model, now, Detail::Age)),
        None => spans.push(theme.says(State::Loading, "loading")),
    }
    line::left(buffer, area, spans);
    if area.height > 1 {
        let below = Rect {
            y: area.y + 1,
            height: 1,
            ..area
        };
        let mut spans = vec![Span::raw("    ")];
        spans.extend(standing(
            model,
            environment,
            usize::from(area.width).saturating_sub(6),
        ));
        line::left(buffer, below, spans);
    }
}

/// Whether it is pinned, and what is owed there.
fn standing(model: &Model, environment: &Environment, width: usize) -> Vec<Span<'static>> {
    let theme = model.theme;
    let name = &environment.name;
    let standing = match model.standings.of(name) {
        None | Some(Cell::Loading) => {
            return vec![theme.says(State::Loading, "checking for a pin")];
        }
        Some(Cell::Failed(why) | Cell::None(why)) => {
            let why = line::fit(&format!("pin unknown: {why}"), width.saturating_sub(2), theme);
            return vec![theme.says(State::Unknown, &why)];
        }
        Some(Cell::Ready(standing) | Cell::Stale(standing)) => standing,
    };
    let mut spans = Vec::new();
    let reviews = standing.reviews.len();
    if reviews > 0 {
        spans.push(theme.says(State::Bad, &format!("{} due", count(reviews, "review"))));
        spans.push(line::gap());
    }
    if let Some(words) = &standing.halted {
        let room = width.saturating_sub(line::width(&spans) + 2);
        spans.push(theme.says(State::Bad, &line::fit(words, room, theme)));
        return spans;
    }
    let room = width.saturating_sub(line::width(&spans) + 2);
    spans.push(match model.standings.pin(name, model.now) {
        Some(pin) => theme.says(State::Attention, &line::fit(&held(model, pin), room, theme)),
        None => theme.says(State::None, "not pinned"),
    });
    spans
}

/// Since when and why it is held, by whom and until when. At what, stands above.
fn held(model: &Model, pin: &PinRecord) -> String {
    let until = pin.until.map_or_else(
        || "until it is lifted".to_owned(),
        |until| format!("until {}", until.strftime("%Y-%m-%d %H:%M")),
    );
    let ago = line::ago(model.seconds_since(pin.at));
    format!("pinned {ago}: {} ({}, {until})", pin.reason, pin.by)
}
