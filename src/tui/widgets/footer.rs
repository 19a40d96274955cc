//! The last line: the keys that matter here and now, the search that is being typed, or a notice.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{input, line};
use crate::tui::keymap;
use crate::tui::model::{Model, Search};
use crate::tui::theme::{State, Theme};

/// Paints it.
pub fn paint(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let search = model.search();
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

/// The keys of a session, by rank.
fn keys(model: &Model, width: usize) -> Vec<Span<'static>> {
    let entries = keymap::of_footer(model).into_iter().map(|(binding, possible)| {
        let key = binding.keys.first().map(|key| key.name()).unwrap_or_default();
        (key, binding.label, possible)
    });
    bar(entries, width, model.theme)
}

/// As many keys as fit, each with its label and whether it is possible now, which is quiet otherwise; the last one, help, is
/// always among them.
pub fn bar(
    entries: impl Iterator<Item = (String, &'static str, bool)>,
    width: usize,
    theme: Theme,
) -> Vec<Span<'static>> {
    let entry = |(key, label, possible): (String, &'static str, bool)| {
        let (key_style, style) = if possible {
            (theme.key(), Style::new())
        } else {
            (theme.quiet(), theme.quiet())
        };
        vec![
            Span::styled(format!(" {key} "), key_style),
            Span::styled(label, style),
            Span::raw("  "),
        ]
    };
    let mut entries: Vec<_> = entries.map(entry).collect();
    while entries.len() > 1 && entries.iter().map(|entry| line::width(entry)).sum::<usize>() > width {
        entries.remove(entries.len() - 2);
    }
    entries.concat()
}
