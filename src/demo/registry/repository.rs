//! One repository: its blobs, manifests and tags, and the changes that make it what it is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::route::Name;
use crate::domain::{Digest, Tag, Target};

/// A manifest, as far as the registry reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// What it was pushed as.
    pub(super) media_type: String,
    /// If it refers to a subject: what the referrers API says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) referrer: Option<Referrer>,
}

/// What the referrers API says of a manifest besides its digest, size and media type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Referrer {
    pub(super) subject: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// Changes in one repository that became true together; a line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) repository: Name,
    pub(super) changes: Vec<Change>,
}

/// One thing that happened in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub(super) enum Change {
    BlobAdded { digest: Digest },
    BlobRemoved { digest: Digest },
    ManifestAdded { digest: Digest, manifest: Manifest },
    ManifestRemoved { digest: Digest },
    Tagged { tag: Tag, digest: Digest },
    Untagged { tag: Tag },
}

/// One repository.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub(super) blobs: BTreeSet<Digest>,
    pub(super) manifests: BTreeMap<Digest, Manifest>,
    pub(super) tags: BTreeMap<Tag, Digest>,
}

impl Repository {
    /// Whether this content is needed here.
    pub(super) fn holds(&self, digest: &Digest) -> bool {
        self.blobs.contains(digest) || self.manifests.contains_key(digest)
    }

    /// The digest of a manifest that is there.
    pub(super) fn resolve(&self, target: &Target) -> Option<Digest> {
        match target {
            Target::Tag(tag) => self.tags.get(tag).cloned(),
            Target::Digest(digest) => self.manifests.contains_key(digest).then(|| digest.clone()),
        }
    }

    /// Makes a change true.
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::BlobAdded { digest } => {
                self.blobs.insert(digest);
            }
            Change::BlobRemoved { digest } => {
                self.blobs.remove(&digest);
            }
            Change::ManifestAdded { digest, manifest } => {
                self.manifests.insert(digest, manifest);
            }
            Change::ManifestRemoved { digest } => {
                self.manifests.remove(&digest);
                self.tags.retain(|_, tagged| *tagged != digest);
            }
            Change::Tagged { tag, digest } => {
                self.tags.insert(tag, digest);
            }
            Change::Untagged { tag } => {
                self.tags.remove(&tag);
            }
        }
    }
}
