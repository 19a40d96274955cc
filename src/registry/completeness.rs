//! Whether a digest is whole in its repository: every manifest that it leads to, and every blob of these.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::concurrency::together;
use super::error::RegistryError;
use super::manifest::Manifest;
use super::reader::Reader;
use crate::domain::{Digest, Platform, Target};

/// Indexes within indexes; real images have one.
const DEEPEST: usize = 8;
/// More manifests than any image has.
const MOST: usize = 1_000;

/// What there is of a digest in its repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wholeness {
    /// The manifests that are there, the digest itself among them.
    pub manifests: usize,
    /// The blobs that are there.
    pub blobs: usize,
    /// What is gone.
    pub missing: Vec<MissingContent>,
}

/// A manifest or a blob that something of an image names and that its repository does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingContent {
    /// Which.
    pub digest: Digest,
    /// Whether it is a blob; otherwise it is a manifest.
    pub is_blob: bool,
    /// The image that needs it, where an index leads to it.
    pub image: Option<MissingFrom>,
}

/// The image of an index that something is missing from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFrom {
    /// The platform that the index gives it, if it gives one.
    pub platform: Option<Platform>,
    /// The index.
    pub index: Digest,
}

impl fmt::Display for MissingContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_blob { "blob" } else { "manifest" };
        write!(f, "{kind} {}", self.digest.short())?;
        let Some(MissingFrom { platform, index }) = &self.image else {
            return Ok(());
        };
        match platform {
            Some(platform) => write!(f, " ({platform} of index {})", index.short()),
            None => write!(f, " (in index {})", index.short()),
        }
    }
}

impl Wholeness {
    /// Whether nothing is gone.
    pub const fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }
}

impl Reader {
    /// Looks for all that belongs to `digest`, referrers apart: each manifest is read, and its digest with it, and each blob
    /// is asked for by one HEAD. Layers that live outside registries are not looked for.
    pub async fn wholeness(&self, digest: &Digest) -> Result<Wholeness, RegistryError> {
        let mut found = Wholeness::default();
        let mut blobs: BTreeMap<Digest, Option<MissingFrom>> = BTreeMap::new();
        let mut known = BTreeSet::from([digest.clone()]);
        let mut wave = vec![(digest.clone(), None)];
        for depth in 0.. {
            if wave.is_empty() {
                break;
            }
            if depth == DEEPEST || known.len() > MOST {
                return Err(RegistryError::Malformed {
                    host: self.repository().host().to_owned(),
                    what: self.name(&Target::Digest(digest.clone())),
                    why: "references too many manifests for an image".to_owned(),
                });
            }
            let reading = wave.drain(..).map(|(one, image)| async {
                let manifest = self.manifest_if_there(&one).await?;
                Ok((one, image, manifest))
            });
            for (one, image, manifest) in together(reading.collect()).await? {
                let Some(manifest) = manifest else {
                    found.missing.push(MissingContent {
                        digest: one,
                        is_blob: false,
                        image,
                    });
                    continue;
                };
                found.manifests += 1;
                for blob in manifest.blobs().filter(|blob| !blob.is_foreign()) {
                    // What several images share is named with the first of them.
                    blobs.entry(blob.digest.clone()).or_insert_with(|| image.clone());
                }
                for child in manifest.children() {
                    if known.insert(child.digest.clone()) {
                        let image = MissingFrom {
                            platform: child.platform.clone(),
                            index: one.clone(),
                        };
                        wave.push((child.digest.clone(), Some(image)));
                    }
                }
            }
        }
        let asking = blobs.into_iter().map(|(blob, image)| async move {
            let there = self.has_blob(&blob).await?;
            Ok((blob, image, there))
        });
        for (digest, image, there) in together(asking.collect()).await? {
            if there {
                found.blobs += 1;
            } else {
                found.missing.push(MissingContent {
                    digest,
                    is_blob: true,
                    image,
                });
            }
        }
        Ok(found)
    }

    async fn manifest_if_there(&self, digest: &Digest) -> Result<Option<Manifest>, RegistryError> {
        match self.manifest(&Target::Digest(digest.clone())).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
