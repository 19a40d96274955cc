//! The signature of a digest.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::ImageReference;

/// A digest signed where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// What is signed.
    pub image: ImageReference,
}

impl Words for Sign {
    fn title(&self) -> String {
        format!("sign {}", self.image)
    }

    fn deed(&self) -> String {
        "sign".to_owned()
    }

    fn way(&self) -> String {
        self.image.repository.to_string()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("image", self.image.to_string())]
    }
}
