//! Cutting a release branch.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::Clean;

/// A release branch at a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The new branch.
    pub branch: String,
    /// The remote that it is pushed to.
    pub remote: String,
    /// Why, where a gate is overridden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Clean>,
}

impl Words for Cut {
    fn title(&self) -> String {
        format!("cut {}", self.branch)
    }

    fn deed(&self) -> String {
        "cut and push the branch".to_owned()
    }

    fn way(&self) -> String {
        format!("{} ▸ {}", self.branch, self.remote)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("branch", format!("{}, here and on {}", self.branch, self.remote))];
        facts.extend(self.reason.as_ref().map(|reason| ("reason", reason.to_string())));
        facts
    }
}
