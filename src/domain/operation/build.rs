//! The build of a commit.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{BranchName, EnvironmentName, ImageReference, Platform};

/// The image of a commit, built and pushed to the environment that builds go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The environment.
    pub to: EnvironmentName,
    /// The tag that it gets, last: the immutable one of the commit, or one of a dirty tree.
    pub target: ImageReference,
    /// The platforms that are built; none where the image is there already.
    pub platforms: Vec<Platform>,
    /// Whether `latest` follows.
    pub latest: bool,
    /// The release branch that the image is built anew for, if it is for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<BranchName>,
}

impl Words for Build {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.to)
    }

    fn title(&self) -> String {
        format!("build {}", self.target)
    }

    fn deed(&self) -> String {
        "build".to_owned()
    }

    fn way(&self) -> String {
        self.target.repository.to_string()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("image", self.target.to_string())]
    }
}
