//! Scan reports left with their image.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::ImageReference;

/// The reports of a scan, attached to the digest that they describe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachScan {
    /// The image, by digest.
    pub image: ImageReference,
    /// Whether each report is signed, too.
    pub signed: bool,
}

impl Words for AttachScan {
    fn title(&self) -> String {
        format!("attach scan reports to {}", self.image)
    }

    fn deed(&self) -> String {
        "attach the scan reports".to_owned()
    }

    fn way(&self) -> String {
        self.image.repository.to_string()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("image", self.image.to_string())]
    }
}
