//! The first line of a screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::domain::count;
use crate::tui::app::theme::State;
use crate::tui::session::Model;
use crate::tui::widgets::line;

/// The program, the service and what is shown of it; at the right, how old it is.
pub fn paint(model: &Model, what: &str, fresh: Span<'static>, area: Rect, buffer: &mut Buffer) {
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
    let waiting = model.runs.remote.waiting_for_you().count();
    if waiting > 0 {
        let words = match waiting {
            1 => "1 run waits for you".to_owned(),
            several => format!("{several} runs wait for you"),
        };
        right.push(theme.says(State::Attention, &words));
        right.push(line::gap());
    }
    let active = model.runs.active().count();
    if active > 0 {
        let words = match active {
            1 => "a run is active".to_owned(),
            several => format!("{several} runs are active"),
        };
        right.push(theme.says(State::Loading, &words));
        right.push(line::gap());
    }
    if !model.elsewhere.is_empty() {
        right.push(theme.says(
            State::Loading,
            &format!("{} elsewhere", count(model.elsewhere.len(), "run")),
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
