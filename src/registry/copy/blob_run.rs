//! One blob, brought to where the target has it: it may be there, be mounted, go on in an upload of an earlier process, or
//! have to be sent.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::blob_job::BlobJob;
use super::checkpoint::Checkpoint;
use super::plan::{BlobState, LARGE};
use super::progress::{CopyProgress, How};
use super::transfer::{self, locked};
use crate::registry::error::RegistryError;
use crate::registry::retry::{ATTEMPTS, backoff, is_passing};
use crate::registry::writer::{Opened, Presence, Upload};

impl BlobJob {
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
}
