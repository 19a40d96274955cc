//! What a copy will have to do.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use crate::domain::{Digest, Target};
use crate::registry::error::RegistryError;
use crate::registry::manifest::{Descriptor, Manifest};
use crate::registry::reader::Reader;

/// Questions that are asked at once while planning; the host's budget bounds them further.
const AT_ONCE: usize = 8;
/// Indexes in indexes; real ones go two deep.
const DEEPEST: usize = 8;
/// More manifests than any image has, referrers included.
const MOST_MANIFESTS: usize = 5_000;

/// A copy, planned.
#[derive(Debug, Clone, Serialize)]
pub struct CopyPlan {
    /// What is copied.
    pub root: Digest,
    /// Every manifest of the closure, in the order in which they are put.
    pub manifests: Vec<PlannedManifest>,
    /// Every blob that a missing manifest needs, each once.
    pub blobs: Vec<PlannedBlob>,
    /// The referrers among the manifests.
    pub referrers: Vec<Digest>,
    /// Requests that the run is expected to take, planning and all, authentication apart.
    pub requests: u64,
    /// Bytes that will have to move.
    pub bytes: u64,
}

/// A manifest of the closure.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedManifest {
    /// Which.
    pub descriptor: Descriptor,
    /// What it refers to, for a referrer.
    pub subject: Option<Digest>,
    /// Whether the target has it, and lists it where it is a referrer.
    pub present: bool,
    #[serde(skip)]
    pub(super) bytes: Bytes,
}

/// A blob that the target needs.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedBlob {
    /// Which.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Whether the target has it already.
    pub present: bool,
    /// Whether the target's registry can be asked to take it from the source by itself.
    pub mountable: bool,
}

/// Walks the closure of `root` at the source, and looks what the target has of it. Reads only.
pub async fn plan(source: &Reader, target: &Reader, root: &Digest) -> Result<CopyPlan, RegistryError> {
    let mut walk = Walk {
        source,
        seen: BTreeSet::new(),
        found: Vec::new(),
        requests: 0,
    };
    walk.visit(root.clone(), None, 0).await?;
    let Walk {
        found, mut requests, ..
    } = walk;

    let listed = listed_at(target, &found).await?;
    requests += listed.len() as u64 + found.len() as u64;
    let looking: Vec<_> = found
        .into_iter()
        .map(|found| look(target, found, &listed))
        .collect();
    let manifests: Vec<PlannedManifest> = stream::iter(looking).buffered(AT_ONCE).try_collect().await?;
    let blobs = blobs(source, target, &manifests).await?;
    requests += blobs.len() as u64;
    let same_host = source.repository().host() == target.repository().host();
    let to_move = blobs.iter().filter(|blob| !blob.present);
    requests += to_move
        .clone()
        .map(|_| if same_host { 1 } else { 3 })
        .sum::<u64>();
    requests += manifests.iter().filter(|manifest| !manifest.present).count() as u64;
    let manifest_bytes: u64 = manifests
        .iter()
        .filter(|m| !m.present)
        .map(|m| m.descriptor.size)
        .sum();
    let blob_bytes: u64 = if same_host {
        0
    } else {
        to_move.map(|blob| blob.size).sum()
    };
    Ok(CopyPlan {
        root: root.clone(),
        referrers: manifests
            .iter()
            .filter(|m| m.subject.is_some())
            .map(|m| m.descriptor.digest.clone())
            .collect(),
        manifests,
        blobs,
        requests,
        bytes: manifest_bytes + blob_bytes,
    })
}

/// A manifest found at the source.
struct Found {
    descriptor: Descriptor,
    subject: Option<Digest>,
    bytes: Bytes,
}

struct Walk<'a> {
    source: &'a Reader,
    seen: BTreeSet<Digest>,
    found: Vec<Found>,
    requests: u64,
}

