//! Promotion of a digest.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{Clean, Digest, EnvironmentName, ImageReference, WorkflowTarget};

/// A digest from one environment to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promote {
    /// Where it comes from.
    pub from: EnvironmentName,
    /// Where it goes.
    pub to: EnvironmentName,
    /// The digest at its source.
    pub source: ImageReference,
    /// The immutable tag that it gets at the target, last.
    pub target: ImageReference,
    /// What is deployed in the target now, if that is known.
    pub replaces: Option<Digest>,
    /// Why it goes another way than the usual one, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Clean>,
    /// Whether it takes the path that the configuration allows hotfixes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hotfix: bool,
    /// The workflow that carries it out; none where it runs on the machine that asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<WorkflowTarget>,
}

impl Words for Promote {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.to)
    }

    fn title(&self) -> String {
        format!("promote to {}", self.to)
    }

    fn way(&self) -> String {
        format!("{} ▸ {}  {}", self.from, self.to, self.target.repository)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![
            ("from", self.source.repository.to_string()),
            ("to", self.target.to_string()),
        ];
        if self.hotfix {
            facts.push(("path", "the hotfix path; a review is due afterwards".to_owned()));
        }
        if let Some(workflow) = &self.runner {
            facts.push(("runs in", workflow.words()));
        }
        facts.extend(self.reason.as_ref().map(|reason| ("reason", reason.to_string())));
        facts
    }

    fn deploys(&self) -> bool {
        true
    }

    fn replaced(&self) -> Option<&Digest> {
        self.replaces.as_ref()
    }
}
