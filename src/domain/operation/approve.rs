//! The review of a deployment that waits on GitHub.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{Clean, RepositoryName};

/// A deployment of a run on GitHub, approved or rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approve {
    /// The repository on GitHub.
    pub repository: RepositoryName,
    /// The run.
    pub number: u64,
    /// What the environment is called on GitHub.
    pub environment: Clean,
    /// Whether it is approved; else it is rejected.
    pub approved: bool,
    /// What is said with it.
    pub comment: Clean,
}

impl Words for Approve {
    fn title(&self) -> String {
        let verb = if self.approved { "approve" } else { "reject" };
        format!(
            "{verb} the deployment to {} in run {}",
            self.environment, self.number
        )
    }

    fn deed(&self) -> String {
        if self.approved { "approve" } else { "reject" }.to_owned()
    }

    fn way(&self) -> String {
        format!("run {} of {}", self.number, self.repository)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("run", format!("{} of {}", self.number, self.repository)),
            ("to", self.environment.to_string()),
            ("comment", self.comment.to_string()),
        ]
    }
}