impl Walk<'_> {
    /// Children before the manifest itself, its referrers after it: the order in which they may be put.
    async fn visit(
        &mut self,
        digest: Digest,
        subject: Option<Digest>,
        depth: usize,
    ) -> Result<(), RegistryError> {
        let odd = |why: &str| RegistryError::Malformed {
            host: self.source.repository().host().to_owned(),
            what: format!("{}@{}", self.source.repository(), digest.short()),
            why: why.to_owned(),
        };
        if depth > DEEPEST {
            return Err(odd("nests indexes deeper than any image does"));
        }
        if self.seen.len() >= MOST_MANIFESTS {
            return Err(odd("leads to more manifests than any image has"));
        }
        if !self.seen.insert(digest.clone()) {
            return Ok(());
        }
        self.requests += 2;
        let manifest_target = Target::Digest(digest.clone());
        let (manifest, referrers) = tokio::try_join!(
            self.source.manifest(&manifest_target),
            self.source.referrers(&digest, None)
        )?;
        for child in manifest.children() {
            Box::pin(self.visit(child.digest.clone(), None, depth + 1)).await?;
        }
        // Layers that registries do not store cannot be promoted with the certainty that a promotion promises.
        if let Some(foreign) = manifest.blobs().find(|blob| !blob.urls.is_empty()) {
            return Err(RegistryError::Malformed {
                host: self.source.repository().host().to_owned(),
                what: format!("{}@{}", self.source.repository(), digest.short()),
                why: format!(
                    "has a foreign layer ({}), which lives outside registries",
                    foreign.digest.short()
                ),
            });
        }
        self.found.push(Found {
            descriptor: manifest.descriptor().clone(),
            subject,
            bytes: manifest.bytes().clone(),
        });
        for referrer in referrers {
            Box::pin(self.visit(referrer.digest, Some(digest.clone()), depth + 1)).await?;
        }
        Ok(())
    }
}

/// Which referrers the target lists, for each subject that has some at the source.
async fn listed_at(
    target: &Reader,
    found: &[Found],
) -> Result<BTreeMap<Digest, BTreeSet<Digest>>, RegistryError> {
    let subjects: BTreeSet<_> = found.iter().filter_map(|found| found.subject.clone()).collect();
    let asking: Vec<_> = subjects
        .into_iter()
        .map(|subject| async move {
            let listed = target.referrers(&subject, None).await?;
            Ok((subject, listed.into_iter().map(|entry| entry.digest).collect()))
        })
        .collect();
    stream::iter(asking).buffer_unordered(AT_ONCE).try_collect().await
}

async fn look(
    target: &Reader,
    found: Found,
    listed: &BTreeMap<Digest, BTreeSet<Digest>>,
) -> Result<PlannedManifest, RegistryError> {
    let digest = &found.descriptor.digest;
    let is_listed = found.subject.as_ref().is_none_or(|subject| {
        listed
            .get(subject)
            .is_some_and(|entries| entries.contains(digest))
    });
    let present = is_listed && target.resolve(&Target::Digest(digest.clone())).await?.is_some();
    Ok(PlannedManifest {
        descriptor: found.descriptor,
        subject: found.subject,
        present,
        bytes: found.bytes,
    })
}

/// The blobs of the manifests that are missing. A manifest that is there was taken with its blobs; one that is missing
/// may still share some with others.
async fn blobs(
    source: &Reader,
    target: &Reader,
    manifests: &[PlannedManifest],
) -> Result<Vec<PlannedBlob>, RegistryError> {
    let mountable = source.repository().host() == target.repository().host();
    let mut needed = BTreeMap::new();
    for manifest in manifests.iter().filter(|manifest| !manifest.present) {
        let digest = manifest.descriptor.digest.clone();
        // It was understood when the closure was walked.
        if let Ok(parsed) = Manifest::parse(manifest.bytes.clone(), digest, None) {
            needed.extend(parsed.blobs().map(|blob| (blob.digest.clone(), blob.size)));
        }
    }
    let asking: Vec<_> = needed
        .into_iter()
        .map(|(digest, size)| async move {
            let present = target.has_blob(&digest).await?;
            Ok(PlannedBlob {
                digest,
                size,
                present,
                mountable,
            })
        })
        .collect();
    stream::iter(asking).buffered(AT_ONCE).try_collect().await
}
