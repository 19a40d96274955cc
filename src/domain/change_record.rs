//! By which run an image in the repository of an environment was changed without being deployed: a copy of it, a report that
//! was attached, a tag that was deleted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clean, DeployedBy, Digest, EnvironmentName};

/// That a run changed an image. It is attached to the digest, in the environment's own repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRecord {
    /// What was changed.
    pub digest: Digest,
    /// Where. A copy of the digest carries its referrers along: the record says nothing of where it went.
    pub environment: EnvironmentName,
    /// One word for what was done, as the journal has it: `copy`.
    pub operation: Clean,
    /// It in words: `copied from registry.example.com/dev/app:v1`.
    pub change: Clean,
    /// By which run, as its journal names it.
    pub run: Clean,
    /// Who: user and host, where the journal is.
    pub by: Clean,
    /// When.
    pub at: Timestamp,
}

impl ChangeRecord {
    /// `copied from registry.example.com/dev/app:v1, by run 9c21d4e5 of ana@desk`.
    pub fn words(&self) -> String {
        let by = DeployedBy {
            run: self.run.clone(),
            by: self.by.clone(),
        };
        format!("{}, by {}", self.change, by.words())
    }
}
