//! The removal of images that nobody needs any more from one environment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{
    CommitSha, Digest, EnvironmentName, KeepReason, Repository, Retention, Tag, bytes, count, first,
};

/// Images that are shown with all their tags; the others with so many.
const SHOWN_TAGS: usize = 3;

/// The images of an environment that nobody needs any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gc {
    /// The environment.
    pub environment: EnvironmentName,
    /// Where its images are.
    pub repository: Repository,
    /// Whether the environment is protected.
    pub protected: bool,
    /// What the environment keeps.
    pub retain: Retention,
    /// What is deleted, the oldest first.
    pub images: Vec<RemovedImage>,
    /// What stays. It is not part of what is confirmed: a new build changes nothing about what is deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptImage>,
    /// The bytes of all that is deleted, without those that surely belong to what stays too.
    #[serde(default)]
    pub bytes: u64,
    /// How many more may go than one run deletes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the field"
)]
const fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// An image that is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedImage {
    /// Its digest.
    pub digest: Digest,
    /// The tags that point to it, and are deleted with it; none where a run that was killed has deleted it, and not all that
    /// went with it.
    pub tags: Vec<Tag>,
    /// The commits that it was built from; several where they changed nothing in it.
    pub commits: Vec<CommitSha>,
    /// When it was built, deployed or attached to, whichever is known and latest.
    pub time: Timestamp,
    /// The manifests that are deleted after it: those that it names and what is attached to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<Digest>,
    /// The tags of the old forms that are deleted with these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached_tags: Vec<Tag>,
    /// The bytes that belong to it alone, as far as that is known.
    #[serde(default)]
    pub bytes: u64,
}

/// An image that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptImage {
    /// Its digest.
    pub digest: Digest,
    /// The tags that point to it.
    pub tags: Vec<Tag>,
    /// The gravest reason why it stays.
    pub reason: KeepReason,
    /// The same in words.
    pub because: String,
}

impl Gc {
    /// What is confirmed: all of it but what stays and the bytes, which change while nothing of substance does.
    pub(super) fn substance(&self) -> Self {
        let images = self.images.iter().map(|image| RemovedImage {
            bytes: 0,
            ..image.clone()
        });
        Self {
            images: images.collect(),
            kept: Vec::new(),
            bytes: 0,
            more: 0,
            ..self.clone()
        }
    }

    /// How many manifests are deleted.
    pub fn manifests(&self) -> usize {
        let parts: usize = self.images.iter().map(|image| image.manifests.len()).sum();
        self.images.len() + parts
    }

    /// `12 images (3 among the newest builds, 9 young)`: what stays, by its reasons.
    pub fn kept_words(&self) -> String {
        let mut reasons: BTreeMap<KeepReason, usize> = BTreeMap::new();
        for image in &self.kept {
            *reasons.entry(image.reason).or_default() += 1;
        }
        let reasons: Vec<_> = reasons
            .iter()
            .map(|(reason, n)| format!("{n} {}", reason.words()))
            .collect();
        let reasons = if reasons.is_empty() {
            String::new()
        } else {
            format!(": {}", reasons.join(", "))
        };
        format!("{}{reasons}", count(self.kept.len(), "image"))
    }
}

impl RemovedImage {
    /// `sha-2b2e927 (sha256:1f9a…c03e) of 2026-08-01, with 3 manifests, 38 MB`.
    pub fn words(&self) -> String {
        let with = match self.manifests.len() {
            0 => String::new(),
            n => format!(", with {}", count(n, "manifest")),
        };
        if self.tags.is_empty() {
            return format!(
                "what a killed run left of {}: {}",
                self.digest.short(),
                count(self.manifests.len(), "manifest")
            );
        }
        format!(
            "{} ({}) of {}{with}, {}",
            first(self.tags.iter(), SHOWN_TAGS),
            self.digest.short(),
            self.time.strftime("%Y-%m-%d"),
            bytes(self.bytes)
        )
    }
}

impl Words for Gc {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.environment)
    }

    fn title(&self) -> String {
        format!(
            "delete {} from {}",
            count(self.images.len(), "image"),
            self.environment
        )
    }

    fn deed(&self) -> String {
        format!("gc {}", self.environment)
    }

    fn way(&self) -> String {
        self.repository.to_string()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        if self.protected && !self.images.is_empty() {
            let words = format!(
                "{} is protected: its images cannot be built again",
                self.environment
            );
            facts.push(("PROTECTED", words));
        }
        facts.push(("from", self.repository.to_string()));
        facts.push(("retains", self.retain.words()));
        for image in &self.images {
            facts.push(("delete", image.words()));
        }
        if self.more > 0 {
            let words = format!("{}, which the next run deletes", count(self.more, "image"));
            facts.push(("more", words));
        }
        facts.push(("keep", self.kept_words()));
        if !self.images.is_empty() {
            let words = format!(
                "at most {}, once the registry collects its own garbage",
                bytes(self.bytes)
            );
            facts.push(("frees", words));
        }
        facts
    }
}
