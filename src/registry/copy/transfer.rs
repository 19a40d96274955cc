//! The bytes of one blob, from the source into an upload: downloaded and uploaded at the same time, in constant memory,
//! the digest checked on the way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use reqwest::header;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use super::blob_job::BlobJob;
use super::checkpoint::{Checkpoint, Mark};
use super::progress::CopyProgress;
use crate::registry::answer::Answer;
use crate::registry::call::{Activity, Body};
use crate::registry::error::RegistryError;
use crate::registry::retry::{ATTEMPTS, backoff, is_passing};
use crate::registry::writer::Upload;

/// Bytes that may wait between download and upload of a blob: enough that neither side waits for the other's turn, few
/// enough for many blobs at once.
const WINDOW: usize = 2 * 1024 * 1024;
/// How often progress is told at most.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// Fills `upload` from where it is to its end, and closes it. Keeps in `upload` where the registry is, as far as it has
/// said so.
pub(super) async fn fill(
    errand: &BlobJob,
    upload: &mut Upload,
    trail: &Mutex<Checkpoint>,
) -> Result<(), RegistryError> {
    // Both places before either side begins, or an upload would wait for bytes of a download that waits for its turn;
    // and always in the same order, so that copies in opposite directions do not wait for each other. One registry
    // that is both gives one place for both: with a budget of one there could be no second.
    let mut hosts = vec![errand.source.host()?, errand.target.host()?];
    hosts.sort_by(|a, b| a.name.cmp(&b.name));
    hosts.dedup_by(|a, b| Arc::ptr_eq(a, b));
    let mut places = Vec::with_capacity(hosts.len());
    for host in &hosts {
        places.push(host.take_place().await);
    }
    let mark = locked(trail).before(upload.offset);
    let (sender, receiver) = mpsc::unbounded_channel();
    let feed = Feed {
        pieces: Arc::new(tokio::sync::Mutex::new((receiver, Bytes::new(), None))),
        verified: Arc::new(AtomicBool::new(false)),
        activity: Activity::new(),
    };
    let download = Download {
        errand,
        trail,
        at: mark.at,
        from: upload.offset,
        sender,
        window: Arc::new(Semaphore::new(WINDOW)),
        verified: Arc::clone(&feed.verified),
        activity: feed.activity.clone(),
        refuses_ranges: false,
    };
    let uploading = async {
        // A registry that is both may give nothing while it takes something (go-containerregistry's holds a lock until
        // the body of an upload has come): it has to give first.
        if hosts.len() == 1 {
            feed.has_begun().await;
        }
        send(errand, upload, trail, feed).await
    };
    let (downloaded, sent) = tokio::join!(download.run(mark), uploading);
    // What went wrong at the source is the cause; the upload then only broke off.
    downloaded?;
    sent
}

pub(super) fn locked(trail: &Mutex<Checkpoint>) -> MutexGuard<'_, Checkpoint> {
    trail.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The upload's side. One request for a whole blob; a blob that goes on where it was, and the parts of a very large one,
/// are chunks. When it ends, so does what feeds it, and the download learns that nobody takes its pieces.
async fn send(
    errand: &BlobJob,
    upload: &mut Upload,
    trail: &Mutex<Checkpoint>,
    feed: Feed,
) -> Result<(), RegistryError> {
    let (target, size) = (&errand.target, errand.blob.size);
    let goes_on = upload.offset > 0;
    let chunk = target.transport.settings().chunk.max(1);
    while upload.offset < size && (goes_on || size - upload.offset > chunk) && !errand.ways().refuses_chunks {
        let length = chunk.min(size - upload.offset);
        *upload = match target.send_chunk(upload, length, feed.body(length)).await {
            Err(RegistryError::Status { status, .. }) if !goes_on && matches!(status, 400..=428) => {
                // It takes blobs only whole: the next attempt will send it so.
                errand.learn(|ways| ways.refuses_chunks = true);
                return Err(errand.broken("the registry does not support chunked uploads"));
            }
            result => result?,
        };
        locked(trail).leads_to(&upload.location);
    }
    if upload.offset > size {
        return Err(errand.broken("the registry reports more bytes than the blob has"));
    }
    let rest = size - upload.offset;
    if rest == 0 && size > 0 {
        // All the bytes are there; that they are the right ones has to be known first.
        feed.run_dry().await;
        if !feed.verified.load(Ordering::Acquire) {
            return Err(errand.broken("the download ended early"));
        }
    }
    let call = target
        .closing_call(upload, &errand.blob.digest)
        .body(feed.body(rest));
    target.close_upload(call.hashing(size).holding_place()).await
}

