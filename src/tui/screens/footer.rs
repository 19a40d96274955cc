//! The last line: the keys that matter here and now, the search that is being typed, or a notice.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::keys::{Action, Binding};
use super::table;
use crate::tui::app::theme::State;
use crate::tui::session::Model;
use crate::tui::widgets::search::Search;
use crate::tui::widgets::{footer, input, line};

/// Keys that the footer shows, apart from the one for help.
const MAX_KEYS: usize = 6;

/// Paints it.
pub fn paint(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let search = table::spec(model.screen).search(model);
    let typing = search.filter(|search| search.typing);
    if let Some(notice) = &model.notice {
        let state = if notice.grave { State::Attention } else { State::Ok };
        let text = format!(" {} {}", theme.symbol(state), notice.text);
        let text = line::fit(&text, usize::from(area.width), theme);
        if typing.is_none() {
            return line::left(buffer, area, vec![Span::styled(text, theme.state(state))]);
        }
        line::right(buffer, area, vec![Span::styled(text + " ", theme.state(state))]);
    }
    if let Some(Search { input, .. }) = typing {
        let mut spans = vec![Span::styled(" /", theme.key())];
        spans.extend(input::spans(input, theme.strong()));
        return line::left(buffer, area, spans);
    }
    line::left(buffer, area, keys(model, usize::from(area.width)));
}

/// Whether a run is active, or waits for the person at this console.
fn wants_a_look(model: &Model) -> bool {
    model.is_running() || model.runs.remote.waiting_for_you().next().is_some()
}

/// The keys of a session, by rank.
fn keys(model: &Model, width: usize) -> Vec<Span<'static>> {
    let entries = of_footer(model).into_iter().map(|(binding, possible)| {
        let key = binding.keys.first().map(|key| key.name()).unwrap_or_default();
        (key, binding.label, possible)
    });
    footer::bar(entries, width, model.theme)
}

/// The keys for the footer, by rank, with whether they work now. An operation that is not possible is among them, so that a
/// person learns of it; a way to go that leads nowhere is not.
fn of_footer(model: &Model) -> Vec<(&'static Binding, bool)> {
    let spec = table::spec(model.screen);
    let ranked = table::bindings(model.screen).filter(|binding| binding.rank > 0);
    let mut shown: Vec<_> = ranked
        .map(|binding| (binding, spec.enabled(model, binding.action).is_ok()))
        .filter(|(binding, possible)| *possible || binding.action.is_operation())
        .filter(|(binding, _)| spec.is_in_footer(model, binding.action))
        // Runs that have ended can be looked at again, but need not be called to mind.
        .filter(|(binding, _)| binding.action != Action::Watch || wants_a_look(model))
        .collect();
    shown.sort_by_key(|(binding, _)| (!spec.is_first_in_footer(model, binding.action), binding.rank));
    let (help, mut others): (Vec<_>, Vec<_>) = shown
        .into_iter()
        .partition(|(binding, _)| binding.action == Action::Help);
    others.truncate(MAX_KEYS);
    others.into_iter().chain(help).collect()
}
