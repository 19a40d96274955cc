//! What a copy will have to do.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use super::closure::{Member, closure};
use super::cosign;
use crate::domain::{Digest, Tag, Target};
use crate::registry::error::RegistryError;
use crate::registry::manifest::{Descriptor, Manifest, total};
use crate::registry::reader::Reader;

/// Questions that are asked at once; the host's budget bounds them further.
const AT_ONCE: usize = 8;

/// A copy, planned.
#[derive(Debug, Clone, Serialize)]
pub struct CopyPlan {
    /// What is copied.
    pub root: Digest,
    /// Every manifest of the closure, in the order in which they are put.
    pub manifests: Vec<PlannedManifest>,
    /// Every blob that a missing manifest needs, each once.
    pub blobs: Vec<PlannedBlob>,
    /// The referrers among the manifests, signatures in cosign's old form included.
    pub referrers: Vec<Digest>,
    /// Requests that carrying it out is expected to take, those for tokens apart.
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
    /// The tag that it is found by, for a signature in cosign's old form (`sha256-<hex>.sig`); none for all others.
    pub tag: Option<Tag>,
    /// Whether the target has it, and lists it where it is a referrer.
    pub present: bool,
    #[serde(skip)]
    pub(super) manifest: Manifest,
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

/// What the target tells of referrers.
struct Listed {
    entries: BTreeMap<Digest, BTreeSet<Digest>>,
    /// Whether it has the API, so that nobody has to keep a fallback index.
    by_api: bool,
}

/// Walks the closure of `root` at the source, and looks what the target has of it. Reads only.
pub async fn plan(source: &Reader, target: &Reader, root: &Digest) -> Result<CopyPlan, RegistryError> {
    let members = closure(source, root).await?;
    let listed = listed_at(target, &members).await?;
    let looking = members.into_iter().map(|member| look(target, member, &listed));
    let manifests = together(looking.collect()).await?;
    let blobs = blobs(source, target, &manifests).await?;
    let referrers = manifests
        .iter()
        .filter(|manifest| manifest.tag.is_some() || manifest.subject.is_some())
        .map(|manifest| manifest.descriptor.digest.clone())
        .collect();
    let (requests, bytes) = costs(&manifests, &blobs, listed.by_api);
    Ok(CopyPlan {
        root: root.clone(),
        manifests,
        blobs,
        referrers,
        requests,
        bytes,
    })
}

/// Requests and bytes of carrying it out, when all goes well: a mount is one request, a blob three (open the upload,
/// download, upload), a manifest one to put it and one to see that it is there.
fn costs(manifests: &[PlannedManifest], blobs: &[PlannedBlob], by_api: bool) -> (u64, u64) {
    let blobs = || blobs.iter().filter(|blob| !blob.present);
    let missing = || manifests.iter().filter(|manifest| !manifest.present);
    // Without the API: read the fallback index, write it, and read it again.
    let listing = missing()
        .filter(|manifest| manifest.subject.is_some() && !by_api)
        .count()
        * 3;
    let requests = total(blobs().map(|blob| if blob.mountable { 1 } else { 3 }))
        + (missing().count() + listing + manifests.len()) as u64;
    let moved = blobs().filter(|blob| !blob.mountable).map(|blob| blob.size);
    let bytes = total(moved.chain(missing().map(|manifest| manifest.descriptor.size)));
    (requests, bytes)
}

/// Which referrers the target lists, for each subject that has some at the source.
async fn listed_at(target: &Reader, members: &[Member]) -> Result<Listed, RegistryError> {
    let subjects: BTreeSet<_> = members
        .iter()
        .filter_map(|one| one.manifest.subject().cloned())
        .collect();
    let asking = subjects.into_iter().map(|subject| async move {
        let by_api = target.by_api(&subject, None).await?;
        let is_by_api = by_api.is_some();
        let entries = match by_api {
            Some(entries) => entries,
            None => target.by_fallback_tag(&subject).await?,
        };
        let digests = entries.into_iter().map(|entry| entry.digest).collect();
        Ok((subject, digests, is_by_api))
    });
    let asked = together(asking.collect()).await?;
    Ok(Listed {
        by_api: asked.iter().all(|(_, _, by_api)| *by_api),
        entries: asked
            .into_iter()
            .map(|(subject, entries, _)| (subject, entries))
            .collect(),
    })
}

async fn look(target: &Reader, member: Member, listed: &Listed) -> Result<PlannedManifest, RegistryError> {
    let Member { manifest, tag } = member;
    let descriptor = manifest.descriptor().clone();
    let subject = manifest.subject().cloned();
    let present = if let Some(tag) = &tag {
        cosign::is_present(target, tag, &manifest).await?
    } else {
        let is_listed = subject.as_ref().is_none_or(|subject| {
            let entries = listed.entries.get(subject);
            entries.is_some_and(|entries| entries.contains(&descriptor.digest))
        });
        is_listed
            && target
                .resolve(&Target::Digest(descriptor.digest.clone()))
                .await?
                .is_some()
    };
    Ok(PlannedManifest {
        descriptor,
        subject,
        tag,
        present,
        manifest,
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
    let missing = manifests.iter().filter(|manifest| !manifest.present);
    let needed: BTreeMap<_, _> = missing
        .flat_map(|planned| planned.manifest.blobs())
        .map(|blob| (blob.digest.clone(), blob.size))
        .collect();
    let asking = needed.into_iter().map(|(digest, size)| async move {
        let present = target.has_blob(&digest).await?;
        Ok(PlannedBlob {
            digest,
            size,
            present,
            mountable,
        })
    });
    together(asking.collect()).await
}

/// Asks some at the same time; the answers in the order of the questions. These come as a list: made by a closure inside
/// the stream they would not be `Send` for every lifetime.
pub(super) async fn together<T, F>(questions: Vec<F>) -> Result<Vec<T>, RegistryError>
where
    F: Future<Output = Result<T, RegistryError>>,
{
    stream::iter(questions).buffered(AT_ONCE).try_collect().await
}
