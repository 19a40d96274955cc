//! The board: a row for each candidate, a cell of the ribbon for each environment.

pub mod checks;
pub mod details;
pub mod enabled;
pub mod environments;
pub mod keys;
pub mod layout;
pub mod model;
pub mod table;
pub mod update;
pub mod view;

pub use checks::BoardChecks;
pub use model::{BoardModel, Gates, HistoryState, Numbering, Row};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Binding};
use super::spec::ScreenSpec;
use crate::tui::session::{Effect, Model};
use crate::tui::widgets::search::Search;

/// The candidates of the service.
pub struct BoardScreen;

impl ScreenSpec for BoardScreen {
    fn word(&self) -> &'static str {
        "board"
    }

    fn help_title(&self) -> &'static str {
        "Keys on the board"
    }

    fn keys(&self) -> &'static [&'static [Binding]] {
        keys::KEYS
    }

    fn enabled(&self, model: &Model, action: Action) -> Result<(), String> {
        enabled::enabled(model, action)
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
        update::step(&mut model.board, down, lines);
    }

    fn select(&self, model: &mut Model, row: usize) {
        let index = model.board.top + row;
        if index < model.board.rows.len() {
            model.board.select(index);
        }
    }

    fn measure(&self, model: &mut Model) {
        model.board.height = usize::from(layout::cut(model).rows.height);
        if model.board.height > 0 {
            model.board.reveal();
        }
    }

    fn search<'m>(&self, model: &'m Model) -> Option<&'m Search> {
        model.board.search.as_ref()
    }

    fn search_mut<'m>(&self, model: &'m mut Model) -> Option<&'m mut Search> {
        model.board.search.as_mut()
    }

    fn drop_search(&self, model: &mut Model) {
        model.board.search = None;
    }

    fn seek(&self, model: &mut Model) -> bool {
        let board = &mut model.board;
        if let Some(index) = board.find(true, true) {
            board.select(index);
            return true;
        }
        board
            .search
            .as_ref()
            .is_none_or(|search| search.input.text().is_empty())
    }

    fn is_in_footer(&self, model: &Model, action: Action) -> bool {
        // The key that goes to the fleet says so itself.
        let leads_to_fleet = !model.board.details && model.board.search.is_none();
        !(action == Action::Back && leads_to_fleet)
    }
}
