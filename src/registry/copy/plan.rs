//! What a copy will have to do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::closure::{Member, Walk};
use super::cosign::Standing;
use super::options::{CopyOptions, Look};
use super::{cosign, platforms};
use crate::domain::{Algorithm, Digest, Tag, Target, count};
use crate::registry::concurrency::together;
use crate::registry::error::RegistryError;
use crate::registry::manifest::{Descriptor, Manifest, total};
use crate::registry::reader::Reader;
use crate::registry::writer::{Presence, TagRule};

/// From this size on a host that has never mounted anything is asked for the blob first: an upload for nothing would
/// cost more than the question.
pub(super) const LARGE: u64 = 16 * 1024 * 1024;

/// A copy, planned.
#[derive(Debug, Clone, Serialize)]
pub struct CopyPlan {
    /// What arrives at the target.
    pub root: Digest,
    /// What it was made of, where only some of its platforms are copied: then the digests differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<Digest>,
    /// Every manifest of the closure, in an order in which they may be put.
    pub manifests: Vec<PlannedManifest>,
    /// Every blob that a missing manifest needs, each once; of a deep copy, those of all manifests.
    pub blobs: Vec<PlannedBlob>,
    /// The referrers among the manifests, signatures in cosign's old form included.
    pub referrers: Vec<Digest>,
    /// The tag to set in the end.
    pub tag: Option<PlannedTag>,
    /// Requests that it took to make this plan, those for tokens apart.
    #[serde(rename = "planning_requests")]
    pub asked: u64,
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
    /// None for one that the target has, where nothing more needs to be known of it.
    #[serde(skip)]
    pub(super) manifest: Option<Manifest>,
    /// What is put under its tag instead, because the target has more there than the source.
    #[serde(skip)]
    pub(super) merged: Option<Manifest>,
}

impl PlannedManifest {
    /// Whether it signs what it is attached to, as far as it says so itself.
    fn is_signature(&self) -> bool {
        const PREDICATE: &str = "dev.sigstore.bundle.predicateType";
        const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
        let is_old = self
            .tag
            .as_ref()
            .is_some_and(|tag| tag.as_str().strip_suffix(".sig").is_some());
        let said = self
            .manifest
            .as_ref()
            .map_or(&self.descriptor, Manifest::descriptor);
        is_old
            || said
                .annotations
                .get(PREDICATE)
                .is_some_and(|kind| kind == SIGNATURE)
    }
}

/// A blob that the target needs.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedBlob {
    /// Which.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Whether the target has it already.
    pub state: BlobState,
    /// Whether the target's registry can be asked to take it from the source by itself.
    pub mountable: bool,
}

/// Whether the target has a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobState {
    /// It said so.
    Present,
    /// It said that it has not.
    Absent,
    /// It was not asked yet.
    Unknown,
}

/// The tag that a copy sets.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedTag {
    /// Which.
    pub tag: Tag,
    /// Whether it is there already and names the root.
    pub present: bool,
    /// The digest that it names now, if it is to move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Digest>,
}

/// What the target tells of referrers.
struct Listed {
    entries: BTreeMap<Digest, BTreeSet<Digest>>,
    /// Whether it has the API, so that nobody has to keep a fallback index.
    by_api: bool,
}

