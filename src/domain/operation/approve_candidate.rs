//! A signed approval of a promotion.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::words::{Words, until_words};
use crate::domain::{ApprovalSubject, Clean, EnvironmentName, ImageReference, RoleName, Term};

/// An approval, signed and left with its image. It starts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproveCandidate {
    /// What is approved.
    pub subject: ApprovalSubject,
    /// The image, where it is promoted from.
    pub image: ImageReference,
    /// As what, if not only as somebody.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// Why, where somebody says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Clean>,
    /// Until when it counts, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Term>,
    /// The key that signs it.
    pub key: PathBuf,
}

impl Words for ApproveCandidate {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.subject.to)
    }

    fn title(&self) -> String {
        format!("approve for {}", self.subject.to)
    }

    fn deed(&self) -> String {
        format!("approve for {}", self.subject.to)
    }

    fn way(&self) -> String {
        format!(
            "{} ▸ {}  {}",
            self.subject.from, self.subject.to, self.image.repository
        )
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("image", self.image.to_string())];
        facts.extend(self.role.as_ref().map(|role| ("as", role.to_string())));
        facts.extend(self.reason.as_ref().map(|reason| ("reason", reason.to_string())));
        let counts = self.expires.as_ref().map(|expires| until_words(Some(expires)));
        facts.push((
            "counts",
            counts.unwrap_or_else(|| "until something of it changes".to_owned()),
        ));
        let evidence = self.subject.evidence.len();
        facts.push(("evidence", crate::domain::count(evidence, "report or record")));
        facts.push(("policy", self.subject.policy.short()));
        facts.push(("signed", format!("with {}", self.key.display())));
        facts
    }
}
