//! A text to be read. Only lines in sight are touched.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use ratatui::text::Span;

use super::layout;
use super::model::{Ink, PageContent};
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::Model;
use crate::tui::widgets::line;
use crate::tui::widgets::search::Search;

pub(in crate::tui) fn paint(model: &Model, buffer: &mut Buffer) {
    let Some(page) = &model.page else { return };
    let theme = model.theme;
    let parts = layout::cut(model);
    let width = usize::from(parts.text.width);
    let left = vec![
        Span::raw(" "),
        Span::styled(model.service.clone(), theme.accent().patch(theme.strong())),
        Span::styled(theme.glyph(" · ", " - "), theme.quiet()),
        Span::styled(page.of.title(), theme.strong()),
    ];
    let used = line::width(&left);
    line::left(buffer, parts.title, left);
    line::rule(buffer, parts.rule, theme);
    let (from, all) = (page.top, page.lines.len());
    if all > page.height && used + 16 < width {
        let place = format!("{}–{} of {all} ", from + 1, (from + page.height).min(all));
        line::right(buffer, parts.title, vec![Span::styled(place, theme.quiet())]);
    }
    let rows = (parts.text.y..parts.text.bottom()).map(|y| ratatui::layout::Rect {
        y,
        height: 1,
        ..parts.text
    });
    match &page.content {
        PageContent::Loading => {
            line::left(
                buffer,
                parts.text,
                vec![theme.says(State::Loading, page.of.waiting())],
            );
        }
        PageContent::Failed(message) => {
            let words = format!("{}: {}", message.title, message.what);
            let mut lines: Vec<_> = line::wrap(&words, width.saturating_sub(2))
                .into_iter()
                .enumerate()
                .map(|(at, piece)| match at {
                    0 => theme.says(State::Unknown, &piece),
                    _ => Span::raw(format!("  {piece}")),
                })
                .collect();
            let hints = message
                .hint
                .iter()
                .flat_map(|hint| line::wrap(hint, width.saturating_sub(2)));
            lines.extend(hints.map(|hint| Span::styled(format!("  {hint}"), theme.quiet())));
            for (row, span) in rows.zip(lines) {
                line::left(buffer, row, vec![span]);
            }
        }
        PageContent::Known(..) => {
            let needle = page.search.as_ref().map(Search::needle).unwrap_or_default();
            for (row, (ink, text)) in rows.zip(page.lines.iter().skip(from)) {
                line::left(buffer, row, line::mark(text, &needle, style(*ink, theme), theme));
            }
        }
    }
}

fn style(ink: Ink, theme: Theme) -> Style {
    match ink {
        Ink::Plain => Style::new(),
        Ink::Head => theme.accent().patch(theme.strong()),
        Ink::Quiet => theme.quiet(),
        Ink::Good => theme.state(State::Ok),
        Ink::Bad => theme.state(State::Bad),
        Ink::Attention => theme.state(State::Attention),
    }
}