/// Walks the closure of `root` at the source, and looks what the target has of it. Reads only. The tag of the options is
/// refused where it has another digest and may not move.
pub async fn plan(
    source: &Reader,
    target: &Reader,
    root: &Target,
    options: &CopyOptions,
) -> Result<CopyPlan, RegistryError> {
    let before = source.requests() + target.requests();
    let (manifest, tagged) = tokio::try_join!(source.manifest(root), async {
        match &options.tag {
            Some((tag, _)) => target.resolve(&Target::Tag(tag.clone())).await,
            None => Ok(None),
        }
    })?;
    let whole = manifest.descriptor().digest.clone();
    let root = platforms::choose(source, manifest, &options.platforms).await?;
    let digest = root.descriptor().digest.clone();
    let tag = planned_tag(target, options, tagged.map(|found| found.digest), &root)?;
    let present = match &tag {
        Some(tag) if tag.present => true,
        Some(_) if options.look == Look::Quick => false,
        _ => target.resolve(&Target::Digest(digest.clone())).await?.is_some(),
    };
    let walk = Walk {
        source,
        target,
        options,
    };
    let members = walk.all(root, present).await?;
    let listed = listed_at(target, &members).await?;
    let looking = members.into_iter().map(|member| look(target, member, &listed));
    let manifests = together(looking.collect()).await?;
    let blobs = blobs(source, target, &manifests, options).await?;
    let referrers = manifests
        .iter()
        .filter(|manifest| manifest.tag.is_some() || manifest.subject.is_some())
        .map(|manifest| manifest.descriptor.digest.clone())
        .collect();
    let mut plan = CopyPlan {
        part_of: (whole != digest).then_some(whole),
        root: digest,
        manifests,
        blobs,
        referrers,
        tag,
        asked: source.requests() + target.requests() - before,
        requests: 0,
        bytes: 0,
    };
    (plan.requests, plan.bytes) = costs(&plan, target, listed.by_api);
    Ok(plan)
}

fn planned_tag(
    target: &Reader,
    options: &CopyOptions,
    found: Option<Digest>,
    root: &Manifest,
) -> Result<Option<PlannedTag>, RegistryError> {
    let Some((tag, rule)) = &options.tag else {
        return Ok(None);
    };
    let wanted = &root.descriptor().digest;
    // Registries name what is under a tag by its SHA-256, also where it was put by another digest.
    let is_root = |found: &Digest| found == wanted || *found == Digest::of(root.bytes());
    let present = found.as_ref().is_some_and(is_root);
    match found.filter(|_| !present) {
        Some(found) if *rule == TagRule::Immutable => Err(RegistryError::TagTaken {
            tag: format!("{}:{tag}", target.repository()),
            found,
            wanted: wanted.clone(),
        }),
        replaces => Ok(Some(PlannedTag {
            tag: tag.clone(),
            present,
            replaces,
        })),
    }
}

impl CopyPlan {
    /// Whether the root can be put under its tag at once, because nothing has to be there between the two. Under a tag
    /// alone, registries do not know it by any other digest than its SHA-256.
    pub(super) fn tags_root(&self) -> bool {
        let is_last = |manifest: &PlannedManifest| {
            manifest.present || (manifest.tag.is_none() && manifest.subject.is_none())
        };
        let is_usual = self.root.algorithm() == Algorithm::Sha256;
        let root_is_missing = self
            .root()
            .is_some_and(|root| !root.present && root.subject.is_none());
        self.tag.as_ref().is_some_and(|tag| !tag.present)
            && is_usual
            && root_is_missing
            && self.manifests.iter().all(is_last)
    }

    /// What comes along with the image, or is there with it: `3 referrers (1 signature)`.
    pub fn evidence(&self) -> String {
        let all = self.manifests.iter();
        let attached: Vec<_> = all
            .filter(|one| one.tag.is_some() || one.subject.is_some())
            .collect();
        let signatures = attached.iter().filter(|one| one.is_signature()).count();
        format!(
            "{} ({})",
            count(attached.len(), "referrer"),
            count(signatures, "signature")
        )
    }

    pub(super) fn root(&self) -> Option<&PlannedManifest> {
        self.manifests
            .iter()
            .find(|one| one.tag.is_none() && one.descriptor.digest == self.root)
    }
}

/// Requests and bytes of carrying it out, when all goes well: a mount is one request; a blob is an upload opened, a
/// download, and the upload itself in one request or more; a manifest is one.
fn costs(plan: &CopyPlan, target: &Reader, by_api: bool) -> (u64, u64) {
    let chunk = target.transport.settings().chunk.max(1);
    let mounts = target.transport.known.ways(target.repository().host()).mounts;
    let missing = || plan.manifests.iter().filter(|manifest| !manifest.present);
    let blobs = || plan.blobs.iter().filter(|blob| blob.state != BlobState::Present);
    // Without the API: read the fallback index, write it, and read it again.
    let unlisted: BTreeSet<_> = missing()
        .filter_map(|manifest| manifest.subject.as_ref())
        .collect();
    let listing = if by_api { 0 } else { unlisted.len() * 3 };
    let tagging = plan.tag.as_ref().is_some_and(|tag| !tag.present) && !plan.tags_root();
    let sending = blobs().map(|blob| {
        let question = blob.state == BlobState::Unknown && blob.size >= LARGE && !mounts;
        if blob.mountable {
            1
        } else {
            2 + u64::from(question) + blob.size.div_ceil(chunk).max(1)
        }
    });
    let requests = total(sending) + (missing().count() + listing) as u64 + u64::from(tagging);
    let moved = blobs().filter(|blob| !blob.mountable).map(|blob| blob.size);
    let bytes = total(moved.chain(missing().map(|manifest| manifest.descriptor.size)));
    (requests, bytes)
}

