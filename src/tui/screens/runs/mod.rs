//! The runs of a service: those of this console, of which several may be active at once, those that have a journal on this
//! machine, and those on GitHub.

pub mod keys;
pub mod layout;
pub mod listing;
pub mod model;
pub mod remote;
pub mod row;
pub mod update;
pub mod view;

pub use model::Runs;
pub use row::PastRun;

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
        let selected = |is_possible: &dyn Fn(&row::RunRow<'_>) -> Result<(), String>| {
            update::with_selected(model, |row| is_possible(row))
                .unwrap_or_else(|| Err("no run is selected".to_owned()))
        };
        match action {
            Action::Enter => selected(&|_| Ok(())),
            Action::Approve => selected(&|row| match row.remote {
                Some(remote) if remote.is_ended() => Err("the run has ended".to_owned()),
                Some(_) => Ok(()),
                None => Err("it does not run on GitHub".to_owned()),
            }),
            Action::Open => selected(&|row| match row.number() {
                Some(_) => Ok(()),
                None => Err("it does not run on GitHub".to_owned()),
            }),
            _ => Ok(()),
        }
    }

    fn act(&self, model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
        update::on_action(model, action, effects);
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
        if at < model.runs.rows().len() {
            model.runs.select(at);
        }
    }

    fn measure(&self, model: &mut Model) {
        let height = usize::from(layout::cut(model).rows.height);
        let rows = model.runs.rows();
        let (selected, count) = (model.runs.selected(&rows), rows.len());
        drop(rows);
        let runs = &mut model.runs;
        runs.height = height;
        runs.top = first_in_sight(runs.top, selected, height, count);
    }

    fn is_in_footer(&self, model: &Model, action: Action) -> bool {
        action != Action::Approve || waits(model)
    }

    fn is_first_in_footer(&self, model: &Model, action: Action) -> bool {
        action == Action::Approve && waits(model)
    }
}

/// Whether the selected run waits for an approval.
fn waits(model: &Model) -> bool {
    update::with_selected(model, |row| {
        row.remote.is_some_and(|remote| !remote.pending.is_empty())
    })
    .unwrap_or(false)
}
