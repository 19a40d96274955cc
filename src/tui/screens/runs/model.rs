//! The runs that were started in a session.

use crate::engine::RunId;
use crate::tui::screens::run::model::RunModel;

/// Runs that have ended and are kept to be looked at; the journals keep them all.
const MAX_ENDED: usize = 20;

/// The runs of a session, oldest first, and the one that the screen of a run shows.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    list: Vec<RunModel>,
    /// The one that is shown, as an index into `list`; and the selected row of the list of runs.
    at: usize,
    /// The first row in sight of the list of runs.
    pub top: usize,
    /// Rows that fit on its screen.
    pub height: usize,
}

impl Runs {
    /// All of them, oldest first.
    pub fn all(&self) -> &[RunModel] {
        &self.list
    }

    /// The place of the one that is shown.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// The one that is shown; none where none was started.
    pub fn shown(&self) -> Option<&RunModel> {
        self.list.get(self.at)
    }

    /// The same, to be changed.
    pub fn shown_mut(&mut self) -> Option<&mut RunModel> {
        self.list.get_mut(self.at)
    }

    /// The run of that name.
    pub fn find_mut(&mut self, id: &RunId) -> Option<&mut RunModel> {
        self.list.iter_mut().find(|run| run.id == *id)
    }

    /// Those that are active.
    pub fn active(&self) -> impl Iterator<Item = &RunModel> {
        self.list.iter().filter(|run| run.ended.is_none())
    }

    /// The same, to be changed.
    pub fn active_mut(&mut self) -> impl Iterator<Item = &mut RunModel> {
        self.list.iter_mut().filter(|run| run.ended.is_none())
    }

    /// The one that ended last.
    pub fn last_ended(&self) -> Option<&RunModel> {
        let ended = |run: &&RunModel| run.ended.as_ref().map(|ended| ended.at);
        self.list
            .iter()
            .filter(|run| run.ended.is_some())
            .max_by_key(ended)
    }

    /// The one to look at first: the newest that is active, or the newest of all.
    pub fn newest(&self) -> Option<&RunModel> {
        self.active().last().or_else(|| self.list.last())
    }

    /// Takes in a run that has just begun, and shows it. The oldest that have ended are forgotten.
    pub fn begin(&mut self, run: RunModel) {
        let ended = self.list.iter().filter(|run| run.ended.is_some()).count();
        let mut surplus = (ended + 1).saturating_sub(MAX_ENDED);
        self.list.retain(|run| {
            let goes = surplus > 0 && run.ended.is_some();
            surplus -= usize::from(goes);
            !goes
        });
        self.list.push(run);
        self.at = self.list.len() - 1;
    }

    /// Shows the run at that place, or the nearest there is.
    pub fn select(&mut self, at: usize) {
        self.at = at.min(self.list.len().saturating_sub(1));
    }

    /// Shows the one to look at first.
    pub fn select_newest(&mut self) {
        let newest = self.newest().map(|run| run.id.clone());
        if let Some(at) = newest.and_then(|id| self.list.iter().position(|run| run.id == id)) {
            self.at = at;
        }
    }
}
