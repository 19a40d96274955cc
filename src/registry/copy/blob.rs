//! One blob, from source to target.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::plan::PlannedBlob;
use super::run::{CopyProgress, How};
use crate::domain::Hasher;
use crate::registry::error::RegistryError;
use crate::registry::reader::Reader;
use crate::registry::transport::Activity;
use crate::registry::writer::{Opened, Upload, Writer};

/// Pieces that wait between download and upload; with pieces of some tens of kilobytes, the memory of a blob in flight.
const PIECES: usize = 8;
/// How often progress is told at most.
const TELL_EVERY: Duration = Duration::from_millis(50);
/// How often a blob is begun again when the connection broke.
const ATTEMPTS: u32 = 4;

type Progress<'a> = &'a (dyn Fn(CopyProgress) + Send + Sync);

/// Brings `blob` to the target; a broken connection begins it again.
pub(super) async fn copy(
    blob: &PlannedBlob,
    source: &Reader,
    target: &Writer,
    progress: Progress<'_>,
) -> Result<How, RegistryError> {
    let mut attempt = 1;
    loop {
        match once(blob, source, target, progress).await {
            Err(error) if attempt < ATTEMPTS && is_passing(&error) => {
                progress(CopyProgress::Again {
                    digest: blob.digest.clone(),
                    why: error.to_string(),
                });
                tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(attempt)).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

const fn is_passing(error: &RegistryError) -> bool {
    match error {
        RegistryError::Broken { .. } | RegistryError::Slow { .. } => true,
        RegistryError::Status { status, .. } => *status == 429 || *status >= 500,
        _ => false,
    }
}

async fn once(
    blob: &PlannedBlob,
    source: &Reader,
    target: &Writer,
    progress: Progress<'_>,
) -> Result<How, RegistryError> {
    let mount = blob.mountable.then(|| source.repository().path());
    let upload = match target.open_upload(&blob.digest, mount).await? {
        Opened::There => return Ok(How::Mounted),
        Opened::Upload(upload) => upload,
    };
    progress(CopyProgress::BlobStarted {
        digest: blob.digest.clone(),
        size: blob.size,
    });
    stream_through(blob, source, target, upload, progress).await?;
    Ok(How::Copied)
}

/// Downloads and uploads at the same time, piece by piece.
async fn stream_through(
    blob: &PlannedBlob,
    source: &Reader,
    target: &Writer,
    upload: Upload,
    progress: Progress<'_>,
) -> Result<(), RegistryError> {
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(PIECES);
    let activity = Activity::new();
    let pieces = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let body = Writer::streamed(blob.size, pieces, activity.clone());
    let pumping = pump(blob, source, sender, activity, progress);
    let (pumped, put) = tokio::join!(pumping, target.fill(upload, &blob.digest, body));
    // What went wrong at the source is the cause; the upload then only broke off.
    pumped?;
    put
}

/// Reads the source into the channel. The last piece is held back until the digest of all of them is known to be right,
/// so that an upload of wrong bytes is never complete.
async fn pump(
    blob: &PlannedBlob,
    source: &Reader,
    sender: mpsc::Sender<Result<Bytes, std::io::Error>>,
    activity: Activity,
    progress: Progress<'_>,
) -> Result<(), RegistryError> {
    let mut answer = source.open_blob(&blob.digest).await?;
    let what = format!("blob {} of {}", blob.digest.short(), source.repository());
    let host = answer.host().to_owned();
    let mut hasher = Hasher::new(blob.digest.algorithm());
    let mut moved = 0_u64;
    let mut told = Instant::now();
    let mut held: Option<Bytes> = None;
    while let Some(piece) = answer.chunk().await? {
        hasher.update(&piece);
        moved += piece.len() as u64;
        if moved > blob.size {
            return Err(RegistryError::TooLarge {
                host,
                what,
                size: moved,
                limit: blob.size,
            });
        }
        if let Some(before) = held.replace(piece)
            && sender.send(Ok(before)).await.is_err()
        {
            // The upload has ended early; its own error says why.
            return Ok(());
        }
        activity.moved();
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            progress(CopyProgress::BlobBytes {
                digest: blob.digest.clone(),
                moved,
            });
        }
    }
    if moved < blob.size {
        let why = format!("{moved} of {} bytes of {what} came", blob.size);
        return Err(RegistryError::Broken {
            host,
            request: "a download".to_owned(),
            why,
        });
    }
    let found = hasher.finish();
    if found != blob.digest {
        return Err(RegistryError::DigestMismatch {
            host,
            what,
            found: found.to_string(),
        });
    }
    if let Some(last) = held {
        // As above: whether the upload took it, the upload itself says.
        let _ = sender.send(Ok(last)).await;
    }
    progress(CopyProgress::BlobBytes {
        digest: blob.digest.clone(),
        moved,
    });
    Ok(())
}
