//! What a screen says about itself. Each implements this in its folder and has a line in the [table](super::table::SCREENS);
//! nothing else asks which screen is shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Binding};
use crate::tui::session::{Effect, Model};
use crate::tui::widgets::search::Search;

/// A screen of a session.
pub trait ScreenSpec: Sync {
    /// One word for it.
    fn word(&self) -> &'static str;

    /// The title of its help.
    fn help_title(&self) -> &'static str;

    /// Its keys, in the order of the help.
    fn keys(&self) -> &'static [&'static [Binding]];

    /// Whether `action` is possible now, and why not.
    fn enabled(&self, model: &Model, action: Action) -> Result<(), String>;

    /// Does one of its actions.
    fn act(&self, model: &mut Model, action: Action, effects: &mut Vec<Effect>);

    /// Moves by so many lines.
    fn scroll(&self, model: &mut Model, down: bool, lines: usize);

    /// Where its rows stand, for a click of the mouse.
    fn rows(&self, model: &Model) -> Rect;

    /// Selects a row, counted from the first in sight; nothing where there is none to select.
    fn select(&self, _model: &mut Model, _row: usize) {}

    /// Tells its model how many lines its parts have now.
    fn measure(&self, model: &mut Model);

    /// Paints all of it but the footer.
    fn paint(&self, model: &Model, buffer: &mut Buffer);

    /// What is searched for; nothing on a screen that has no search.
    fn search<'m>(&self, _model: &'m Model) -> Option<&'m Search> {
        None
    }

    /// The same, to be typed into.
    fn search_mut<'m>(&self, _model: &'m mut Model) -> Option<&'m mut Search> {
        None
    }

    /// Ends the search.
    fn drop_search(&self, _model: &mut Model) {}

    /// Goes to the first place that the search finds, from here on; whether there is one. An empty search is found everywhere.
    fn seek(&self, _model: &mut Model) -> bool {
        true
    }

    /// Whether the footer has room for an action that is possible.
    fn is_in_footer(&self, _model: &Model, _action: Action) -> bool {
        true
    }

    /// Whether an action goes before the others in the footer.
    fn is_first_in_footer(&self, _model: &Model, _action: Action) -> bool {
        false
    }
}
