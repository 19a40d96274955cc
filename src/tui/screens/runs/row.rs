//! The rows of the list: runs of this console, of the journals and of GitHub, each once.

use jiff::Timestamp;

use crate::domain::{Digest, Exit};
use crate::engine::{RemoteRun, RunId};
use crate::tui::screens::run::model::RunModel;

/// A run that has a journal on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// Its name.
    pub id: RunId,
    /// What it did: `promote to prod`.
    pub title: String,
    /// When it began.
    pub started: Timestamp,
    /// How it ended and when; none while it runs, or where it was killed.
    pub ended: Option<(Exit, Timestamp)>,
    /// What it was about.
    pub digest: Option<Digest>,
    /// Who ran it.
    pub actor: String,
}

/// A row of the list.
#[derive(Debug, Clone)]
pub struct RunRow<'a> {
    /// Its name; of a run on GitHub that nobody began here, that of its number.
    pub id: RunId,
    /// When it began.
    pub started: Timestamp,
    /// As this console knows it.
    pub here: Option<&'a RunModel>,
    /// As its journal has it.
    pub past: Option<&'a PastRun>,
    /// As GitHub lists it.
    pub remote: Option<&'a RemoteRun>,
}

impl RunRow<'_> {
    /// Its number on GitHub, if it runs there.
    pub fn number(&self) -> Option<u64> {
        let here = self.here.and_then(|run| run.number);
        here.or_else(|| self.remote.map(|remote| remote.run.id))
    }
}

/// All of them, newest first.
pub fn merge<'a>(here: &'a [RunModel], past: &'a [PastRun], remote: &'a [RemoteRun]) -> Vec<RunRow<'a>> {
    let of_run = |id: &RunId, number: Option<u64>| {
        remote.iter().find(|remote| {
            Some(remote.run.id) == number || remote.said.correlation.as_deref() == Some(id.as_str())
        })
    };
    // Of two that began at the same time the one that was begun last comes first.
    let mut rows: Vec<_> = here
        .iter()
        .rev()
        .map(|run| RunRow {
            id: run.id.clone(),
            started: run.started,
            here: Some(run),
            past: None,
            remote: of_run(&run.id, run.number),
        })
        .collect();
    let is_of =
        |row: &RunRow<'_>, remote: &RemoteRun| row.remote.is_some_and(|known| known.run.id == remote.run.id);
    for past in past {
        let remote = of_run(&past.id, None);
        let is_same =
            |row: &&mut RunRow<'a>| row.id == past.id || remote.is_some_and(|remote| is_of(row, remote));
        if let Some(row) = rows.iter_mut().find(is_same) {
            row.past = Some(past);
            continue;
        }
        rows.push(RunRow {
            id: past.id.clone(),
            started: past.started,
            here: None,
            past: Some(past),
            remote,
        });
    }
    for remote in remote {
        if !rows.iter().any(|row| is_of(row, remote)) {
            rows.push(RunRow {
                id: RunId::of_workflow_run(remote.run.id),
                started: remote.run.created,
                here: None,
                past: None,
                remote: Some(remote),
            });
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.started));
    rows
}
