//! One blob, from source to target.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::plan::PlannedBlob;
use super::run::{CopyProgress, How};
use crate::domain::Hasher;
use crate::registry::answer::Answer;
use crate::registry::call::Activity;
use crate::registry::error::RegistryError;
use crate::registry::patience::{ATTEMPTS, backoff, is_passing};
use crate::registry::reader::Reader;
use crate::registry::writer::{Opened, Upload, Writer};

/// Pieces that wait between download and upload; with pieces of some tens of kilobytes, the memory of a blob in flight.
const PIECES: usize = 8;
/// How often progress is told at most.
const TELL_EVERY: Duration = Duration::from_millis(50);

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
                tokio::time::sleep(backoff(attempt)).await;
                attempt += 1;
            }
            result => return result,
        }
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
    stream_through(blob, source, target, &upload, progress).await?;
    Ok(How::Copied)
}

/// Downloads and uploads at the same time, piece by piece.
async fn stream_through(
    blob: &PlannedBlob,
    source: &Reader,
    target: &Writer,
    upload: &Upload,
    progress: Progress<'_>,
) -> Result<(), RegistryError> {
    // Both places before either side begins, or an upload would wait for bytes of a download that waits for its turn;
    // and always in the same order, so that copies in opposite directions do not wait for each other. One registry
    // that is both gives one place for both: with a budget of one there could be no second.
    let mut hosts = vec![source.host()?, target.host()?];
    hosts.sort_by(|a, b| a.name.cmp(&b.name));
    hosts.dedup_by(|a, b| Arc::ptr_eq(a, b));
    let mut places = Vec::with_capacity(hosts.len());
    for host in &hosts {
        places.push(host.take_place().await);
    }
    let call = source.blob_call(&blob.digest).holding_place();
    let answer = source.open_blob(&blob.digest, call).await?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(PIECES);
    let activity = Activity::new();
    let pieces = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let body = Writer::streamed(blob.size, pieces, activity.clone());
    let call = target
        .upload_call(upload, &blob.digest)
        .body(body)
        .holding_place();
    let pumping = pump(blob, answer, source, sender, activity, progress);
    let (pumped, put) = tokio::join!(pumping, target.fill(call, &blob.digest));
    // What went wrong at the source is the cause; the upload then only broke off.
    pumped?;
    put
}

/// Reads the source into the channel. The last piece is held back until the digest of all of them is known to be right,
/// so that an upload of wrong bytes is never complete.
async fn pump(
    blob: &PlannedBlob,
    mut answer: Answer,
    source: &Reader,
    sender: mpsc::Sender<Result<Bytes, std::io::Error>>,
    activity: Activity,
    progress: Progress<'_>,
) -> Result<(), RegistryError> {
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
