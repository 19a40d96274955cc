//! The deletion of a tag or a manifest.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{ImageReference, Tag};

/// A tag or a manifest deleted from a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remove {
    /// What is deleted: a tag, or a manifest by its digest.
    pub image: ImageReference,
    /// The tags that are deleted with a manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

impl Words for Remove {
    fn title(&self) -> String {
        format!("delete {}", self.image)
    }

    fn deed(&self) -> String {
        "delete".to_owned()
    }

    fn way(&self) -> String {
        self.image.repository.to_string()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("image", self.image.to_string())];
        facts.extend(self.tags.iter().map(|tag| ("tag", tag.to_string())));
        facts
    }
}
