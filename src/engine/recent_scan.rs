//! The scan that a plan made for its gate, for the run that follows it. Time can only change what a scan finds by way of the
//! scanner's database, so the same image is not scanned again within minutes with the same one.

use std::time::{Duration, Instant};

use crate::domain::{Digest, RunnableImage};
use crate::scan::{FreshScan, ReportContext};

/// For how long a scan counts as made at this moment.
const MAX_SCAN_AGE: Duration = Duration::from_mins(5);

/// The last scan of this process.
pub(super) struct RecentScan {
    pub(super) digest: Digest,
    pub(super) images: Vec<RunnableImage>,
    pub(super) made: Instant,
    pub(super) scan: FreshScan,
}

impl RecentScan {
    pub(super) fn is_of(&self, digest: &Digest, images: &[RunnableImage], now: Instant) -> bool {
        let is_young = now.saturating_duration_since(self.made) <= MAX_SCAN_AGE;
        is_young && self.digest == *digest && self.images == images
    }

    /// Whether a scan now would use the same scanner and the same database. A database that nobody can date is another one.
    pub(super) fn has_same_database(&self, now: &ReportContext) -> bool {
        let mut contexts = self.scan.reports.iter().map(|(_, context)| context);
        now.database.is_some()
            && contexts.all(|context| {
                context.database == now.database
                    && context.scanner == now.scanner
                    && context.database_source == now.database_source
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
