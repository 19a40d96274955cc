//! Writing to one repository.

use std::ops::Deref;

use bytes::Bytes;
use reqwest::{Method, header};

use super::answer::Answer;
use super::auth::Scope;
use super::call::{Activity, Body, Call};
use super::error::RegistryError;
use super::manifest::Descriptor;
use super::patience::{ATTEMPTS, backoff, is_passing};
use super::reader::Reader;
use crate::domain::{Digest, Tag, Target};

const OCTETS: &str = "application/octet-stream";

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

/// An upload that the registry has opened.
pub(super) struct Upload {
    location: String,
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

    /// Whether the repository has this blob.
    pub(super) async fn has_blob(&self, digest: &Digest) -> Result<bool, RegistryError> {
        self.reader.has_blob(digest).await
    }

    /// Puts a small blob; nothing if it is there already.
    pub async fn put_blob(&self, bytes: Bytes) -> Result<Descriptor, RegistryError> {
        let digest = Digest::of(&bytes);
        let descriptor = Descriptor::new(OCTETS, digest.clone(), bytes.len() as u64);
        if self.has_blob(&digest).await? {
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

    async fn upload(&self, digest: &Digest, bytes: Bytes) -> Result<(), RegistryError> {
        match self.open_upload(digest, None).await? {
            Opened::There => Ok(()),
            Opened::Upload(upload) => {
                self.fill(self.upload_call(&upload, digest).body(Body::Bytes(bytes)), digest)
                    .await
            }
        }
    }

    /// Opens an upload of `digest`, or has it mounted from another repository of the same registry. A registry that
    /// does not mount opens an upload instead (202), or refuses (401, 403): then an ordinary one is asked for.
    pub(super) async fn open_upload(
        &self,
        digest: &Digest,
        mount: Option<&str>,
    ) -> Result<Opened, RegistryError> {
        let what = format!("an upload to {}", self.repository());
        if let Some(from) = mount {
            let mut call = self.push(
                Method::POST,
                &format!("blobs/uploads/?mount={digest}&from={from}"),
            );
            call.scopes.insert(Scope {
                path: from.to_owned(),
                push: false,
            });
            match self.send(call).await {
                Ok(answer) if answer.status() == 201 => return Ok(Opened::There),
                Ok(answer) if answer.status() == 202 => return opened(&answer),
                // Not granted, by the registry or by its token address.
                Ok(_) | Err(RegistryError::Unauthorised { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let answer = self.send(self.push(Method::POST, "blobs/uploads/")).await?;
        match answer.status() {
            202 => opened(&answer),
            201 => Ok(Opened::There),
            _ => Err(answer.into_error(&what).await),
        }
    }

    /// The request that closes an upload with its digest; its body is all the bytes.
    pub(super) fn upload_call(&self, upload: &Upload, digest: &Digest) -> Call {
        let joint = if upload.location.contains('?') { '&' } else { '?' };
        let url = format!("{}{joint}digest={digest}", upload.location);
        Call::new(Method::PUT, url, self.scope(true)).header(header::CONTENT_TYPE, OCTETS)
    }

    /// Sends the bytes of an upload.
    pub(super) async fn fill(&self, call: Call, digest: &Digest) -> Result<(), RegistryError> {
        let streamed = call.is_streamed();
        let answer = self.send(call).await?;
        match answer.status() {
            201 | 204 => Ok(()),
            // The request that opened the upload was let in: the token ran out meanwhile. The next attempt has another.
            401 if streamed => Err(RegistryError::Broken {
                host: answer.host().to_owned(),
                request: format!("the upload of {}", digest.short()),
                why: "the permission ended in the middle of it".to_owned(),
            }),
            404 => Err(RegistryError::Broken {
                host: answer.host().to_owned(),
                request: format!("the upload of {}", digest.short()),
                why: "the registry has lost its session".to_owned(),
            }),
            _ => Err(answer
                .into_error(&format!("blob {} of {}", digest.short(), self.repository()))
                .await),
        }
    }

    /// A body that is fed piece by piece, and what tells that it moves.
    pub(super) fn streamed(
        size: u64,
        pieces: impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
        activity: Activity,
    ) -> Body {
        Body::Stream {
            body: reqwest::Body::wrap_stream(pieces),
            size,
            activity,
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
            .push(Method::PUT, &format!("manifests/{target}"))
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
        if let Some(said) = answer.header("docker-content-digest")
            && said
                .parse::<Digest>()
                .is_ok_and(|said| said.algorithm() == wanted.algorithm() && said != *wanted)
        {
            return Err(RegistryError::DigestMismatch {
                host: answer.host().to_owned(),
                what: self.name(target),
                found: crate::domain::clean_line(said),
            });
        }
        Ok(answer.header("oci-subject").is_some())
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

    fn push(&self, method: Method, rest: &str) -> Call {
        let mut call = self.call(method, rest);
        call.scopes = std::collections::BTreeSet::from([self.scope(true)]);
        call
    }
}

impl Reader {
    /// Whether the repository has this blob. One HEAD.
    pub(super) async fn has_blob(&self, digest: &Digest) -> Result<bool, RegistryError> {
        let answer = self
            .send(self.call(Method::HEAD, &format!("blobs/{digest}")))
            .await?;
        match answer.status() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(answer
                .into_error(&format!("blob {} of {}", digest.short(), self.repository()))
                .await),
        }
    }
}

fn opened(answer: &Answer) -> Result<Opened, RegistryError> {
    answer
        .location()
        .map(|location| Opened::Upload(Upload { location }))
        .ok_or_else(|| RegistryError::NotARegistry {
            host: answer.host().to_owned(),
            why: "it opened an upload without saying where".to_owned(),
        })
}