/// Which referrers the target lists, for each subject that has some at the source.
async fn listed_at(target: &Reader, members: &[Member]) -> Result<Listed, RegistryError> {
    let subjects: BTreeSet<_> = members.iter().filter_map(|one| one.subject().cloned()).collect();
    let asking = subjects.into_iter().map(|subject| async move {
        let by_api = target.by_api(&subject).await?;
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

/// Whether the target has a referrer or an old signature; of all others the walk has found that out.
async fn look(target: &Reader, member: Member, listed: &Listed) -> Result<PlannedManifest, RegistryError> {
    let subject = member.subject().cloned();
    let Member {
        descriptor,
        manifest,
        present,
        tag,
    } = member;
    let mut merged = None;
    let present = match (&tag, &manifest, &subject) {
        (Some(tag), Some(manifest), _) => match cosign::compare(target, tag, manifest).await? {
            Standing::Present => true,
            Standing::Missing => false,
            Standing::Merged(both) => {
                merged = Some(*both);
                false
            }
        },
        (None, _, Some(subject)) => {
            let entries = listed.entries.get(subject);
            let name = Target::Digest(descriptor.digest.clone());
            entries.is_some_and(|entries| entries.contains(&descriptor.digest))
                && (present || target.resolve(&name).await?.is_some())
        }
        _ => present,
    };
    Ok(PlannedManifest {
        descriptor,
        subject,
        tag,
        present,
        manifest,
        merged,
    })
}

/// The blobs of the manifests that are missing. A manifest that is there was taken with its blobs, unless that is to be
/// looked at; one that is missing may still share some with others.
async fn blobs(
    source: &Reader,
    target: &Reader,
    manifests: &[PlannedManifest],
    options: &CopyOptions,
) -> Result<Vec<PlannedBlob>, RegistryError> {
    let mountable = source.repository().host() == target.repository().host();
    let concerned = manifests
        .iter()
        .filter(|manifest| !manifest.present || options.deep);
    // What a manifest needs that is there already is asked for, whatever else is found out on the way.
    let doubted: BTreeSet<_> = manifests
        .iter()
        .filter(|manifest| manifest.present)
        .filter_map(|planned| planned.manifest.as_ref())
        .flat_map(Manifest::blobs)
        .map(|blob| &blob.digest)
        .collect();
    let doubted = &doubted;
    let needed: BTreeMap<_, _> = concerned
        .filter_map(|planned| planned.manifest.as_ref())
        .flat_map(Manifest::blobs)
        .map(|blob| (&blob.digest, blob))
        .collect();
    let asking = needed.into_values().map(|blob| async move {
        // Its registry may have it or not; where it has not, it stays where its addresses point to.
        if blob.is_foreign() && !source.has_blob(&blob.digest).await? {
            return Ok(None);
        }
        let state = if options.look == Look::Quick && !doubted.contains(&blob.digest) {
            BlobState::Unknown
        } else {
            let to = target.repository();
            let places = target.transport.known.places(to.host(), &blob.digest);
            match target.look_for_blob(&blob.digest).await? {
                Presence::Present => BlobState::Present,
                Presence::Unknown => BlobState::Unknown,
                Presence::Absent => {
                    // Whoever holds the lock is bringing it just now.
                    if let Ok(mut places) = places.try_lock() {
                        places.gone(to.path());
                    }
                    BlobState::Absent
                }
            }
        };
        Ok(Some(PlannedBlob {
            digest: blob.digest.clone(),
            size: blob.size,
            state,
            mountable,
        }))
    });
    Ok(together(asking.collect()).await?.into_iter().flatten().collect())
}
