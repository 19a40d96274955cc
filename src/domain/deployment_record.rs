//! By which run a digest came to an environment: beside the deployment tag, which says since when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clean, Digest, EnvironmentName};

/// How much of a run's name is shown: the end, which differs between runs of one minute.
const SHORT: usize = 8;

/// That a run deployed a digest. It is attached to the digest, in the environment's own repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    /// What was deployed.
    pub digest: Digest,
    /// Where. A copy of the digest carries its referrers along: the record says nothing of where it went.
    pub environment: EnvironmentName,
    /// By which run, as its journal names it.
    pub run: Clean,
    /// Who: user and host, where the journal is.
    pub by: Clean,
    /// When: the time of the deployment tag.
    pub at: Timestamp,
}

impl DeploymentRecord {
    /// Its artifact type.
    pub const TYPE: &'static str = "application/vnd.windlass.deployment.v1+json";
    /// The annotation with the environment.
    pub const ENVIRONMENT: &'static str = "dev.windlass.deployment.environment";
    /// The annotation with the run.
    pub const RUN: &'static str = "dev.windlass.deployment.run";
    /// The annotation with who it was.
    pub const BY: &'static str = "dev.windlass.deployment.by";
}

/// By which run a digest was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeployedBy {
    /// The run, as its journal names it.
    pub run: Clean,
    /// Who: user and host, where the journal is.
    pub by: Clean,
}

impl DeployedBy {
    /// `run 7f3a9c21 of ana@desk`.
    pub fn words(&self) -> String {
        format!("run {} of {}", self.short_run(), self.by)
    }

    /// The end of the run's name, as `windlass runs` shows it.
    pub fn short_run(&self) -> &str {
        let run = self.run.as_str();
        let start = run.char_indices().rev().nth(SHORT - 1).map_or(0, |(at, _)| at);
        &run[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_the_end_of_its_name_however_long_it_is() {
        let words = |run: &str| {
            let by = Clean::line("ana@desk");
            DeployedBy {
                run: Clean::line(run),
                by,
            }
            .words()
        };
        assert_eq!(words("019ac0de7b1c7f3a9c21d4e5"), "run 9c21d4e5 of ana@desk");
        assert_eq!(words("ü1"), "run ü1 of ana@desk");
    }
}
