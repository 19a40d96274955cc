//! The check of a Dockerfile and its image.

use serde::{Deserialize, Serialize};

use super::words::Words;

/// A Dockerfile and its image, checked on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The Dockerfile, from the root of the repository.
    pub dockerfile: String,
}

impl Words for Check {
    fn title(&self) -> String {
        format!("check {}", self.dockerfile)
    }

    fn deed(&self) -> String {
        "check".to_owned()
    }

    fn way(&self) -> String {
        self.dockerfile.clone()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("file", self.dockerfile.clone())]
    }
}
