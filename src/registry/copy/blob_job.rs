//! One blob, to where the target has it: it may be there, be mounted, go on in an upload of an earlier process, or have to
//! be sent.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::UnboundedSender;

use super::checkpoint::Checkpoint;
use super::plan::{BlobState, PlannedBlob};
use super::run::{CopyProgress, How};
use super::transfer::{self, locked};
use crate::domain::Digest;
use crate::registry::error::RegistryError;
use crate::registry::host_cache::Ways;
use crate::registry::reader::Reader;
use crate::registry::retry::{ATTEMPTS, backoff, is_passing};
use crate::registry::writer::{Opened, Presence, Upload, Writer};

/// From this size on a host that has never mounted anything is asked for the blob first: an upload for nothing would
/// cost more than the question.
pub(super) const LARGE: u64 = 16 * 1024 * 1024;

/// A blob to bring, from where, to where.
pub(super) struct BlobJob {
    pub(super) blob: PlannedBlob,
    pub(super) source: Reader,
    pub(super) target: Writer,
    progress: UnboundedSender<CopyProgress>,
    moved: AtomicU64,
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

    /// Brings it. Of several who bring the same blob to one host, one sends it and the others wait for that; another
    /// repository of the host then gets it by a mount. Returns the bytes that were downloaded for it.
    pub(super) async fn run(self) -> Result<u64, RegistryError> {
        let how = if self.blob.state == BlobState::Present {
            How::Present
        } else {
            let to = self.target.repository();
            let places = self.target.transport.known.places(to.host(), &self.blob.digest);
            let mut places = places.lock().await;
            if places.has(to.path()) {
                How::Present
            } else {
                let elsewhere = places.any().map(str::to_owned);
                let how = self.bring(elsewhere).await?;
                places.seen(to.path());
                how
            }
        };
        self.tell(CopyProgress::BlobDone {
            digest: self.blob.digest.clone(),
            how,
        });
        Ok(self.moved.load(Ordering::Relaxed))
    }

    async fn bring(&self, elsewhere: Option<String>) -> Result<How, RegistryError> {
        let (target, digest) = (&self.target, &self.blob.digest);
        let folder = target.transport.settings().uploads.as_deref();
        let trail = Mutex::new(Checkpoint::open(
            folder,
            target.repository(),
            digest,
            self.blob.size,
        ));
        let from = if self.blob.mountable {
            Some(self.source.repository().path())
        } else {
            elsewhere.as_deref()
        };
        let mut state = self.blob.state;
        let mut offset = 0;
        let mut attempt = 1;
        loop {
            let (error, reached) = match self.attempt(from, state, &trail).await {
                Ok(how) => return Ok(how),
                Err(failed) => failed,
            };
            // What an earlier process sent may have been wrong, or the registry may not be able to go on after all.
            let is_of_rest = reached > 0 && matches!(error, RegistryError::Status { status: 400, .. });
            if is_of_rest {
                locked(&trail).begin_anew();
            }
            attempt = if reached > offset { 1 } else { attempt + 1 };
            if attempt > ATTEMPTS || !(is_passing(&error) || is_of_rest) {
                return Err(error);
            }
            offset = reached;
            // It may have arrived, and only the answer got lost.
            state = BlobState::Unknown;
            self.tell(CopyProgress::Again {
                digest: digest.clone(),
                why: error.to_string(),
            });
            tokio::time::sleep(backoff(attempt)).await;
        }
    }

    /// One attempt, from where the last one was. A failure comes with the place that the upload had reached before.
    async fn attempt(
        &self,
        from: Option<&str>,
        state: BlobState,
        trail: &Mutex<Checkpoint>,
    ) -> Result<How, (RegistryError, u64)> {
        let at_once = |error| (error, 0);
        let mut upload = match self.earlier(trail).await.map_err(at_once)? {
            Some(upload) => upload,
            None => match self.open(from, state, trail).await.map_err(at_once)? {
                Ok(upload) => upload,
                Err(how) => return Ok(how),
            },
        };
        self.tell(CopyProgress::BlobStarted {
            digest: self.blob.digest.clone(),
            size: self.blob.size,
        });
        let reached = upload.offset;
        match transfer::fill(self, &mut upload, trail).await {
            Ok(()) => {
                locked(trail).forget();
                Ok(How::Copied)
            }
            Err(error) => {
                if matches!(error, RegistryError::DigestMismatch { .. }) {
                    self.target.give_up(&upload).await;
                    locked(trail).forget();
                }
                Err((error, reached))
            }
        }
    }

    /// The upload that an earlier attempt left, of this process or of another, if the registry still knows it.
    async fn earlier(&self, trail: &Mutex<Checkpoint>) -> Result<Option<Upload>, RegistryError> {
        let Some(location) = locked(trail).location().map(str::to_owned) else {
            return Ok(None);
        };
        let upload = Upload { location, offset: 0 };
        let found = self.target.upload_status(&upload).await?;
        // One byte is told as none is; such a beginning is not worth finding out.
        let found = found.filter(|found| (1..=self.blob.size).contains(&found.offset));
        if found.is_none() {
            locked(trail).begin_anew();
        }
        Ok(found)
    }

    /// Opens an upload, or finds that none is needed: then how the blob came there.
    async fn open(
        &self,
        from: Option<&str>,
        state: BlobState,
        trail: &Mutex<Checkpoint>,
    ) -> Result<Result<Upload, How>, RegistryError> {
        let (target, digest) = (&self.target, &self.blob.digest);
        let ways = self.ways();
        let own = target.repository().path();
        let is_question = from.is_none_or(|from| from == own);
        if is_question && state == BlobState::Unknown {
            let asks_first = ways.refuses_mounts || (!ways.mounts && self.blob.size >= LARGE);
            if asks_first && target.look_for_blob(digest).await? == Presence::Present {
                return Ok(Err(How::Present));
            }
        }
        let mount = from.or_else(|| (state == BlobState::Unknown).then_some(own));
        match target.open_upload(digest, mount).await? {
            Opened::There if is_question => Ok(Err(How::Present)),
            Opened::There => Ok(Err(How::Mounted)),
            Opened::Upload(upload) => {
                locked(trail).leads_to(&upload.location);
                Ok(Ok(upload))
            }
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
