//! A run: its steps, what moves in them, and their logs.

pub mod enabled;
mod events;
pub mod keys;
pub mod layout;
pub mod log;
pub mod model;
pub mod update;
pub mod view;

pub use model::{Ended, Item, LogLine, LogStyle, Pane, RunModel, RunOrigin, RunSubject, StepRow, StepState};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Binding};
use super::spec::ScreenSpec;
use crate::tui::session::{Effect, Model};
use crate::tui::widgets::search::Search;

/// A run.
pub struct RunScreen;

/// Whether the run that is shown waits for an approval, as far as GitHub's list says.
fn waits(model: &Model) -> bool {
    view::waiting(model).is_some()
}

impl ScreenSpec for RunScreen {
    fn word(&self) -> &'static str {
        "run"
    }

    fn help_title(&self) -> &'static str {
        "Keys in a run"
    }

    fn keys(&self) -> &'static [&'static [Binding]] {
        keys::KEYS
    }

    fn enabled(&self, model: &Model, action: Action) -> Result<(), String> {
        model
            .runs
            .shown()
            .map_or(Ok(()), |run| enabled::enabled(run, action))
    }

    fn act(&self, model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
        update::on_action(model, action, effects);
    }

    fn paint(&self, model: &Model, buffer: &mut Buffer) {
        view::paint(model, buffer);
    }

    fn rows(&self, model: &Model) -> Rect {
        layout::cut(model).steps
    }

    fn scroll(&self, model: &mut Model, down: bool, lines: usize) {
        if let Some(run) = model.runs.shown_mut() {
            update::scroll(run, down, lines);
        }
    }

    fn select(&self, model: &mut Model, row: usize) {
        if let Some(run) = model.runs.shown_mut() {
            update::select(run, row);
        }
    }

    fn measure(&self, model: &mut Model) {
        let log = usize::from(layout::cut(model).log.height);
        if let Some(run) = model.runs.shown_mut() {
            run.height = log;
            run.scroll = run.scroll.min(run.log().len().saturating_sub(1));
        }
    }

    fn is_in_footer(&self, model: &Model, action: Action) -> bool {
        action != Action::Approve || waits(model)
    }

    fn is_first_in_footer(&self, model: &Model, action: Action) -> bool {
        action == Action::Approve && waits(model)
    }

    fn search<'m>(&self, model: &'m Model) -> Option<&'m Search> {
        model.runs.shown()?.search.as_ref()
    }

    fn search_mut<'m>(&self, model: &'m mut Model) -> Option<&'m mut Search> {
        model.runs.shown_mut()?.search.as_mut()
    }

    fn drop_search(&self, model: &mut Model) {
        if let Some(run) = model.runs.shown_mut() {
            run.search = None;
        }
    }

    fn seek(&self, model: &mut Model) -> bool {
        model
            .runs
            .shown_mut()
            .is_none_or(|run| update::find(run, true, true))
    }
}
