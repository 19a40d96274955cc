//! The way back to an earlier digest.

use serde::{Deserialize, Serialize};

use super::words::{Words, until_words};
use crate::domain::{Clean, Digest, EnvironmentName, ImageReference, Term};

/// An environment taken back to a digest that ran there before, and held there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// The environment.
    pub environment: EnvironmentName,
    /// What it is taken back to, by digest.
    pub image: ImageReference,
    /// What is deployed there now, if that is known.
    pub replaces: Option<Digest>,
    /// What it is taken back from, if that is known: what is deployed now, or ran until the rollback was begun.
    pub from: Option<Digest>,
    /// Why.
    pub reason: Clean,
    /// How long it is held, as it was given; until someone lifts the pin if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Term>,
    /// Whether it goes on in spite of findings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_findings: bool,
}

impl Words for Rollback {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.environment)
    }

    fn title(&self) -> String {
        format!("roll back {}", self.environment)
    }

    fn way(&self) -> String {
        format!("{}  {}", self.environment, self.image.repository)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("image", self.image.to_string())];
        // As a rule it is what is replaced, which is told besides.
        let before = self
            .from
            .as_ref()
            .filter(|from| self.replaces.as_ref() != Some(from));
        facts.extend(before.map(|from| ("from", from.short())));
        facts.push(("reason", self.reason.to_string()));
        facts.push(("held", until_words(self.until.as_ref())));
        if self.accept_findings {
            facts.push(("findings", "are accepted; a review is due afterwards".to_owned()));
        }
        facts
    }

    fn deploys(&self) -> bool {
        true
    }

    fn replaced(&self) -> Option<&Digest> {
        self.replaces.as_ref()
    }
}
