//! Releases and hotfixes with what is outstanding, and how the environments stand.

pub mod details;
pub mod enabled;
pub mod environments;
pub mod keys;
pub mod layout;
pub mod model;
pub mod update;
pub mod view;

pub use model::{ReleasesModel, ReleasesPane, next};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Binding};
use super::spec::ScreenSpec;
use crate::tui::session::{Effect, Model};

/// Releases and environments.
pub struct ReleasesScreen;

impl ScreenSpec for ReleasesScreen {
    fn word(&self) -> &'static str {
        "releases"
    }

    fn help_title(&self) -> &'static str {
        "Keys among the releases"
    }

    fn keys(&self) -> &'static [&'static [Binding]] {
        keys::KEYS
    }

    fn enabled(&self, model: &Model, action: Action) -> Result<(), String> {
        let releases = model.releases.as_ref();
        releases.map_or(Ok(()), |releases| enabled::enabled(model, releases, action))
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
        if let Some(releases) = &mut model.releases {
            releases.pane = ReleasesPane::List;
            releases.select(releases.top + row);
        }
    }

    fn measure(&self, model: &mut Model) {
        let rows = usize::from(layout::cut(model).rows.height);
        if let Some(releases) = &mut model.releases {
            releases.height = rows;
            releases.reveal();
        }
    }

    fn is_first_in_footer(&self, model: &Model, action: Action) -> bool {
        // With the keyboard on the environments, what is done to them comes first.
        let pane = model.releases.as_ref().map(|releases| releases.pane);
        pane == Some(ReleasesPane::Environments) && keys::is_of_environments(action)
    }
}
