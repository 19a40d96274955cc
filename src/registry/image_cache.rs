//! What images say of themselves, read once: it never changes for a digest.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::RegistryError;
use super::images::ImageSummary;
use super::reader::Reader;
use crate::domain::Digest;

/// How many earlier deployments are asked whether an image is one of them.
const LOOKED_AT: usize = 10;

/// Images that were read. Cheap to clone; clones share them.
#[derive(Debug, Clone, Default)]
pub struct ImageCache(Arc<Mutex<HashMap<Digest, ImageSummary>>>);

impl ImageCache {
    /// What an image or index says of itself.
    ///
    /// # Errors
    /// When it is not known yet and cannot be read.
    pub async fn image(&self, reader: &Reader, digest: &Digest) -> Result<ImageSummary, RegistryError> {
        // Nothing panics half-way through a change, so that a poisoned lock guards a whole map.
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(digest)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let summary = reader.image(digest).await?;
        let mut images = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        images.insert(digest.clone(), summary.clone());
        Ok(summary)
    }

    /// The digests that stand for an image; of one that cannot be read its own alone.
    pub async fn identities(&self, reader: &Reader, digest: &Digest) -> BTreeSet<Digest> {
        match self.image(reader, digest).await {
            Ok(image) => image.identities(digest),
            Err(_) => BTreeSet::from([digest.clone()]),
        }
    }

    /// The image that was deployed lately to the environment behind `reader`, and that a platform names by `running`, any of its
    /// digests.
    ///
    /// # Errors
    /// When the deployments cannot be listed.
    pub async fn deployed_as(
        &self,
        reader: &Reader,
        running: &Digest,
    ) -> Result<Option<Digest>, RegistryError> {
        let history = reader.deployments(LOOKED_AT).await?;
        let digests: BTreeSet<_> = history.into_iter().map(|deployed| deployed.digest).collect();
        // Those are asked of nobody.
        if digests.contains(running) {
            return Ok(Some(running.clone()));
        }
        for digest in digests {
            if self.identities(reader, &digest).await.contains(running) {
                return Ok(Some(digest));
            }
        }
        Ok(None)
    }
}
