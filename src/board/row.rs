//! A candidate as the board shows it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::cell::Cell;
use crate::domain::{CommitSha, Counts, DeployedBy, Digest, Drift, EnvironmentName, Platform, Running, Tag};

/// What is known of the image of one commit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Facts {
    /// The image under the commit's tag.
    pub image: Cell<Image>,
    /// What the newest attached reports say.
    pub scan: Cell<Scan>,
    /// Where that digest is, environment by environment, in the order of the graph.
    #[serde(rename = "environments")]
    pub places: Vec<Place>,
}

/// The image of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The first environment of the graph that has it under the tag; as a rule the one that is built into.
    pub environment: EnvironmentName,
    /// The tag that it was found under.
    pub tag: String,
    /// Its digest.
    pub digest: Digest,
    /// Its platforms, each with its compressed size in bytes.
    pub platforms: Vec<(Platform, u64)>,
    /// All bytes together, each blob counted once.
    pub size: u64,
    /// When it says that it was built.
    pub created: Option<Timestamp>,
    /// The commit that it says it was built from, where that is another one than the tag says: the tag was moved.
    #[serde(rename = "built_from")]
    pub moved: Option<CommitSha>,
    /// The commit of a release branch that it was built anew from, to stand for this one.
    #[serde(rename = "rebuilt_from")]
    pub rebuilt: Option<CommitSha>,
}

/// What scans found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// How many findings, the worst platform's.
    pub counts: Counts,
    /// When the oldest of the reports was made.
    #[serde(rename = "created")]
    pub made: Option<Timestamp>,
    /// What the number does not tell: images that were not scanned, reports that examined nothing.
    pub gaps: Vec<String>,
}

impl Scan {
    /// Whether the number of findings speaks of the whole image.
    pub const fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// A digest in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The environment.
    pub environment: EnvironmentName,
    /// Whether the digest is there.
    #[serde(rename = "present")]
    pub there: Cell<bool>,
    /// Whether it is signed there; asked only where the environment has a key to verify with.
    pub signed: Cell<bool>,
}

impl Facts {
    /// Whether the digest is in `environment`, as far as is known.
    pub fn is_in(&self, environment: &EnvironmentName) -> bool {
        self.places
            .iter()
            .any(|place| place.environment == *environment && place.there == Cell::Ready(true))
    }

    /// Why cells failed, each reason once.
    pub fn failures(&self) -> BTreeSet<&str> {
        let places = self.places.iter();
        let places = places.flat_map(|place| [place.there.failure(), place.signed.failure()]);
        // Without an image nothing else could be asked: its reason is that of all.
        let rest = places.chain([self.scan.failure()]);
        match self.image.failure() {
            Some(why) => BTreeSet::from([why]),
            None => rest.flatten().collect(),
        }
    }

    /// The last environment of the graph that has the digest.
    pub fn furthest(&self) -> Option<&Place> {
        self.places
            .iter()
            .rev()
            .find(|place| place.there == Cell::Ready(true))
    }
}

/// What is deployed to an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentNow {
    /// Which.
    pub environment: EnvironmentName,
    /// Whether it is protected.
    pub protected: bool,
    /// What is deployed there, by our record.
    pub deployed: Cell<DeployedImage>,
    /// What runs there, by the word of its platform; none where nothing observes it.
    pub running: Cell<Running>,
    /// How what runs, the tag and the signature differ from what is deployed.
    pub drift: Vec<Drift>,
}

impl EnvironmentNow {
    /// Before anything is known of it.
    pub const fn unknown(environment: EnvironmentName, protected: bool) -> Self {
        Self {
            environment,
            protected,
            deployed: Cell::Loading,
            running: Cell::Loading,
            drift: Vec::new(),
        }
    }

    /// With a reason why neither what is deployed nor what runs could be found out.
    #[must_use]
    pub fn failed(mut self, why: &str) -> Self {
        self.deployed = Cell::Failed(why.to_owned());
        self.running = Cell::Failed(why.to_owned());
        self
    }

    /// Whether something else runs, or a tag moved. That a signature is gone is told beside the image.
    pub fn has_loud_drift(&self) -> bool {
        let is_told = |drift: &Drift| matches!(drift, Drift::SignatureMissing { .. });
        self.drift.iter().any(|drift| !is_told(drift))
    }

    /// Whether the platform says that what runs is not healthy.
    pub fn is_unhealthy(&self) -> bool {
        self.running
            .value()
            .is_some_and(|running| running.healthy == Some(false))
    }

    /// Why what is deployed there, whether it is signed, or what runs could not be found out.
    pub fn failure(&self) -> Option<&str> {
        let signed = self
            .deployed
            .value()
            .and_then(|deployed| deployed.signed.failure());
        self.deployed.failure().or(signed).or(self.running.failure())
    }
}

/// An image that is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeployedImage {
    /// Which.
    pub digest: Digest,
    /// Since when, if that is known.
    pub since: Option<Timestamp>,
    /// By which run, where that was recorded; where it could not be read it is none too.
    #[serde(rename = "deployed_by")]
    pub by: Option<DeployedBy>,
    /// The first seven characters of the commit it says it was built from.
    #[serde(rename = "commit")]
    pub short: Option<String>,
    /// The first seven characters of the commit of develop that it stands for, if it was built anew for a release.
    #[serde(rename = "rebuild_of")]
    pub stands_for: Option<String>,
    /// The release that it belongs to, `v1.4.0`, by the release branches in the repository.
    pub release: Option<String>,
    /// Whether a signature is attached; asked only where the environment has a key to verify with.
    pub signed: Cell<bool>,
    /// Its immutable tag, if its commit is known.
    pub tag: Option<Tag>,
}
