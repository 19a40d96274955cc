//! A scan that is made for one judgement.

use bytes::Bytes;
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::{Line, Report, ReportContext, ScanError, Trivy};
use crate::domain::{Digest, ImageReference, Origin, Platform, ScanEvidence, ScanReport};

/// Every platform of an image scanned anew: the evidence, and the reports to be kept.
#[derive(Debug, Clone)]
pub struct FreshScan {
    /// The evidence.
    pub evidence: ScanEvidence,
    /// The report of each platform, as Trivy wrote it, with what is known of its scan.
    pub reports: Vec<(Bytes, ReportContext)>,
}

/// Scans `image`, which is named by `digest`, on each of `platforms` (as it is, if there are none). What Trivy says goes to
/// `line`.
pub async fn fresh(
    trivy: &Trivy,
    image: &ImageReference,
    digest: &Digest,
    platforms: &[Platform],
    line: Line<'_>,
) -> Result<FreshScan, ScanError> {
    let mut asked: Vec<_> = platforms.iter().map(Some).collect();
    if asked.is_empty() {
        asked.push(None);
    }
    let scanning = asked.iter().map(|platform| async {
        let started = Timestamp::now();
        let (bytes, report) = trivy.scan(image, *platform, line).await?;
        Ok::<_, ScanError>((bytes, report, started))
    });
    let scans = try_join_all(scanning).await?;
    // Afterwards: the first scan may have fetched a new database.
    let context = trivy.context().await;
    let (mut evidence, mut reports) = (Vec::new(), Vec::new());
    for ((bytes, report, started), platform) in scans.into_iter().zip(asked) {
        let context = ReportContext {
            platform: platform.cloned(),
            started: Some(started),
            ..context.clone()
        };
        evidence.push(report.into_evidence(&context, Origin::Fresh));
        reports.push((bytes, context));
    }
    Ok(FreshScan {
        evidence: ScanEvidence::new(digest.clone(), platforms.to_vec(), evidence),
        reports,
    })
}

impl Report {
    /// The report as evidence, with what it does not say itself taken from `context`.
    pub fn into_evidence(self, context: &ReportContext, origin: Origin) -> ScanReport {
        ScanReport {
            platform: context.platform.clone().or(self.platform),
            made: self.created.or(context.made),
            database: context.database.or(self.database),
            scanner: self.scanner.or_else(|| context.scanner.clone()),
            origin,
            end_of_life: self.end_of_life,
            inventory: self.inventory,
            findings: self.findings,
            hidden: self.hidden,
        }
    }
}
