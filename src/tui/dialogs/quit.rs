//! Quitting would stop runs.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::around::Around;
use super::parts::Simple;
use super::reply::{DialogSpec, Reply};
use crate::tui::app::theme::State;
use crate::tui::widgets::frame::text_width;
use crate::tui::widgets::line;

/// A person wants to leave while runs are active.
#[derive(Debug, Clone)]
pub struct QuitDialog {
    /// The runs that are active, each in a few words.
    pub runs: Vec<String>,
}

impl DialogSpec for QuitDialog {
    fn on_key(&mut self, key: KeyEvent, _around: &Around<'_>) -> Reply {
        match key.code {
            KeyCode::Enter => Reply::Leave,
            _ => Reply::Passed,
        }
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

fn paint(around: &Around, dialog: &QuitDialog, area: Rect, buffer: &mut Buffer) {
    let theme = around.theme;
    let is_one = dialog.runs.len() < 2;
    let (text, enter) = if is_one {
        (
            "A run is still active. Quitting stops it cleanly: completed work is kept, and the same command resumes the run.",
            "stop the run and quit",
        )
    } else {
        (
            "Several runs are still active. Quitting stops them cleanly: completed work is kept, and the same commands resume them.",
            "stop all runs and quit",
        )
    };
    let width = text_width(area);
    let mut body: Vec<_> = line::wrap(text, width).into_iter().map(Line::from).collect();
    if !dialog.runs.is_empty() {
        body.push(Line::default());
    }
    for run in &dialog.runs {
        let run = line::fit(run, width.saturating_sub(4), theme);
        body.push(Line::from(vec![
            Span::raw("  "),
            theme.says(State::Loading, &run),
        ]));
    }
    Simple {
        title: "Leave?",
        state: State::Attention,
        body,
        keys: vec![("Enter", enter), ("Esc", "stay")],
    }
    .paint(around, area, buffer);
}
