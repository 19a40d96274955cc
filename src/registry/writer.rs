//! Writing to one repository.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use reqwest::{Method, header};
use tokio_util::io::ReaderStream;

use super::answer::Answer;
use super::auth::Scope;
use super::call::{Activity, Body, Call};
use super::error::RegistryError;
use super::manifest::Descriptor;
use super::reader::Reader;
use super::retry::{ATTEMPTS, backoff, is_passing};
use crate::domain::{Digest, Tag, Target};

const OCTETS: &str = "application/octet-stream";
/// How much of a file is read at once, in bytes.
const PIECE: usize = 256 * 1024;

/// Writes to a repository, and reads it as a [`Reader`] does.
#[derive(Clone)]
pub struct Writer {
    reader: Reader,
}

/// Whether a tag may ever point elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagRule {
    /// Never: another digest under it is a conflict.
    Immutable,
    /// At any time, as `latest` does.
    Mutable,
}

/// What setting a tag came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagOutcome {
    /// It points there now.
    Set,
    /// It did so already.
    AlreadyThere,
}

/// What putting a blob came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// It was sent.
    Put,
    /// It was there already.
    Present,
}

/// What a registry says of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Present,
    Absent,
    /// It led elsewhere, and what is there did not tell.
    Unknown,
}

/// An upload that the registry has opened (OCI distribution 1.1, "Pushing a blob in chunks").
#[derive(Debug, Clone)]
pub(super) struct Upload {
    /// Where it goes on; may carry a secret of the session.
    pub(super) location: String,
    /// The bytes that the registry has, as it says itself.
    pub(super) offset: u64,
}

/// What asking for an upload came to.
pub(super) enum Opened {
    /// The blob is there: mounted, or there before.
    There,
    /// Bytes are wanted here.
    Upload(Upload),
}

impl Deref for Writer {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Writer {
    pub(super) const fn new(reader: Reader) -> Self {
        Self { reader }
    }

    /// Puts a small blob; nothing if it is there already.
    pub async fn put_blob(&self, bytes: Bytes) -> Result<Descriptor, RegistryError> {
        let digest = Digest::of(&bytes);
        let descriptor = Descriptor::new(OCTETS, digest.clone(), bytes.len() as u64);
        if self.look_for_blob(&digest).await? == Presence::Present {
            return Ok(descriptor);
        }
        let mut attempt = 1;
        loop {
            match self.upload(&digest, bytes.clone()).await {
                Err(error) if attempt < ATTEMPTS && is_passing(&error) => {
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                }
                result => return result.map(|()| descriptor),
            }
        }
    }

    /// Puts a blob that is in a file, in constant memory; nothing if it is there already. `moved` hears how many of its
    /// bytes have gone out. That the bytes are those of `digest` is for the registry to check, which it does when the
    /// upload is closed (OCI distribution 1.1, "Pushing blobs").
    pub async fn put_file(
        &self,
        path: &Path,
        digest: &Digest,
        size: u64,
        moved: Arc<dyn Fn(u64) + Send + Sync>,
    ) -> Result<PutOutcome, RegistryError> {
        if self.look_for_blob(digest).await? == Presence::Present {
            return Ok(PutOutcome::Present);
        }
        let mut attempt = 1;
        loop {
            match self.upload_file(path, digest, size, &moved).await {
                Err(error) if attempt < ATTEMPTS && is_passing(&error) => {
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                }
                result => return result.map(|()| PutOutcome::Put),
            }
        }
    }

    async fn upload_file(
        &self,
        path: &Path,
        digest: &Digest,
        size: u64,
        moved: &Arc<dyn Fn(u64) + Send + Sync>,
    ) -> Result<(), RegistryError> {
        let file = tokio::fs::File::open(path)
            .await
            .map_err(|error| RegistryError::Broken {
                host: self.repository().host().to_owned(),
                request: format!("the upload of {}", path.display()),
                why: error.to_string(),
            })?;
        let Opened::Upload(upload) = self.open_upload(digest, None).await? else {
            return Ok(());
        };
        let (moved, mut sent) = (Arc::clone(moved), 0);
        let pieces = ReaderStream::with_capacity(file, PIECE).inspect_ok(move |piece| {
            sent += piece.len() as u64;
            moved(sent);
        });
        let body = Body::stream(size, pieces, Activity::new());
        self.close_upload(self.closing_call(&upload, digest).body(body))
            .await
    }

    async fn upload(&self, digest: &Digest, bytes: Bytes) -> Result<(), RegistryError> {
        match self.open_upload(digest, None).await? {
            Opened::There => Ok(()),
            Opened::Upload(upload) => {
                self.close_upload(self.closing_call(&upload, digest).body(Body::Bytes(bytes)))
                    .await
            }
        }
    }

