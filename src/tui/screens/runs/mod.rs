//! The runs of a session: several may be active at once.

pub mod keys;
pub mod layout;
pub mod model;
pub mod update;
pub mod view;

pub use model::Runs;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Binding};
use super::spec::ScreenSpec;
use crate::tui::session::{Effect, Model};
use crate::tui::widgets::sight::first_in_sight;

/// The list of the runs.
pub struct RunsScreen;

impl ScreenSpec for RunsScreen {
    fn word(&self) -> &'static str {
        "runs"
    }

    fn help_title(&self) -> &'static str {
        "Keys among the runs"
    }

    fn keys(&self) -> &'static [&'static [Binding]] {
        keys::KEYS
    }

    fn enabled(&self, model: &Model, action: Action) -> Result<(), String> {
        match action {
            Action::Enter => model.has_run(),
            _ => Ok(()),
        }
    }

    fn act(&self, model: &mut Model, action: Action, _effects: &mut Vec<Effect>) {
        update::on_action(model, action);
    }

    fn paint(&self, model: &Model, buffer: &mut Buffer) {
        view::paint(model, buffer);
    }

    fn rows(&self, model: &Model) -> Rect {
        layout::cut(model).rows
    }

    fn scroll(&self, model: &mut Model, down: bool, lines: usize) {
        update::step(model, down, lines);
    }

    fn select(&self, model: &mut Model, row: usize) {
        let at = model.runs.top + row;
        if at < model.runs.all().len() {
            model.runs.select(at);
        }
    }

    fn measure(&self, model: &mut Model) {
        let height = usize::from(layout::cut(model).rows.height);
        let runs = &mut model.runs;
        runs.height = height;
        runs.top = first_in_sight(runs.top, runs.at(), height, runs.all().len());
    }
}
