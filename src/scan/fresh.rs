//! A scan that is made for one judgement.

use bytes::Bytes;
use futures_util::future::try_join_all;

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
    let scanning = asked.iter().map(|platform| trivy.scan(image, *platform, line));
    let bytes = try_join_all(scanning).await?;
    // Afterwards: the first scan may have fetched a new database.
    let context = trivy.context().await;
    let mut found = FreshScan {
        evidence: ScanEvidence {
            digest: digest.clone(),
            platforms: platforms.to_vec(),
            reports: Vec::new(),
            strays: Vec::new(),
        },
        reports: Vec::new(),
    };
    for (bytes, platform) in bytes.into_iter().zip(asked) {
        let report = Report::parse(&bytes).map_err(|why| ScanError::Malformed {
            what: "of this scan".to_owned(),
            why,
        })?;
        let context = ReportContext {
            platform: platform.cloned(),
            ..context.clone()
        };
        found
            .evidence
            .reports
            .push(report.into_evidence(&context, Origin::Fresh));
        found.reports.push((bytes, context));
    }
    Ok(found)
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
