//! A scan at the moment of a gate: a new one, or the last one of this process.

use std::sync::PoisonError;
use std::time::Instant;

use crate::domain::{Digest, Repository, RunnableImage, count};
use crate::engine::Engine;
use crate::engine::recent_scan::RecentScan;
use crate::scan::{self, FreshScan, ScanError};

impl Engine {
    /// A scan of `images`, which are what can be run of `digest`: the last one of this process, with a word on its age, or a
    /// new one.
    pub(super) async fn scan_at_admission(
        &self,
        repository: &Repository,
        digest: &Digest,
        images: &[RunnableImage],
    ) -> Result<(FreshScan, Option<String>), ScanError> {
        if let Some(found) = self.recent_scan(digest, images).await {
            return Ok(found);
        }
        let scan = scan::scan_now(self.trivy(), repository, digest, images, &|_| ()).await?;
        *self.recent_scan.lock().unwrap_or_else(PoisonError::into_inner) = Some(RecentScan {
            digest: digest.clone(),
            images: images.to_vec(),
            made: Instant::now(),
            scan: scan.clone(),
        });
        Ok((scan, None))
    }

    async fn recent_scan(
        &self,
        digest: &Digest,
        images: &[RunnableImage],
    ) -> Option<(FreshScan, Option<String>)> {
        let is_there = |recent: &&RecentScan| recent.is_of(digest, images, Instant::now());
        let last = || self.recent_scan.lock().unwrap_or_else(PoisonError::into_inner);
        last().as_ref().filter(is_there)?;
        let context = self.trivy().context().await;
        let last = last();
        let recent = last.as_ref().filter(is_there)?;
        recent.has_same_database(&context).then(|| {
            let seconds = recent.made.elapsed().as_secs();
            let words = format!(
                "uses the scan made {} ago, with the same database",
                count(usize::try_from(seconds).unwrap_or(usize::MAX), "second")
            );
            (recent.scan.clone(), Some(words))
        })
    }
}
