//! Carrying a copy out.

use std::fmt;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio_util::sync::CancellationToken;

use super::blob;
use super::plan::{CopyPlan, PlannedManifest};
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
    };
    Ok(CopyOutcome {
        requests: requests(source, target) - before,
        bytes,
    })
}

fn requests(source: &Reader, target: &Reader) -> u64 {
    let same = source.repository().host() == target.repository().host();
    source.requests() + if same { 0 } else { target.requests() }
}

/// Brings all blobs over; the bytes that went through here.
async fn blobs(
    plan: &CopyPlan,
    source: &Reader,
    target: &Writer,
    progress: &(dyn Fn(CopyProgress) + Send + Sync),
) -> Result<u64, RegistryError> {
    // Collected first: a closure over borrowed blobs inside the stream would not be `Send` for every lifetime.
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
    if let Some(subject) = &manifest.subject {
        target
            .put_referrer(subject, &manifest.descriptor, manifest.bytes.clone())
            .await?;
        progress(CopyProgress::ReferrerDone { digest });
    } else {
        let name = Target::Digest(digest.clone());
        target
            .put_manifest(&name, &manifest.descriptor.media_type, manifest.bytes.clone())
            .await?;
        progress(CopyProgress::ManifestDone { digest });
    }
    Ok(())
}

/// The proof that comes before any tag: what was put by digest was taken as such, what was there was seen there, and
/// the root is read back last.
async fn prove(plan: &CopyPlan, target: &Writer) -> Result<(), RegistryError> {
    let root = Target::Digest(plan.root.clone());
    match target.resolve(&root).await? {
        Some(_) => Ok(()),
        None => Err(RegistryError::NotFound {
            host: target.repository().host().to_owned(),
            what: format!(
                "{}@{}, just after it was put there,",
                target.repository(),
                plan.root.short()
            ),
        }),
    }
}
