//! Whether a digest is whole in its repository: every manifest that it leads to, and every blob of these.

use std::collections::{BTreeMap, BTreeSet};

use super::error::RegistryError;
use super::manifest::{Descriptor, Manifest};
use super::reader::Reader;
use super::together::together;
use crate::domain::{Digest, Target};

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
    /// What is gone, in words: `blob sha256:3f2a…77c0`.
    pub missing: Vec<String>,
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
        let mut blobs: BTreeMap<Digest, Descriptor> = BTreeMap::new();
        let mut known = BTreeSet::from([digest.clone()]);
        let mut wave = vec![digest.clone()];
        for depth in 0.. {
            if wave.is_empty() {
                break;
            }
            if depth == DEEPEST || known.len() > MOST {
                return Err(RegistryError::Malformed {
                    host: self.repository().host().to_owned(),
                    what: self.name(&Target::Digest(digest.clone())),
                    why: "leads to more manifests than any image has".to_owned(),
                });
            }
            let reading = wave.drain(..).map(|one| self.manifest_if_there(one));
            let read = together(reading.collect()).await?;
            for (one, manifest) in read {
                let Some(manifest) = manifest else {
                    found.missing.push(format!("manifest {}", one.short()));
                    continue;
                };
                found.manifests += 1;
                let needed = manifest.blobs().filter(|blob| !blob.is_foreign());
                blobs.extend(needed.map(|blob| (blob.digest.clone(), blob.clone())));
                let children = manifest.children().iter().map(|child| child.digest.clone());
                wave.extend(children.filter(|child| known.insert(child.clone())));
            }
        }
        let asking = blobs.into_keys().map(|blob| async move {
            let there = self.has_blob(&blob).await?;
            Ok((blob, there))
        });
        for (blob, there) in together(asking.collect()).await? {
            if there {
                found.blobs += 1;
            } else {
                found.missing.push(format!("blob {}", blob.short()));
            }
        }
        Ok(found)
    }

    async fn manifest_if_there(&self, digest: Digest) -> Result<(Digest, Option<Manifest>), RegistryError> {
        match self.manifest(&Target::Digest(digest.clone())).await {
            Ok(manifest) => Ok((digest, Some(manifest))),
            Err(error) if error.is_not_found() => Ok((digest, None)),
            Err(error) => Err(error),
        }
    }
}
