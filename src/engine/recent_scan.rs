//! The scan that a plan made for its gate, for the run that follows it. Time can only change what a scan finds by way of the
//! scanner's database, so the same image is not scanned again within minutes with the same one.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::domain::{Digest, Repository, RunnableImage, count};
use crate::engine::Engine;
use crate::scan::{self, FreshScan, ReportContext, ScanError};

/// For how long a scan counts as made at this moment.
const MAX_SCAN_AGE: Duration = Duration::from_mins(5);

/// The last scan of this process.
pub(super) struct RecentScan {
    digest: Digest,
    images: Vec<RunnableImage>,
    made: Instant,
    scan: FreshScan,
}

impl RecentScan {
    fn is_of(&self, digest: &Digest, images: &[RunnableImage], now: Instant) -> bool {
        let is_young = now.saturating_duration_since(self.made) <= MAX_SCAN_AGE;
        is_young && self.digest == *digest && self.images == images
    }

    /// Whether a scan now would use the same scanner and the same database. A database that nobody can date is another one.
    fn has_same_database(&self, now: &ReportContext) -> bool {
        let mut contexts = self.scan.reports.iter().map(|(_, context)| context);
        now.database.is_some()
            && contexts.all(|context| {
                context.database == now.database
                    && context.scanner == now.scanner
                    && context.database_source == now.database_source
            })
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ScanEvidence;

    fn context(database: Option<i64>) -> ReportContext {
        ReportContext {
            scanner: Some("Trivy 1".to_owned()),
            database: database.map(|at| jiff::Timestamp::from_second(at).unwrap()),
            ..ReportContext::default()
        }
    }

    fn recent(database: Option<i64>) -> RecentScan {
        let digest = Digest::of(b"image");
        RecentScan {
            scan: FreshScan {
                evidence: ScanEvidence::new(digest.clone(), Vec::new(), Vec::new()),
                reports: vec![(bytes::Bytes::new(), context(database))],
            },
            digest,
            images: Vec::new(),
            made: Instant::now(),
        }
    }

    #[test]
    fn a_scan_counts_for_minutes_for_its_own_image() {
        let recent = recent(Some(1));
        let is_of = |image: &[u8], later| recent.is_of(&Digest::of(image), &[], recent.made + later);
        assert!(is_of(b"image", MAX_SCAN_AGE));
        assert!(!is_of(b"image", MAX_SCAN_AGE + Duration::from_secs(1)));
        assert!(!is_of(b"another", Duration::ZERO));
    }

    #[test]
    fn a_scan_counts_only_as_long_as_the_database_is_known_to_be_the_same() {
        assert!(recent(Some(1)).has_same_database(&context(Some(1))));
        assert!(!recent(Some(1)).has_same_database(&context(Some(2))));
        assert!(!recent(None).has_same_database(&context(None)));
        let other = ReportContext {
            scanner: Some("Trivy 2".to_owned()),
            ..context(Some(1))
        };
        assert!(!recent(Some(1)).has_same_database(&other));
    }
}
