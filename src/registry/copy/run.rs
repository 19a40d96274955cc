//! Carrying a copy out.

use std::fmt;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::blob;
use super::plan::{CopyPlan, PlannedManifest, together};
use crate::domain::{Digest, Target};
use crate::registry::error::RegistryError;
use crate::registry::reader::Reader;
use crate::registry::writer::Writer;

/// Blobs that move at once.
const BLOBS_AT_ONCE: usize = 6;

/// What a copy tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyProgress {
    /// A blob begins to move.
    BlobStarted {
        /// Which.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// Bytes of it have moved.
    BlobBytes {
        /// Which.
        digest: Digest,
        /// How many so far, of this attempt.
        moved: u64,
    },
    /// A registry asked to be left alone for a while (`Retry-After`).
    Waiting {
        /// Which.
        host: String,
        /// For how long.
        seconds: u64,
    },
    /// It begins anew, because the connection broke.
    Again {
        /// Which.
        digest: Digest,
        /// Why.
        why: String,
    },
    /// It is at the target.
    BlobDone {
        /// Which.
        digest: Digest,
        /// How it came there.
        how: How,
    },
    /// A manifest is at the target.
    ManifestDone {
        /// Which.
        digest: Digest,
    },
    /// A referrer is at the target, and can be found there.
    ReferrerDone {
        /// Which.
        digest: Digest,
    },
}

/// How a blob came to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its bytes went through here.
    Copied,
    /// The registry took it from the source by itself.
    Mounted,
    /// It was there before.
    Present,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Copied => "copied",
            Self::Mounted => "mounted",
            Self::Present => "was there already",
        })
    }
}

/// What a copy came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CopyOutcome {
    /// Requests to both hosts while it ran, those for tokens apart.
    pub requests: u64,
    /// Bytes that went through here.
    pub bytes: u64,
}

/// Carries `plan` out. Cancelled, it stops at once and leaves no manifest whose parts are missing; given again, it goes
/// on with what is not there yet.
pub async fn run(
    plan: &CopyPlan,
    source: &Reader,
    target: &Writer,
    progress: &(dyn Fn(CopyProgress) + Send + Sync),
    cancel: &CancellationToken,
) -> Result<CopyOutcome, RegistryError> {
    let before = requests(source, target);
    let moving = async {
        let mut bytes = blobs(plan, source, target, progress).await?;
        for manifest in plan.manifests.iter().filter(|manifest| !manifest.present) {
            put(manifest, target, progress).await?;
            bytes += manifest.descriptor.size;
        }
        prove(plan, target).await?;
        Ok(bytes)
    };
    let bytes = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(RegistryError::Interrupted),
        moved = moving => moved?,
        result = tell_waits(source, progress) => return Err(result),
        result = tell_waits(target, progress), if !same_host(source, target) => return Err(result),
    };
    Ok(CopyOutcome {
        requests: requests(source, target) - before,
        bytes,
    })
}

fn same_host(source: &Reader, target: &Reader) -> bool {
    source.repository().host() == target.repository().host()
}

fn requests(source: &Reader, target: &Reader) -> u64 {
    let of_target = if same_host(source, target) {
        0
    } else {
        target.requests()
    };
    source.requests() + of_target
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

/// Brings all blobs over; the bytes that went through here.
async fn blobs(
    plan: &CopyPlan,
    source: &Reader,
    target: &Writer,
    progress: &(dyn Fn(CopyProgress) + Send + Sync),
) -> Result<u64, RegistryError> {
    // A list first, as in `together`.
    let moving: Vec<_> = plan
        .blobs
        .iter()
        .map(|planned| async move {
            let how = if planned.present {
                How::Present
            } else {
                blob::copy(planned, source, target, progress).await?
            };
            progress(CopyProgress::BlobDone {
                digest: planned.digest.clone(),
                how,
            });
            Ok(if how == How::Copied { planned.size } else { 0 })
        })
        .collect();
    stream::iter(moving)
        .buffer_unordered(BLOBS_AT_ONCE)
        .try_fold(0, |sum, size| async move { Ok(sum + size) })
        .await
}

async fn put(
    manifest: &PlannedManifest,
    target: &Writer,
    progress: &(dyn Fn(CopyProgress) + Send + Sync),
) -> Result<(), RegistryError> {
    let digest = manifest.descriptor.digest.clone();
    let (media_type, bytes) = (&manifest.descriptor.media_type, manifest.manifest.bytes().clone());
    if let Some(tag) = &manifest.tag {
        target
            .put_manifest(&Target::Tag(tag.clone()), media_type, bytes)
            .await?;
        progress(CopyProgress::ReferrerDone { digest });
    } else if let Some(subject) = &manifest.subject {
        target.put_referrer(subject, &manifest.descriptor, bytes).await?;
        progress(CopyProgress::ReferrerDone { digest });
    } else {
        target
            .put_manifest(&Target::Digest(digest.clone()), media_type, bytes)
            .await?;
        progress(CopyProgress::ManifestDone { digest });
    }
    Ok(())
}

/// The proof that comes before any tag: every manifest of the closure is at the target now, those too that were there
/// when the plan was made.
async fn prove(plan: &CopyPlan, target: &Writer) -> Result<(), RegistryError> {
    let looking = plan.manifests.iter().map(|manifest| async move {
        let name = match &manifest.tag {
            // The target may have more signatures under it, and then it is another digest.
            Some(tag) => Target::Tag(tag.clone()),
            None => Target::Digest(manifest.descriptor.digest.clone()),
        };
        match target.resolve(&name).await? {
            Some(_) => Ok(()),
            None => Err(RegistryError::Incomplete {
                host: target.repository().host().to_owned(),
                what: target.name(&name),
            }),
        }
    });
    together(looking.collect()).await.map(|_| ())
}
