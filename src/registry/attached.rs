//! All that is attached to a digest, as a tree: its referrers, what refers to these, and cosign's old tags.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::concurrency::together;
use super::copy::cosign;
use super::error::RegistryError;
use super::manifest::{Content, Descriptor, Manifest};
use super::reader::Reader;
use crate::domain::{Digest, Tag};

/// More than is attached to any image.
const MOST: usize = 10_000;

/// One thing that is attached, and what is attached to it.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// What the registry lists; its texts are from outside.
    pub descriptor: Descriptor,
    /// The tag that it is found by, in cosign's old form.
    pub tag: Option<Tag>,
    /// The media types of its layers, where they are known: of those found by a tag.
    pub layers: Vec<String>,
    /// What refers to it.
    pub attached: Vec<Attachment>,
}

impl Reader {
    /// What is attached to `digest`, transitively. "Nothing" is only ever said by the registry: an error on the way is an
    /// error.
    pub async fn attached(&self, digest: &Digest) -> Result<Vec<Attachment>, RegistryError> {
        let walk = Walk {
            reader: self,
            seen: Mutex::new(HashSet::from([digest.clone()])),
        };
        walk.below(digest.clone()).await
    }

    /// The manifest that holds signatures of `digest` in cosign's old form, if there is one.
    pub async fn cosign_signature(&self, digest: &Digest) -> Result<Option<Manifest>, RegistryError> {
        self.cosign_manifest(digest, "sig").await
    }

    /// The manifest that holds attestations about `digest` in cosign's old form, if there is one.
    pub async fn cosign_attestation(&self, digest: &Digest) -> Result<Option<Manifest>, RegistryError> {
        self.cosign_manifest(digest, "att").await
    }

    async fn cosign_manifest(
        &self,
        digest: &Digest,
        suffix: &str,
    ) -> Result<Option<Manifest>, RegistryError> {
        let Some(tag) = cosign::old_tag(digest, suffix) else {
            return Ok(None);
        };
        match self.manifest(&tag.into()).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is attached to `digest` itself.
    pub async fn attached_directly(&self, digest: &Digest) -> Result<Vec<Attachment>, RegistryError> {
        direct(self, digest).await
    }
}

struct Walk<'a> {
    reader: &'a Reader,
    /// Digests cannot refer to each other in a circle, but lists of referrers may say what they like.
    seen: Mutex<HashSet<Digest>>,
}

impl Walk<'_> {
    fn below(&self, digest: Digest) -> BoxFuture<'_, Result<Vec<Attachment>, RegistryError>> {
        Box::pin(async move {
            let found = direct(self.reader, &digest).await?;
            let looking = found.into_iter().map(|mut one| async move {
                if self.is_new(&one.descriptor.digest)? {
                    one.attached = self.below(one.descriptor.digest.clone()).await?;
                }
                Ok(one)
            });
            together(looking.collect()).await
        })
    }

    fn is_new(&self, digest: &Digest) -> Result<bool, RegistryError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() > MOST {
            return Err(RegistryError::Malformed {
                host: self.reader.repository().host().to_owned(),
                what: format!("referrers in {}", self.reader.repository()),
                why: format!("are more than {MOST} manifests"),
            });
        }
        Ok(seen.insert(digest.clone()))
    }
}

async fn direct(reader: &Reader, digest: &Digest) -> Result<Vec<Attachment>, RegistryError> {
    let listing = async {
        reader
            .describe_referrers(reader.list_referrers(digest).await?)
            .await
    };
    let (listed, old) = tokio::try_join!(listing, cosign::old_signatures(reader, digest))?;
    let attach = |descriptor| Attachment {
        descriptor,
        tag: None,
        layers: Vec::new(),
        attached: Vec::new(),
    };
    let mut found: Vec<_> = listed.into_iter().map(attach).collect();
    found.extend(old.into_iter().map(|(tag, manifest)| Attachment {
        descriptor: manifest.descriptor().clone(),
        tag: Some(tag),
        layers: layers(&manifest),
        attached: Vec::new(),
    }));
    Ok(found)
}

fn layers(manifest: &Manifest) -> Vec<String> {
    match manifest.content() {
        Content::Image { layers, .. } => layers.iter().map(|layer| layer.media_type.clone()).collect(),
        Content::Index { .. } => Vec::new(),
    }
}
