//! Copies of images, outside of the release flow.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{ImageReference, Repository, Tag};

/// Images copied from registry to registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// The images, in order.
    pub images: Vec<CopiedImage>,
}

/// An image, and where it is copied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedImage {
    /// The image at its source.
    pub source: ImageReference,
    /// Where it is copied to.
    pub target: Repository,
    /// The tag that it gets there, last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
}

impl CopiedImage {
    /// `dev.example.com/app:one to mirror.example.com/app:one`.
    pub fn words(&self) -> String {
        let tag = self.tag.as_ref();
        let tag = tag.map_or_else(String::new, |tag| format!(":{tag}"));
        format!("{} to {}{tag}", self.source, self.target)
    }
}

impl Words for Copy {
    fn title(&self) -> String {
        match &self.images[..] {
            [image] => format!("copy {}", image.words()),
            images => format!("copy {} images", images.len()),
        }
    }

    fn deed(&self) -> String {
        "copy".to_owned()
    }

    fn way(&self) -> String {
        match &self.images[..] {
            [image] => format!("{} ▸ {}", image.source.repository, image.target),
            images => format!("{} images", images.len()),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.images.iter().map(|image| ("copy", image.words())).collect()
    }
}
