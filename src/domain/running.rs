//! What a platform reports as running, and where that differs from what is deployed by our own record.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clean, Digest};

/// What runs in an environment, by the word of its platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The digest that the platform names: of the index, of one of its images, or of the configuration of one.
    pub digest: Digest,
    /// Since when, where the platform says so.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Whether it is healthy, where the platform says so.
    #[serde(default)]
    pub healthy: Option<bool>,
    /// What else the platform says, in one line.
    #[serde(default)]
    pub note: Option<Clean>,
}

/// An answer to the question of what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// The platform says what runs.
    Running(Running),
    /// It could not be found out, and why.
    Unknown(String),
}

impl Running {
    /// Whether it is one of `accepted`, the digests that stand for one image.
    pub fn is(&self, accepted: &BTreeSet<Digest>) -> bool {
        accepted.contains(&self.digest)
    }

    /// `sha256:1a2b… is not healthy: 1 of 3 replicas`, or without the note.
    pub fn health_words(&self) -> Option<String> {
        let word = if self.healthy? { "healthy" } else { "not healthy" };
        Some(match &self.note {
            Some(note) => format!("{word}: {note}"),
            None => word.to_owned(),
        })
    }
}

/// How what runs differs from what windlass deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Drift {
    /// Something that was deployed here before runs, not what was deployed last.
    Earlier {
        /// What runs.
        running: Digest,
        /// What was deployed last.
        deployed: Digest,
    },
    /// Something runs that was never deployed here.
    NeverDeployed {
        /// What runs.
        running: Digest,
        /// What was deployed last, if anything was.
        deployed: Option<Digest>,
    },
    /// The immutable tag of what is deployed names something else now.
    TagMoved {
        /// The tag.
        tag: String,
        /// What is deployed.
        deployed: Digest,
        /// What the tag names.
        found: Digest,
    },
    /// What is deployed has no signature, which its environment requires: it never had one, or it is gone.
    SignatureMissing {
        /// What is deployed.
        deployed: Digest,
    },
}

impl Drift {
    /// Whether something else runs than what is deployed.
    pub const fn is_of_running(&self) -> bool {
        matches!(self, Self::Earlier { .. } | Self::NeverDeployed { .. })
    }

    /// What happened, in one line.
    pub fn words(&self) -> String {
        match self {
            Self::Earlier { running, deployed } => format!(
                "{} runs, which was deployed earlier; {} is deployed",
                running.short(),
                deployed.short()
            ),
            Self::NeverDeployed {
                running,
                deployed: Some(deployed),
            } => format!(
                "{} runs, which was never deployed here; {} is deployed",
                running.short(),
                deployed.short()
            ),
            Self::NeverDeployed {
                running,
                deployed: None,
            } => format!("{} runs, and nothing was ever deployed here", running.short()),
            Self::TagMoved { tag, deployed, found } => format!(
                "the tag {tag} moved: it names {}, and {} is deployed",
                found.short(),
                deployed.short()
            ),
            Self::SignatureMissing { deployed } => {
                format!("{} is deployed and has no signature", deployed.short())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_recognised_by_its_index_its_manifests_and_their_configurations() {
        let running = |name: &str| Running {
            digest: Digest::of(name.as_bytes()),
            since: None,
            healthy: None,
            note: None,
        };
        let accepted = ["index", "amd64", "config"].map(|name| Digest::of(name.as_bytes()));
        let accepted = accepted.into_iter().collect();
        assert!(running("index").is(&accepted) && running("config").is(&accepted));
        assert!(!running("another").is(&accepted));
    }

    #[test]
    fn health_has_a_word_only_where_the_platform_says_something() {
        let running = |healthy, note: Option<&str>| Running {
            digest: Digest::of(b"image"),
            since: None,
            healthy,
            note: note.map(Clean::line),
        };
        assert_eq!(running(None, Some("2 replicas")).health_words(), None);
        assert_eq!(running(Some(true), None).health_words().unwrap(), "healthy");
        assert_eq!(
            running(Some(false), Some("1 of 3 replicas"))
                .health_words()
                .unwrap(),
            "not healthy: 1 of 3 replicas"
        );
    }
}
