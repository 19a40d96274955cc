//! What an environment keeps of its images, as windlass.toml says it.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::human::span;

/// What an environment keeps. An image stays as long as one of these wants it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// How many of the newest images stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builds: Option<usize>,
    /// How long images stay, from when they were built or last deployed on.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub age: Option<SignedDuration>,
    /// How many of the last images that were deployed stay, so that a rollback is possible.
    pub deployments: usize,
}

impl Retention {
    /// How many deployments stay unless windlass.toml says otherwise.
    pub const DEPLOYMENTS: usize = 10;

    /// `the newest 50 builds, everything younger than 30 d, the last 10 deployments`.
    pub fn words(&self) -> String {
        let builds = self.builds.map(|n| match n {
            1 => "the newest build".to_owned(),
            n => format!("the newest {n} builds"),
        });
        let age = self
            .age
            .map(|age| format!("everything younger than {}", span(age)));
        let deployments = match self.deployments {
            1 => "the last deployment".to_owned(),
            n => format!("the last {n} deployments"),
        };
        let all: Vec<_> = builds.into_iter().chain(age).chain([deployments]).collect();
        all.join(", ")
    }
}
