//! All keys of a screen, with the reason where one is not possible now.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::around::Around;
use super::reply::{DialogSpec, Reply};
use crate::tui::app::theme::State;
use crate::tui::screens::keys::{Action, Binding, MOVES};
use crate::tui::widgets::frame::{Sheet, text_width};
use crate::tui::widgets::line;

/// The keys of a screen.
#[derive(Debug, Clone)]
pub struct HelpDialog {
    /// Of which screen.
    pub title: &'static str,
    /// The keys, each with the reason why it is not possible now, where it is not.
    pub keys: Vec<(&'static Binding, Option<String>)>,
    /// The first line in sight.
    pub scroll: usize,
}

/// Lines of a screen that the frame of the help takes.
const FRAME: u16 = 6;

impl DialogSpec for HelpDialog {
    fn on_key(&mut self, key: KeyEvent, around: &Around<'_>) -> Reply {
        let last = self.keys.len();
        let page = usize::from(around.height.saturating_sub(FRAME).max(1));
        let found = MOVES
            .iter()
            .find(|binding| binding.keys.iter().any(|one| one.is(key)));
        self.scroll = match found.map(|binding| binding.action) {
            Some(Action::Down) => (self.scroll + 1).min(last),
            Some(Action::Up) => self.scroll.saturating_sub(1),
            Some(Action::PageDown) => (self.scroll + page).min(last),
            Some(Action::PageUp) => self.scroll.saturating_sub(page),
            Some(Action::First) => 0,
            Some(Action::Last) => last,
            _ => return Reply::Closed,
        };
        Reply::Taken
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

fn paint(around: &Around, dialog: &HelpDialog, area: Rect, buffer: &mut Buffer) {
    const KEYS: usize = 20;
    let theme = around.theme;
    let width = text_width(area);
    let mut body = Vec::new();
    for (binding, why) in &dialog.keys {
        let keys: Vec<_> = binding.keys.iter().map(|key| key.name()).collect();
        let style = if why.is_none() { theme.key() } else { theme.quiet() };
        let mut spans = vec![
            Span::styled(format!("{:KEYS$}", keys.join(" ")), style),
            Span::raw(binding.help),
        ];
        if let Some(why) = why {
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
    let mut legend: Vec<Vec<Span>> = vec![Vec::new()];
    for (state, word) in states {
        let sign = theme.says(state, word);
        match legend.last_mut() {
            Some(last) if line::width(last) + sign.width() <= width => last.extend([sign, line::gap()]),
            _ => legend.push(vec![sign, line::gap()]),
        }
    }
    body.extend(legend.into_iter().map(Line::from));
    let keys = vec![Span::styled("Esc", theme.key()), Span::raw(" close")];
    Sheet {
        title: dialog.title,
        state: State::Loading,
        body,
        foot: None,
        keys,
        scroll: dialog.scroll,
    }
    .paint(area, theme, buffer);
}
