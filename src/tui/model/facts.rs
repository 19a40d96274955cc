//! Stand-in shapes of the board's facts.

use jiff::Timestamp;

use crate::domain::{Counts, Digest, EnvironmentName, Platform};

/// The state of a fact that comes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell<T> {
    /// Not known yet.
    #[default]
    Loading,
    /// There is none, and why.
    None(String),
    /// It could not be found out, and why.
    Failed(String),
    /// Known.
    Ready(T),
    /// Known, but too old to be relied upon.
    Stale(T),
}

impl<T> Cell<T> {
    /// The value, fresh or stale.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Ready(value) | Self::Stale(value) => Some(value),
            Self::Loading | Self::None(_) | Self::Failed(_) => None,
        }
    }
}

/// What is known of the image of one commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The image.
    pub image: Cell<Image>,
    /// The scan.
    pub scan: Cell<Scan>,
    /// Where it is.
    pub places: Vec<Place>,
}

/// The image of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The tag that it was found under.
    pub tag: String,
    /// Its digest.
    pub digest: Digest,
    /// Its platforms, each with its compressed size in bytes.
    pub platforms: Vec<(Platform, u64)>,
    /// All bytes together.
    pub size: u64,
    /// When it says that it was built.
    pub created: Option<Timestamp>,
    /// The other commit that it says it was built from.
    pub moved: Option<String>,
}

/// What scans found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Findings.
    pub counts: Counts,
    /// When.
    pub made: Option<Timestamp>,
}

/// A digest in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The environment.
    pub environment: EnvironmentName,
    /// Whether the digest is there.
    pub there: Cell<bool>,
    /// Whether it is signed there.
    pub signed: Cell<bool>,
}

impl Facts {
    /// The last environment of the graph that has the digest.
    pub fn furthest(&self) -> Option<&Place> {
        self.places
            .iter()
            .rev()
            .find(|place| place.there == Cell::Ready(true))
    }
}

/// What runs in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentNow {
    /// Which.
    pub environment: EnvironmentName,
    /// Whether it is protected.
    pub protected: bool,
    /// What runs there.
    pub running: Cell<RunningImage>,
}

/// An image that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningImage {
    /// Which.
    pub digest: Digest,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Seven characters of its commit.
    pub short: Option<String>,
    /// `v1.4.0`.
    pub release: Option<String>,
    /// Whether it is signed.
    pub signed: Option<bool>,
}
