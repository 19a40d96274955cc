//! The review after an exception.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{Clean, EnvironmentName, ExceptionRecord, ImageReference};

/// The review that is due after an exception, left with its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The environment that the digest came to.
    pub environment: EnvironmentName,
    /// The digest, where it came to.
    pub image: ImageReference,
    /// What was found.
    pub note: Clean,
    /// The exceptions that are reviewed, oldest first.
    pub exceptions: Vec<ExceptionRecord>,
}

impl Words for Review {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.environment)
    }

    fn title(&self) -> String {
        format!("review {}", self.environment)
    }

    fn deed(&self) -> String {
        "record the review".to_owned()
    }

    fn way(&self) -> String {
        format!("{}  {}", self.environment, self.image.repository)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("image", self.image.to_string())];
        facts.extend(self.exceptions.iter().map(|one| ("exception", one.words())));
        facts.push(("note", self.note.to_string()));
        facts
    }
}
