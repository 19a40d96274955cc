//! The screen of releases: open releases and hotfixes with their debts, and how the environments stand.

use jiff::Timestamp;

use crate::domain::{Bound, Environment, EnvironmentName, Release, leads_to, reached};
use crate::engine::Releases;
use crate::tui::session::Message;
use crate::tui::widgets::sight::first_in_sight;

/// The parts of the screen that can have the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleasesPane {
    /// The releases.
    List,
    /// The environments.
    Environments,
}

/// The screen of releases.
#[derive(Debug, Clone)]
pub struct ReleasesModel {
    /// The last answer.
    pub known: Option<Releases>,
    /// Why there is no newer one.
    pub trouble: Option<Message>,
    /// Whether they are being asked.
    pub asking: bool,
    /// When the last answer came.
    pub fresh_at: Option<Timestamp>,
    /// Whether finished ones are shown too, however old.
    pub all: bool,
    /// Those that are shown, as indices into the list.
    pub shown: Vec<usize>,
    /// The selected one, as an index into `shown`.
    pub selected: usize,
    /// The first one on the screen.
    pub top: usize,
    /// How many fit on the screen.
    pub height: usize,
    /// Whether the details fill the screen, where it is too small to show them beside the list.
    pub details: bool,
    /// Which half has the keyboard.
    pub pane: ReleasesPane,
    /// The selected environment, counted among those that promotions reach.
    pub environment: usize,
}

impl ReleasesModel {
    /// Releases that are still to be asked for, with the environment at that place selected.
    pub const fn asked(environment: usize) -> Self {
        Self {
            known: None,
            trouble: None,
            asking: true,
            fresh_at: None,
            all: false,
            shown: Vec::new(),
            selected: 0,
            top: 0,
            height: 0,
            details: false,
            pane: ReleasesPane::List,
            environment,
        }
    }

    /// The release at a place of the list.
    pub fn at(&self, place: usize) -> Option<&Release> {
        self.known.as_ref()?.list.get(*self.shown.get(place)?)
    }

    /// The selected release.
    pub fn current(&self) -> Option<&Release> {
        self.at(self.selected)
    }

    /// How many finished ones are not shown.
    pub fn hidden(&self) -> usize {
        self.known
            .as_ref()
            .map_or(0, |known| known.list.len() - self.shown.len() + known.older)
    }

    /// Takes an answer in; the same release stays selected.
    pub fn learn(&mut self, known: Releases, now: Timestamp) {
        let selected = self.current().map(|release| release.branch.clone());
        self.known = Some(known);
        self.trouble = None;
        self.fresh_at = Some(now);
        self.pick();
        let place =
            (0..self.shown.len()).find(|place| self.at(*place).map(|at| &at.branch) == selected.as_ref());
        self.select(place.unwrap_or(self.selected));
    }

    /// Picks those that are shown: all, or those that are open or owe something.
    pub fn pick(&mut self) {
        let is_shown = |release: &Release| self.all || release.is_at_work();
        self.shown = self.known.as_ref().map_or_else(Vec::new, |known| {
            let list = known.list.iter().enumerate();
            list.filter(|(_, release)| is_shown(release))
                .map(|(at, _)| at)
                .collect()
        });
        self.select(self.selected);
    }

    /// Selects the release at `place`, or the nearest there is, and scrolls so that it is seen.
    pub fn select(&mut self, place: usize) {
        self.selected = place.min(self.shown.len().saturating_sub(1));
        self.reveal();
    }

    /// Scrolls so that the selected release is seen.
    pub fn reveal(&mut self) {
        self.top = first_in_sight(self.top, self.selected, self.height, self.shown.len());
    }
}

/// The environment that the candidate of `release` could be promoted to: the first in the graph that does not run it, and
/// takes promotions from one that does, or from where builds go. One that leads to where it is deployed is behind it.
pub fn next<'a>(release: &Release, graph: &'a [Environment]) -> Option<&'a Environment> {
    if !matches!(release.candidate, Bound::There { .. }) || release.is_only_begun() {
        return None;
    }
    let deployed = release.deployed.iter().filter(|there| there.is_head);
    let deployed: Vec<_> = deployed.map(|there| &there.environment).collect();
    let has = |name: &EnvironmentName| {
        let is_entrance = |one: &Environment| one.name == *name && one.from.is_empty();
        deployed.contains(&name) || graph.iter().any(is_entrance)
    };
    reached(graph).find(|environment| {
        let is_behind = deployed
            .iter()
            .any(|name| environment.name == **name || leads_to(graph, &environment.name, name));
        !is_behind && environment.from.iter().any(has)
    })
}
