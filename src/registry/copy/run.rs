//! Carrying a copy out.

use std::collections::BTreeMap;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde::Serialize;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::blob_pool::Blobs;
use super::checkpoint;
use super::plan::{CopyPlan, PlannedManifest};
use super::progress::CopyProgress;
use super::schedule::Schedule;
use crate::domain::{Digest, Target};
use crate::registry::error::RegistryError;
use crate::registry::manifest::Descriptor;
use crate::registry::reader::Reader;
use crate::registry::writer::Writer;

/// What a copy came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CopyOutcome {
    /// Requests that it took, those for tokens apart.
    pub requests: u64,
    /// Bytes that came through here, those of the manifests that were put included.
    pub bytes: u64,
}

/// Carries `plan` out. Cancelled, it stops at once and leaves no manifest whose parts are missing; given again, it goes
/// on with what is not there yet. The tag of the plan is set when everything else is known to be there: each manifest
/// was seen when the plan was made, or the registry has confirmed that it took it.
pub async fn run(
    plan: &CopyPlan,
    source: &Reader,
    target: &Writer,
    progress: &(dyn Fn(CopyProgress) + Send + Sync),
    cancel: &CancellationToken,
) -> Result<CopyOutcome, RegistryError> {
    let before = source.requests() + target.requests();
    if let Some(folder) = &target.transport.settings().uploads {
        target
            .transport
            .known
            .swept
            .get_or_init(|| checkpoint::sweep(folder));
    }
    let (sender, mut told) = mpsc::unbounded_channel();
    let mut moving = std::pin::pin!(carry_out(plan, source, target, sender));
    let mut waits_of_source = std::pin::pin!(tell_waits(source, progress));
    let mut waits_of_target = std::pin::pin!(tell_waits(target, progress));
    let bytes = loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(RegistryError::Interrupted),
            Some(one) = told.recv() => progress(one),
            result = &mut moving => {
                while let Ok(one) = told.try_recv() {
                    progress(one);
                }
                break result?;
            }
            error = &mut waits_of_source => return Err(error),
            error = &mut waits_of_target, if !same_host(source, target) => return Err(error),
        }
    };
    Ok(CopyOutcome {
        requests: source.requests() + target.requests() - before,
        bytes,
    })
}

fn same_host(source: &Reader, target: &Reader) -> bool {
    source.repository().host() == target.repository().host()
}

/// Tells whenever a registry asks to be left alone. Never ends, unless there is no such host.
async fn tell_waits(reader: &Reader, progress: &(dyn Fn(CopyProgress) + Send + Sync)) -> RegistryError {
    let host = match reader.host() {
        Ok(host) => host,
        Err(error) => return error,
    };
    let mut pauses = host.pauses();
    while pauses.changed().await.is_ok() {
        if let Some(until) = *pauses.borrow_and_update() {
            let left = until.saturating_duration_since(Instant::now());
            progress(CopyProgress::Waiting {
                host: host.name.clone(),
                seconds: left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX),
            });
        }
    }
    std::future::pending().await
}

/// What has come to its end.
enum Done {
    /// With the bytes that were downloaded for it.
    Blob(Digest, u64),
    /// One that the registry does not list by itself goes with its subject and its entry for the list.
    Manifest(Digest, Option<Box<(Digest, Descriptor)>>),
}

async fn carry_out(
    plan: &CopyPlan,
    source: &Reader,
    target: &Writer,
    progress: UnboundedSender<CopyProgress>,
) -> Result<u64, RegistryError> {
    let (mut schedule, ready) = Schedule::of(plan);
    let tag = plan
        .tag
        .as_ref()
        .filter(|tag| !tag.present)
        .map(|tag| Target::Tag(tag.tag.clone()));
    let tags_root = plan.tags_root();
    let put = |place: usize| {
        let manifest = &plan.manifests[place];
        let name = tag
            .clone()
            .filter(|_| tags_root && manifest.tag.is_none() && manifest.descriptor.digest == plan.root);
        put(manifest, name, target, &progress)
    };
    let mut blobs = Blobs::of(plan, source, target, &progress);
    let mut manifests: FuturesUnordered<_> = ready.into_iter().map(put).collect();
    let mut unlisted: BTreeMap<Digest, Vec<Descriptor>> = BTreeMap::new();
    let mut bytes = 0;
    loop {
        let done = tokio::select! {
            Some(done) = manifests.next() => done?,
            Some(blob) = blobs.next() => {
                let (digest, moved) = blob?;
                Done::Blob(digest, moved)
            }
            else => break,
        };
        let digest = match done {
            Done::Blob(digest, moved) => {
                bytes += moved;
                digest
            }
            Done::Manifest(digest, to_list) => {
                if let Some((subject, entry)) = to_list.map(|one| *one) {
                    unlisted.entry(subject).or_default().push(entry);
                }
                digest
            }
        };
        manifests.extend(schedule.arrived(&digest).into_iter().map(put));
    }
    for (subject, entries) in unlisted {
        target.list_in_fallback(&subject, &entries).await?;
    }
    let missing = plan.manifests.iter().filter(|manifest| !manifest.present);
    for manifest in missing {
        bytes += manifest.descriptor.size;
        let digest = manifest.descriptor.digest.clone();
        if manifest.subject.is_some() || manifest.tag.is_some() {
            let _ = progress.send(CopyProgress::ReferrerDone { digest });
        }
    }
    if let (Some(tag), false, Some(root)) = (
        tag,
        tags_root,
        plan.root().and_then(|root| root.manifest.as_ref()),
    ) {
        target
            .put_manifest(&tag, &root.descriptor().media_type, root.bytes().clone())
            .await?;
    }
    Ok(bytes)
}

async fn put(
    manifest: &PlannedManifest,
    name: Option<Target>,
    target: &Writer,
    progress: &UnboundedSender<CopyProgress>,
) -> Result<Done, RegistryError> {
    let digest = manifest.descriptor.digest.clone();
    let Some(content) = &manifest.manifest else {
        // Only manifests that the target has are not read.
        return Ok(Done::Manifest(digest, None));
    };
    let own = manifest
        .tag
        .clone()
        .map_or_else(|| Target::Digest(digest.clone()), Target::Tag);
    let content = manifest.merged.as_ref().unwrap_or(content);
    let media_type = &content.descriptor().media_type;
    let keeps_referrers = target
        .put_manifest(&name.unwrap_or(own), media_type, content.bytes().clone())
        .await?;
    let to_list = match &manifest.subject {
        Some(subject) if !keeps_referrers => Some(Box::new((subject.clone(), manifest.descriptor.clone()))),
        _ => None,
    };
    if manifest.subject.is_none() && manifest.tag.is_none() {
        // Whether somebody listens does not matter here.
        let _ = progress.send(CopyProgress::ManifestDone {
            digest: digest.clone(),
        });
    }
    Ok(Done::Manifest(digest, to_list))
}
