//! The board: title, ribbon, table, details, keys.

use ratatui::buffer::Buffer;
use ratatui::text::Span;

use super::{details, layout, table};
use crate::domain::age;
use crate::tui::app::theme::State;
use crate::tui::screens::{ribbon, title};
use crate::tui::session::Model;
use crate::tui::widgets::line;

pub(in crate::tui) fn paint(model: &Model, buffer: &mut Buffer) {
    let parts = layout::cut(model);
    title::paint(model, &model.board.branch, freshness(model), parts.title, buffer);
    ribbon::paint(model, parts.ribbon, buffer);
    line::rule(buffer, parts.rule, model.theme);
    if parts.rows.height > 0 {
        table::paint(model, parts.head, parts.rows, buffer);
    }
    if parts.details.height > 0 {
        details::paint(model, parts.details, buffer);
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