/// Bytes on their way, with the room that they take in the window.
type Piece = (Bytes, Option<OwnedSemaphorePermit>);
/// The pieces that come, what the last request left of one, and its room.
type Pieces = (
    mpsc::UnboundedReceiver<Piece>,
    Bytes,
    Option<OwnedSemaphorePermit>,
);

/// What comes from the download, for the requests of the upload one after the other.
struct Feed {
    pieces: Arc<tokio::sync::Mutex<Pieces>>,
    /// Whether the whole blob has come, with the right digest.
    verified: Arc<AtomicBool>,
    activity: Activity,
}

impl Feed {
    /// The next `length` bytes as the body of a request. It ends early if the download does, which breaks the request.
    fn body(&self, length: u64) -> Body {
        Body::stream(length, self.take(length), self.activity.clone())
    }

    fn take(&self, length: u64) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
        stream::unfold((Arc::clone(&self.pieces), length), |(pieces, left)| async move {
            if left == 0 {
                return None;
            }
            let mut held = pieces.lock().await;
            let (receiver, rest, room) = &mut *held;
            if rest.is_empty() {
                (*rest, *room) = receiver.recv().await?;
            }
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            let piece = rest.split_to(most);
            drop(held);
            let left = left - piece.len() as u64;
            Some((Ok(piece), (pieces, left)))
        })
    }

    /// Waits for the first piece, or for the end of the download without one.
    async fn has_begun(&self) {
        let (receiver, rest, room) = &mut *self.pieces.lock().await;
        if rest.is_empty() {
            (*rest, *room) = receiver.recv().await.unwrap_or_default();
        }
    }

    /// Waits for the end of the download.
    async fn run_dry(&self) {
        let (receiver, ..) = &mut *self.pieces.lock().await;
        while receiver.recv().await.is_some() {}
    }
}

/// The download's side: from a mark to the end, over as many connections as that takes.
struct Download<'a> {
    errand: &'a BlobJob,
    trail: &'a Mutex<Checkpoint>,
    /// Where the download is.
    at: u64,
    /// Where the upload begins: what comes before is only hashed.
    from: u64,
    sender: mpsc::UnboundedSender<Piece>,
    /// Room for the pieces that wait.
    window: Arc<Semaphore>,
    verified: Arc<AtomicBool>,
    activity: Activity,
    /// Whether the source has refused to go on in the middle.
    refuses_ranges: bool,
}

