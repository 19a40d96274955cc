//! The board as it is shown: one row for each candidate, one cell of the ribbon for each environment.

use std::collections::HashMap;

use jiff::Timestamp;
use url::Url;

use super::checks::BoardChecks;
use crate::board::{Cell, EnvironmentNow, Facts};
use crate::domain::{BranchName, Clean, CommitSha, Digest, Environment, EnvironmentName, Gate};
use crate::tui::widgets::search::{Search, next_match};
use crate::tui::widgets::sight::first_in_sight;

/// A candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The commit it is built from.
    pub commit: CommitSha,
    /// Its author.
    pub author: Clean,
    /// When it was committed.
    pub time: Timestamp,
    /// Its first line.
    pub subject: Clean,
    /// What is known of its image.
    pub facts: Facts,
}

impl Row {
    /// Whether a search for `needle`, in lower case, finds it.
    pub fn matches(&self, needle: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(needle);
        self.commit.as_str().starts_with(needle)
            || has(self.subject.as_str())
            || has(self.author.as_str())
            || self
                .digest()
                .is_some_and(|digest| digest.to_string().contains(needle))
    }

    /// The digest of its image, once it is known.
    pub fn digest(&self) -> Option<&Digest> {
        self.facts.image.value().map(|image| &image.digest)
    }
}

/// The answer of every gate between a candidate and an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gates {
    /// Being asked.
    Loading,
    /// All of them.
    Known(Vec<Gate>),
    /// No plan could be made, and why.
    Failed(String),
}

/// What tells releases apart, by the name that their branches have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Numbering {
    /// A version.
    #[default]
    Version,
    /// The number of a sprint.
    Sprint,
}

impl Numbering {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Sprint => "sprint",
        }
    }
}

/// How far the history of the branch was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HistoryState {
    /// There is more of it.
    #[default]
    Partial,
    /// More of it is being read.
    Reading,
    /// To its end, or as far as it can be read.
    Complete,
}

/// The board.
#[derive(Debug, Clone, Default)]
pub struct BoardModel {
    /// The environments, in the order of the graph.
    pub graph: Vec<Environment>,
    /// What is deployed to them, in the same order.
    pub environments: Vec<EnvironmentNow>,
    /// The candidates, newest first.
    pub rows: Vec<Row>,
    /// Where each commit stands in `rows`.
    pub index: HashMap<CommitSha, usize>,
    /// The answers of gates, by commit and environment, as far as someone has looked.
    pub gates: HashMap<(CommitSha, EnvironmentName), Gates>,
    /// What GitHub's checks say.
    pub checks: BoardChecks,
    /// How far the history was read.
    pub history: HistoryState,
    /// The branch whose history it is.
    pub branch: String,
    /// How releases are numbered.
    pub numbering: Numbering,
    /// The page of the repository, where GitHub has it.
    pub page: Option<Url>,
    /// When the registries answered last.
    pub fresh_at: Option<Timestamp>,
    /// When the environments were asked last.
    pub environments_at: Option<Timestamp>,
    /// Whether they are being asked again.
    pub looking: bool,
    /// What could not be read, where something could not.
    pub trouble: Option<String>,
    /// The selected row.
    pub selected: usize,
    /// The first row on the screen.
    pub top: usize,
    /// Rows that fit on the screen.
    pub height: usize,
    /// Whether the details fill the screen, where it is too small to show them beside the table.
    pub details: bool,
    /// What is searched for.
    pub search: Option<Search>,
}

impl BoardModel {
    /// The selected candidate.
    pub fn current(&self) -> Option<&Row> {
        self.rows.get(self.selected)
    }

    /// The rows in sight.
    pub fn in_sight(&self) -> &[Row] {
        let end = (self.top + self.height).min(self.rows.len());
        self.rows.get(self.top..end).unwrap_or_default()
    }

    /// The environment that `row` could be promoted to: the first in the graph that takes promotions from one that has
    /// its digest, and does not have it itself.
    pub fn next(&self, row: &Row) -> Option<&Environment> {
        let is_in = |name: &EnvironmentName| {
            let mut places = row.facts.places.iter();
            places.any(|place| place.environment == *name && place.there.value() == Some(&true))
        };
        self.graph.iter().find(|environment| {
            let known_absent =
                row.facts.places.iter().any(|place| {
                    place.environment == environment.name && place.there.value() == Some(&false)
                });
            known_absent && environment.from.iter().any(is_in)
        })
    }

    /// Why `row` has no next environment, as far as it is known: one that has not answered is not one that has it.
    pub fn why_no_next(&self, row: &Row) -> String {
        let places = &row.facts.places;
        let waiting = places.iter().find(|place| place.there.is_loading());
        let failed = places
            .iter()
            .find_map(|place| Some((place, place.there.failure()?)));
        match (waiting, failed) {
            (Some(place), _) => format!("{} has not answered yet", place.environment),
            (None, Some((place, why))) => format!("could not reach {}: {why}", place.environment),
            (None, None) if places.is_empty() => "the environments have not answered yet".to_owned(),
            (None, None) => "already in every environment it can be promoted to".to_owned(),
        }
    }

    /// What the gates before the next environment of `row` said, if someone has looked.
    pub fn gates_of(&self, row: &Row) -> Option<&Gates> {
        let next = self.next(row)?;
        self.gates.get(&(row.commit.clone(), next.name.clone()))
    }

    /// The environments that the image of `row` is deployed to now.
    pub fn deployed_in<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a EnvironmentName> {
        let digest = row.digest();
        self.environments.iter().filter_map(move |now| {
            let deployed = now.deployed.value().map(|deployed| &deployed.digest);
            (digest.is_some() && deployed == digest).then_some(&now.environment)
        })
    }

    /// The page of a branch, where GitHub has it.
    pub fn page_of(&self, branch: &BranchName) -> Option<Url> {
        let mut page = self.page.clone()?;
        let parts = branch.as_str().split('/');
        page.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .push("tree")
            .extend(parts);
        Some(page)
    }

    /// The commit in seven characters, and its subject if it is on the board.
    pub fn title_of(&self, commit: &CommitSha) -> String {
        let row = self.index.get(commit).and_then(|index| self.rows.get(*index));
        row.map_or_else(
            || commit.short().to_owned(),
            |row| format!("{}  {}", commit.short(), row.subject),
        )
    }

    /// The furthest environment that has the image of `row`.
    pub fn furthest(&self, row: &Row) -> Option<EnvironmentName> {
        row.facts.furthest().map(|place| place.environment.clone())
    }

    /// Whether anything in sight is still being looked up.
    pub fn is_loading(&self) -> bool {
        let waits = |row: &Row| matches!(row.facts.image, Cell::Loading);
        self.in_sight().iter().any(waits)
    }

    /// Selects the row at `index`, or the nearest there is, and scrolls so that it is seen.
    pub fn select(&mut self, index: usize) {
        self.selected = index.min(self.rows.len().saturating_sub(1));
        self.reveal();
    }

    /// Scrolls so that the selected row is seen.
    pub fn reveal(&mut self) {
        self.top = first_in_sight(self.top, self.selected, self.height, self.rows.len());
    }

    /// The next row that the search finds, from the selected one on, around the end.
    pub fn find(&self, forward: bool, from_here: bool) -> Option<usize> {
        let needle = self.search.as_ref()?.needle();
        let matches = |place: usize| !needle.is_empty() && self.rows[place].matches(&needle);
        next_match(self.rows.len(), self.selected, forward, from_here, matches)
    }
}
