//! The last line: the keys that matter here and now, the search that is being typed, or a notice.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{input, line};
use crate::tui::keymap::{self, Action};
use crate::tui::model::{Model, Screen, Search};
use crate::tui::theme::State;

/// Paints it.
pub fn paint(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let search = match model.screen {
        Screen::Board => model.board.search.as_ref(),
        Screen::Run => model.run.as_ref().and_then(|run| run.search.as_ref()),
    };
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

/// As many keys as fit, by rank, help always among them; what is not possible now is quiet.
fn keys(model: &Model, width: usize) -> Vec<Span<'static>> {
    let theme = model.theme;
    let mut ranked: Vec<_> = keymap::of_screen(model.screen)
        .filter(|binding| binding.rank > 0)
        .collect();
    ranked.sort_by_key(|binding| binding.rank);
    let entry = |binding: &keymap::Binding| {
        let key = binding.keys.first().map(|key| key.name()).unwrap_or_default();
        let possible = keymap::enabled(model, binding.action).is_ok();
        let (key_style, style) = if possible {
            (theme.key(), ratatui::style::Style::new())
        } else {
            (theme.quiet(), theme.quiet())
        };
        vec![
            Span::raw(" "),
            Span::styled(key, key_style),
            Span::raw(" "),
            Span::styled(binding.label, style),
            Span::raw("  "),
        ]
    };
    let help: Vec<_> = ranked
        .iter()
        .filter(|b| b.action == Action::Help)
        .flat_map(|b| entry(b))
        .collect();
    let mut left = width.saturating_sub(line::width(&help));
    let mut spans = Vec::new();
    for binding in ranked.iter().filter(|binding| binding.action != Action::Help) {
        // What cannot be done now gives way, so that the line says what can.
        let entry = entry(binding);
        let needed = line::width(&entry);
        if needed > left {
            break;
        }
        left -= needed;
        spans.extend(entry);
    }
    spans.extend(help);
    spans
}
