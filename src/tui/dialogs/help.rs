//! All keys, from the table of actions, with the reason where one is not possible now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::app::theme::State;
use crate::tui::screens::table;
use crate::tui::session::Model;
use crate::tui::widgets::frame::{Sheet, text_width};
use crate::tui::widgets::line;

pub(in crate::tui) fn paint(model: &Model, scroll: usize, area: Rect, buffer: &mut Buffer) {
    const KEYS: usize = 20;
    let theme = model.theme;
    let width = text_width(area);
    let mut body = Vec::new();
    for binding in table::bindings(model.screen) {
        let keys: Vec<_> = binding.keys.iter().map(|key| key.name()).collect();
        let possible = table::spec(model.screen).enabled(model, binding.action);
        let style = if possible.is_ok() {
            theme.key()
        } else {
            theme.quiet()
        };
        let mut spans = vec![
            Span::styled(format!("{:KEYS$}", keys.join(" ")), style),
            Span::raw(binding.help),
        ];
        if let Err(why) = possible {
            let room = width.saturating_sub(line::width(&spans) + 4);
            spans.push(line::gap());
            spans.push(Span::styled(
                line::fit(&format!("not now: {why}"), room, theme),
                theme.quiet(),
            ));
        }
        body.push(Line::from(spans));
    }
    body.push(Line::default());
    let states = [
        (State::Ok, "ok"),
        (State::Bad, "refused or failed"),
        (State::Attention, "attention"),
        (State::Loading, "loading"),
        (State::None, "none"),
        (State::Stale, "stale"),
        (State::Unknown, "unknown"),
    ];
    let legend = states
        .iter()
        .flat_map(|(state, word)| [theme.says(*state, word), Span::raw("  ")]);
    body.push(Line::from(legend.collect::<Vec<_>>()));
    let title = table::spec(model.screen).help_title();
    let keys = vec![Span::styled("Esc", theme.key()), Span::raw(" close")];
    Sheet {
        title,
        state: State::Loading,
        body,
        foot: None,
        keys,
        scroll,
    }
    .paint(area, theme, buffer);
}
