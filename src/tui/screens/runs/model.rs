//! The runs of a service: those of this console, those that have a journal on this machine, and those on GitHub.

use super::remote::Remote;
use super::row::{PastRun, RunRow, merge};
use crate::engine::{RemoteRun, RunId};
use crate::tui::screens::run::model::RunModel;

/// Runs that have ended and are kept to be looked at; the journals keep them all.
const MAX_ENDED: usize = 20;

/// The runs of a session, and the one that the screen of a run shows.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    list: Vec<RunModel>,
    /// The one that is shown, as an index into `list`.
    at: usize,
    /// The runs that have a journal on this machine, newest first.
    pub past: Vec<PastRun>,
    /// The runs on GitHub.
    pub remote: Remote,
    /// The selected row of the list; the first where it is none of them.
    selected: Option<RunId>,
    /// The first row in sight of the list of runs.
    pub top: usize,
    /// Rows that fit on its screen.
    pub height: usize,
}

impl Runs {
    /// Those of this console, oldest first.
    pub fn all(&self) -> &[RunModel] {
        &self.list
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
    pub fn find(&self, id: &RunId) -> Option<&RunModel> {
        self.list.iter().find(|run| run.id == *id)
    }

    /// The same, to be changed.
    pub fn find_mut(&mut self, id: &RunId) -> Option<&mut RunModel> {
        self.list.iter_mut().find(|run| run.id == *id)
    }

    /// Those that are active and end with this console: not those that are only followed.
    pub fn active(&self) -> impl Iterator<Item = &RunModel> {
        self.list
            .iter()
            .filter(|run| run.ended.is_none() && !run.is_followed())
    }

    /// The same, to be changed.
    pub fn active_mut(&mut self) -> impl Iterator<Item = &mut RunModel> {
        self.list
            .iter_mut()
            .filter(|run| run.ended.is_none() && !run.is_followed())
    }

    /// The one that ended last.
    pub fn last_ended(&self) -> Option<&RunModel> {
        let ended = |run: &&RunModel| run.ended.as_ref().map(|ended| ended.at);
        self.list
            .iter()
            .filter(|run| run.ended.is_some() && !run.is_followed())
            .max_by_key(ended)
    }

    /// The one to look at first: the newest that is active, or the newest of all.
    pub fn newest(&self) -> Option<&RunModel> {
        self.active().last().or_else(|| self.list.last())
    }

    /// Takes in a run that has just begun, and shows it. The oldest that have ended are forgotten.
    pub fn begin(&mut self, run: RunModel) {
        self.list.retain(|known| known.id != run.id);
        let ended = self.list.iter().filter(|run| run.ended.is_some()).count();
        let mut surplus = (ended + 1).saturating_sub(MAX_ENDED);
        self.list.retain(|run| {
            let goes = surplus > 0 && run.ended.is_some();
            surplus -= usize::from(goes);
            !goes
        });
        self.selected = Some(run.id.clone());
        self.list.push(run);
        self.at = self.list.len() - 1;
    }

    /// Shows that run of this console; whether there is one.
    pub fn show(&mut self, id: &RunId) -> bool {
        let found = self.list.iter().position(|run| run.id == *id);
        if let Some(at) = found {
            self.at = at;
            self.selected = Some(id.clone());
        }
        found.is_some()
    }

    /// Shows the one to look at first.
    pub fn show_newest(&mut self) {
        if let Some(id) = self.newest().map(|run| run.id.clone()) {
            self.show(&id);
        }
    }

    /// All of them, newest first; one that is known in several ways is one row.
    pub fn rows(&self) -> Vec<RunRow<'_>> {
        merge(&self.list, &self.past, &self.remote.runs)
    }

    /// The place of the selected row in `rows`.
    pub fn selected(&self, rows: &[RunRow<'_>]) -> usize {
        let selected = self.selected.as_ref();
        rows.iter().position(|row| Some(&row.id) == selected).unwrap_or(0)
    }

    /// Selects the row at that place, or the nearest there is.
    pub fn select(&mut self, at: usize) {
        let rows = self.rows();
        let row = rows.get(at).or_else(|| rows.last());
        self.selected = row.map(|row| row.id.clone());
    }

    /// Selects the row of the first run that waits for the person at this console, if one does.
    pub fn select_waiting(&mut self) {
        let rows = self.rows();
        let waiting = rows
            .iter()
            .find(|row| row.remote.is_some_and(RemoteRun::waits_for_you));
        if let Some(id) = waiting.map(|row| row.id.clone()) {
            self.selected = Some(id);
        }
    }
}