    /// Opens an upload of `digest`, or has the registry take the blob from the repository `mount` on the same host. A
    /// mount from this very repository asks whether the blob is there already, and opens the upload in the same request
    /// if it is not. A registry that does not mount opens an upload instead (202), or refuses: then an ordinary upload is
    /// asked for, and the wish is not repeated for this host.
    pub(super) async fn open_upload(
        &self,
        digest: &Digest,
        mount: Option<&str>,
    ) -> Result<Opened, RegistryError> {
        let host = self.repository().host();
        let known = &self.reader.transport.known;
        if let Some(from) = mount.filter(|_| !known.ways(host).refuses_mounts) {
            let mut call = self.call(
                Method::POST,
                &format!("blobs/uploads/?mount={digest}&from={from}"),
            );
            if from != self.repository().path() {
                call.scopes.insert(Scope::pull(from));
            }
            match self.send(call).await {
                Ok(answer) if answer.status() == 201 => {
                    known.learn(host, |ways| ways.mounts = true);
                    return Ok(Opened::There);
                }
                Ok(answer) if answer.status() == 202 => return opened(&answer),
                // Busy or broken even after some patience: an ordinary upload would fare no better.
                Ok(answer) if answer.status() == 429 || answer.status() >= 500 => {
                    return Err(answer.into_error(&self.upload_words()).await);
                }
                // Not granted, by the registry or by its token address. From elsewhere it may be a matter of that place.
                Ok(_) | Err(RegistryError::Unauthorised { .. }) => {
                    if from == self.repository().path() {
                        known.learn(host, |ways| ways.refuses_mounts = true);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let answer = self.send(self.call(Method::POST, "blobs/uploads/")).await?;
        match answer.status() {
            202 => opened(&answer),
            201 => Ok(Opened::There),
            _ => Err(answer.into_error(&self.upload_words()).await),
        }
    }

    fn upload_words(&self) -> String {
        format!("an upload to {}", self.repository())
    }

    /// How far an upload is; none if the registry does not know it any more.
    pub(super) async fn upload_status(&self, upload: &Upload) -> Result<Option<Upload>, RegistryError> {
        let call = self.absolute(Method::GET, upload.location.clone());
        let answer = self.send(call).await?;
        match answer.status() {
            200 | 202 | 204 => Ok(Some(Upload {
                location: answer.location().unwrap_or_else(|| upload.location.clone()),
                offset: received(&answer),
            })),
            400 | 404 | 405 | 410 | 416 => Ok(None),
            _ => Err(answer.into_error(&self.upload_words()).await),
        }
    }

    /// Sends a chunk of `size` bytes, where the upload is. What the registry says then may be less than was sent.
    pub(super) async fn send_chunk(
        &self,
        upload: &Upload,
        size: u64,
        body: Body,
    ) -> Result<Upload, RegistryError> {
        let last = upload.offset + size.saturating_sub(1);
        let call = self
            .absolute(Method::PATCH, upload.location.clone())
            .header(header::CONTENT_TYPE, OCTETS)
            .header(header::CONTENT_RANGE, format!("{}-{last}", upload.offset))
            .body(body)
            .holding_place();
        let answer = self.send(call).await?;
        match answer.status() {
            201 | 202 | 204 => Ok(Upload {
                location: answer.location().unwrap_or_else(|| upload.location.clone()),
                offset: answer.header("range").map_or(last + 1, |_| received(&answer)),
            }),
            _ => Err(self.broken_upload(answer).await),
        }
    }

    /// The request that closes an upload with its digest; its body is the bytes that the registry does not have yet.
    pub(super) fn closing_call(&self, upload: &Upload, digest: &Digest) -> Call {
        let joint = if upload.location.contains('?') { '&' } else { '?' };
        let url = format!("{}{joint}digest={digest}", upload.location);
        self.absolute(Method::PUT, url)
            .header(header::CONTENT_TYPE, OCTETS)
    }

    /// Closes an upload.
    pub(super) async fn close_upload(&self, call: Call) -> Result<(), RegistryError> {
        let answer = self.send(call).await?;
        match answer.status() {
            201 | 204 => Ok(()),
            _ => Err(self.broken_upload(answer).await),
        }
    }

    /// Gives an upload up, so that the registry need not keep its bytes. Whether it listens does not matter.
    pub(super) async fn give_up(&self, upload: &Upload) {
        let call = self.absolute(Method::DELETE, upload.location.clone());
        if let Err(error) = self.send(call).await {
            tracing::debug!(%error, "an abandoned upload stays open");
        }
    }

    /// What an answer that is no success means for the upload: where it can go on, or be begun anew, it only broke.
    async fn broken_upload(&self, answer: Answer) -> RegistryError {
        let broken = |why: &str| RegistryError::Broken {
            host: answer.host().to_owned(),
            request: self.upload_words(),
            why: why.to_owned(),
        };
        match answer.status() {
            // The request that opened the upload was let in: the token ran out meanwhile. The next attempt has another.
            401 => broken("the credentials expired during the upload"),
            404 | 410 => broken("the registry lost the upload session"),
            416 => broken("the registry received a different part than was sent"),
            _ => answer.into_error(&self.upload_words()).await,
        }
    }

    /// Puts a manifest, its bytes unchanged. Returns whether the registry says that it keeps track of the subject itself
    /// (`OCI-Subject`).
    pub async fn put_manifest(
        &self,
        target: &Target,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<bool, RegistryError> {
        let found = Digest::of(&bytes);
        let call = self
            .call(Method::PUT, &format!("manifests/{target}"))
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::Bytes(bytes));
        let answer = self.send(call).await?;
        match answer.status() {
            200 | 201 | 202 | 204 => {}
            _ => return Err(answer.into_error(&self.name(target)).await),
        }
        let wanted = match target {
            Target::Digest(wanted) => wanted,
            Target::Tag(_) => &found,
        };
        let tracks_subject = answer.header("oci-subject").is_some();
        let said = answer
            .header("docker-content-digest")
            .and_then(|said| said.parse::<Digest>().ok());
        drop(answer);
        // The content is what counts, not the word; what the registry has, it says when it is asked for it. So it is
        // where it says nothing, of a tag: under its digest it could not be found as something else.
        let is_in_doubt = match said {
            Some(said) => said.algorithm() == wanted.algorithm() && said != *wanted,
            None => matches!(target, Target::Tag(_)),
        };
        if is_in_doubt {
            let stored = self.resolve(target).await?;
            if stored.as_ref().is_none_or(|stored| stored.digest != *wanted) {
                return Err(RegistryError::DigestMismatch {
                    host: self.repository().host().to_owned(),
                    what: self.name(target),
                    found: stored.map_or_else(|| "missing".to_owned(), |stored| stored.digest.to_string()),
                });
            }
        }
        Ok(tracks_subject)
    }

    /// Points `tag` at `digest`, whose manifest is in this repository already.
    pub async fn tag(&self, digest: &Digest, tag: &Tag, rule: TagRule) -> Result<TagOutcome, RegistryError> {
        let target = Target::Tag(tag.clone());
        match self.resolve(&target).await? {
            Some(found) if found.digest == *digest => return Ok(TagOutcome::AlreadyThere),
            Some(found) if rule == TagRule::Immutable => {
                return Err(RegistryError::TagTaken {
                    tag: format!("{}:{tag}", self.repository()),
                    found: found.digest,
                    wanted: digest.clone(),
                });
            }
            _ => {}
        }
        let manifest = self.manifest(&Target::Digest(digest.clone())).await?;
        self.put_manifest(&target, &manifest.descriptor.media_type, manifest.bytes)
            .await?;
        Ok(TagOutcome::Set)
    }
}

impl Reader {
    /// Whether the repository has this blob, as one HEAD tells.
    pub(super) async fn look_for_blob(&self, digest: &Digest) -> Result<Presence, RegistryError> {
        let answer = self
            .send(self.call(Method::HEAD, &format!("blobs/{digest}")))
            .await?;
        match answer.status() {
            200 => Ok(Presence::Present),
            // The registry led to a storage, which may answer GET only (presigned addresses).
            _ if !answer.is_own() => Ok(Presence::Unknown),
            404 => Ok(Presence::Absent),
            _ => Err(answer.into_error(&self.blob_words(digest)).await),
        }
    }

    /// Whether the repository has this blob, for certain. One HEAD, and where that does not tell, the first byte.
    pub async fn has_blob(&self, digest: &Digest) -> Result<bool, RegistryError> {
        match self.look_for_blob(digest).await? {
            Presence::Present => Ok(true),
            Presence::Absent => Ok(false),
            Presence::Unknown => {
                let call = self
                    .blob_call(digest)
                    .header(header::RANGE, "bytes=0-0")
                    .piecewise();
                let answer = self.send(call).await?;
                match answer.status() {
                    // An empty blob has no first byte.
                    200 | 206 | 416 => Ok(true),
                    // The registry knows the blob, and its storage has lost it.
                    404 => Ok(false),
                    _ => Err(answer.into_error(&self.blob_words(digest)).await),
                }
            }
        }
    }

    pub(super) fn blob_words(&self, digest: &Digest) -> String {
        format!("blob {} of {}", digest.short(), self.repository())
    }
}

fn opened(answer: &Answer) -> Result<Opened, RegistryError> {
    answer
        .location()
        .map(|location| Opened::Upload(Upload { location, offset: 0 }))
        .ok_or_else(|| RegistryError::NotARegistry {
            host: answer.host().to_owned(),
            why: "it opened an upload without a location".to_owned(),
        })
}

/// How many bytes of an upload the registry has, from `Range: 0-<last>`. Its form cannot tell one byte from none: none is
/// meant more often, and whoever goes on at the wrong place is told so.
fn received(answer: &Answer) -> u64 {
    let range = answer.header("range").unwrap_or_default();
    let last = range.trim_start_matches("bytes=").split_once('-');
    let last = last.and_then(|(_, last)| last.trim().parse::<u64>().ok());
    last.filter(|last| *last > 0)
        .map_or(0, |last| last.saturating_add(1))
}