impl Download<'_> {
    /// The last piece is held back until the digest of all of them is known to be right, so that an upload of wrong bytes
    /// is never complete.
    async fn run(mut self, mark: Mark) -> Result<(), RegistryError> {
        let size = self.errand.blob.size;
        let mut hasher = mark.hasher;
        let mut held = Bytes::new();
        let mut told = Instant::now();
        let mut attempt = 1;
        let mut answer = None;
        while self.at < size || self.at == 0 {
            let piece = match self.next(&mut answer).await {
                Ok(Some(piece)) => piece,
                Ok(None) if self.at == size => break,
                // The whole blob, and a manifest that says another size: no other attempt finds more.
                Ok(None) if hasher.clone().finish() == self.errand.blob.digest => {
                    return Err(self.errand.wrong_size(self.at));
                }
                Ok(None) => {
                    let why = format!("received {} of {size} bytes of {}", self.at, self.errand.what());
                    self.pause(&mut attempt, &mut answer, self.errand.broken_download(why))
                        .await?;
                    continue;
                }
                Err(error) => {
                    self.pause(&mut attempt, &mut answer, error).await?;
                    continue;
                }
            };
            attempt = 1;
            hasher.update(&piece);
            let begin = self.at;
            self.at += piece.len() as u64;
            if self.at > size {
                return Err(self.errand.too_large(self.at));
            }
            locked(self.trail).pass(self.at, &hasher);
            self.errand.count(piece.len() as u64);
            self.activity.moved();
            let wanted = piece.slice(
                usize::try_from(self.from.saturating_sub(begin))
                    .unwrap_or(usize::MAX)
                    .min(piece.len())..,
            );
            if !wanted.is_empty() {
                let before = std::mem::replace(&mut held, wanted);
                if !before.is_empty() && !self.hand_over(before).await {
                    // The upload has ended early; its own error says why.
                    return Ok(());
                }
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.tell();
            }
        }
        let found = hasher.finish();
        if found != self.errand.blob.digest {
            return Err(self.errand.wrong(&found));
        }
        self.verified.store(true, Ordering::Release);
        if !held.is_empty() {
            // As above: whether the upload took it, the upload itself says.
            self.hand_over(held).await;
        }
        self.tell();
        Ok(())
    }

    /// Passes a piece on as soon as there is room for it. Whether anybody is there to take it.
    async fn hand_over(&self, piece: Bytes) -> bool {
        let room = u32::try_from(piece.len().min(WINDOW)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.window).acquire_many_owned(room).await.ok();
        self.sender.send((piece, room)).is_ok()
    }

    /// The next piece, over a new connection from where the last one ended, if there is none.
    async fn next(&mut self, answer: &mut Option<Answer>) -> Result<Option<Bytes>, RegistryError> {
        if let Some(answer) = answer {
            return answer.chunk().await;
        }
        let fresh = answer.insert(self.open().await?);
        fresh.chunk().await
    }

    async fn open(&mut self) -> Result<Answer, RegistryError> {
        let (source, blob) = (&self.errand.source, &self.errand.blob);
        let mut call = source.blob_call(&blob.digest).holding_place().piecewise();
        let goes_on = self.at > 0 && !self.refuses_ranges;
        if goes_on {
            call = call.header(header::RANGE, format!("bytes={}-", self.at));
        }
        let mut answer = match source.open_blob(&blob.digest, call).await {
            Err(RegistryError::Status { status: 416, .. }) if goes_on => {
                self.refuses_ranges = true;
                return Err(self
                    .errand
                    .broken_download("the registry does not support range requests".to_owned()));
            }
            // That it is not there is no answer to a question of the user's, but a broken image.
            Err(RegistryError::NotFound { .. }) => return Err(self.errand.gone_at_source()),
            opened => opened?,
        };
        let range = answer.header("content-range").and_then(|range| {
            let first = range.trim_start_matches("bytes").trim().split('-').next()?;
            first.parse::<u64>().ok()
        });
        let mut ahead = match (answer.status(), range) {
            (206, Some(first)) if first == self.at => 0,
            (206, _) => {
                return Err(self
                    .errand
                    .broken_download("the registry returned a different range than requested".to_owned()));
            }
            // No ranges here: what has come already comes again.
            _ => self.at,
        };
        while ahead > 0 {
            let Some(mut piece) = answer.chunk().await? else {
                return Err(self
                    .errand
                    .broken_download("it ended before the resume position".to_owned()));
            };
            self.errand.count(piece.len() as u64);
            self.activity.moved();
            let most = usize::try_from(ahead).unwrap_or(usize::MAX).min(piece.len());
            let rest = piece.split_off(most);
            ahead -= most as u64;
            if !rest.is_empty() {
                answer.put_back(rest);
            }
        }
        Ok(answer)
    }

    /// Waits before the next attempt, or gives up with `error`.
    async fn pause(
        &self,
        attempt: &mut u32,
        answer: &mut Option<Answer>,
        error: RegistryError,
    ) -> Result<(), RegistryError> {
        *answer = None;
        if *attempt == ATTEMPTS || !is_passing(&error) {
            return Err(error);
        }
        self.errand.tell(CopyProgress::Again {
            digest: self.errand.blob.digest.clone(),
            why: error.to_string(),
        });
        self.activity.moved();
        tokio::time::sleep(backoff(*attempt)).await;
        self.activity.moved();
        *attempt += 1;
        Ok(())
    }

    fn tell(&self) {
        self.errand.tell(CopyProgress::BlobBytes {
            digest: self.errand.blob.digest.clone(),
            moved: self.at,
        });
    }
}
