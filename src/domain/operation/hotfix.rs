//! The beginning of a hotfix.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{BranchName, EnvironmentName, ImageReference};

/// A hotfix branch at what an environment has deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hotfix {
    /// The new branch.
    pub branch: BranchName,
    /// The remote that it is pushed to.
    pub remote: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// What is deployed there.
    pub image: ImageReference,
}

impl Words for Hotfix {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.environment)
    }

    fn title(&self) -> String {
        format!("start {}", self.branch)
    }

    fn deed(&self) -> String {
        "start and push the branch".to_owned()
    }

    fn way(&self) -> String {
        format!("{} ▸ {}", self.environment, self.branch)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("branch", format!("{}, here and on {}", self.branch, self.remote)),
            (
                "at",
                format!("the image deployed to {}: {}", self.environment, self.image),
            ),
        ]
    }
}
