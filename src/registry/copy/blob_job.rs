//! One blob to copy: from where, to where, and what is known of both.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::UnboundedSender;

use super::plan::PlannedBlob;
use super::progress::CopyProgress;
use crate::domain::Digest;
use crate::registry::error::RegistryError;
use crate::registry::host_cache::Ways;
use crate::registry::reader::Reader;
use crate::registry::writer::Writer;

/// A blob to bring, from where, to where.
pub(super) struct BlobJob {
    pub(super) blob: PlannedBlob,
    pub(super) source: Reader,
    pub(super) target: Writer,
    progress: UnboundedSender<CopyProgress>,
    pub(super) moved: AtomicU64,
}

impl BlobJob {
    pub(super) const fn new(
        blob: PlannedBlob,
        source: Reader,
        target: Writer,
        progress: UnboundedSender<CopyProgress>,
    ) -> Self {
        Self {
            blob,
            source,
            target,
            progress,
            moved: AtomicU64::new(0),
        }
    }

    pub(super) fn ways(&self) -> Ways {
        self.target.transport.known.ways(self.target.repository().host())
    }

    pub(super) fn learn(&self, fact: impl FnOnce(&mut Ways)) {
        self.target
            .transport
            .known
            .learn(self.target.repository().host(), fact);
    }

    pub(super) fn tell(&self, progress: CopyProgress) {
        // Nobody listens any more when the copy was given up.
        let _ = self.progress.send(progress);
    }

    pub(super) fn count(&self, bytes: u64) {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn what(&self) -> String {
        format!(
            "blob {} of {}",
            self.blob.digest.short(),
            self.source.repository()
        )
    }

    /// The upload broke, in a way that another attempt may not meet.
    pub(super) fn broken(&self, why: &str) -> RegistryError {
        RegistryError::Broken {
            host: self.target.repository().host().to_owned(),
            request: format!("the upload of {}", self.blob.digest.short()),
            why: why.to_owned(),
        }
    }

    pub(super) fn broken_download(&self, why: String) -> RegistryError {
        RegistryError::Broken {
            host: self.source.repository().host().to_owned(),
            request: "a download".to_owned(),
            why,
        }
    }

    fn broken_image(&self, why: String) -> RegistryError {
        RegistryError::Malformed {
            host: self.source.repository().host().to_owned(),
            what: self.what(),
            why,
        }
    }

    pub(super) fn gone_at_source(&self) -> RegistryError {
        self.broken_image("is listed in a manifest but missing".to_owned())
    }

    pub(super) fn wrong_size(&self, found: u64) -> RegistryError {
        let size = self.blob.size;
        self.broken_image(format!("has {found} bytes; its manifest says {size}"))
    }

    pub(super) fn too_large(&self, size: u64) -> RegistryError {
        RegistryError::TooLarge {
            host: self.source.repository().host().to_owned(),
            what: self.what(),
            size,
            limit: self.blob.size,
        }
    }

    pub(super) fn wrong(&self, found: &Digest) -> RegistryError {
        RegistryError::DigestMismatch {
            host: self.source.repository().host().to_owned(),
            what: self.what(),
            found: found.to_string(),
        }
    }
}
