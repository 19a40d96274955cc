//! The board: title, ribbon, table, details, keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{details, ribbon, table};
use crate::domain::{age, count};
use crate::tui::layout;
use crate::tui::model::Model;
use crate::tui::theme::State;
use crate::tui::widgets::{footer, line};

pub(super) fn paint(model: &Model, buffer: &mut Buffer) {
    let parts = layout::board(model);
    title(model, &model.board.branch, freshness(model), parts.title, buffer);
    ribbon::paint(model, parts.ribbon, buffer);
    line::rule(buffer, parts.rule, model.theme);
    if parts.rows.height > 0 {
        table::paint(model, parts.head, parts.rows, buffer);
    }
    if parts.details.height > 0 {
        details::paint(model, parts.details, buffer);
    }
    footer::paint(model, parts.footer, buffer);
}

/// The program, the service and what is shown of it; at the right, how old it is.
pub(super) fn title(model: &Model, what: &str, fresh: Span<'static>, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut spans = vec![
        Span::raw(" "),
        Span::styled("windlass", theme.accent().patch(theme.strong())),
        Span::styled(theme.glyph(" · ", " - "), theme.quiet()),
        Span::styled(model.service.clone(), theme.strong()),
    ];
    if !what.is_empty() && area.width >= 60 {
        spans.push(Span::styled(theme.glyph(" · ", " - "), theme.quiet()));
        spans.push(Span::raw(what.to_owned()));
    }
    if model.read_only {
        spans.push(Span::styled("  read-only", theme.state(State::Attention)));
    }
    let used = line::width(&spans);
    line::left(buffer, area, spans);
    let mut right = Vec::new();
    if model.is_running() {
        right.push(theme.says(State::Loading, "a run is active"));
        right.push(line::gap());
    }
    if model.elsewhere > 0 {
        right.push(theme.says(
            State::Loading,
            &format!("{} elsewhere", count(model.elsewhere, "run")),
        ));
        right.push(line::gap());
    }
    right.push(fresh);
    right.push(Span::raw(" "));
    let room = usize::from(area.width).saturating_sub(used + 2);
    if line::width(&right) <= room {
        line::right(buffer, area, right);
    }
}

/// How old what is shown is: `registries 12s ago`.
fn freshness(model: &Model) -> Span<'static> {
    const OLD: i64 = 300;
    let theme = model.theme;
    let Some(at) = model.board.fresh_at else {
        return theme.says(State::Loading, "querying the registries");
    };
    match model.seconds_since(at) {
        s if s < 60 => Span::styled(format!("registries {}s ago", s.max(0)), theme.quiet()),
        s if s < OLD => Span::styled(format!("registries {}", line::ago(s)), theme.quiet()),
        s => theme.says(
            State::Stale,
            &format!("stale, registries {} ago: r refreshes", age(s)),
        ),
    }
}
