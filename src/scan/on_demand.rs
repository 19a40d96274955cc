//! A scan that is made for one judgement.

use bytes::Bytes;
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::{Line, Report, ReportContext, ScanError, Trivy, arguments};
use crate::domain::{Digest, Origin, Repository, RunnableImage, ScanEvidence, ScanReport};

/// Every platform of an image scanned anew: the evidence, and the reports to be kept.
#[derive(Debug, Clone)]
pub struct FreshScan {
    /// The evidence.
    pub evidence: ScanEvidence,
    /// The report of each platform, as Trivy wrote it, with what is known of its scan.
    pub reports: Vec<(Bytes, ReportContext)>,
}

/// Scans each of `images`, which are what can be run of `digest` in `repository`. What Trivy says goes to `line`.
///
/// Where the platform tells one image from the others, Trivy is asked for that platform of the whole; otherwise for the image
/// by its own digest.
pub async fn scan_now(
    trivy: &Trivy,
    repository: &Repository,
    digest: &Digest,
    images: &[RunnableImage],
    line: Line<'_>,
) -> Result<FreshScan, ScanError> {
    let whole = repository.at(digest.clone());
    let asked: Vec<_> = images
        .iter()
        .map(|image| {
            let platform = image.platform.as_ref();
            let is_told_apart = RunnableImage::on(images, platform, None)
                .is_some_and(|found| found.digest == image.digest && platform.is_some());
            match (is_told_apart, image.digest == *digest) {
                (true, _) => (image, whole.clone(), platform),
                (false, true) => (image, whole.clone(), None),
                (false, false) => (image, repository.at(image.digest.clone()), None),
            }
        })
        .collect();
    let scanning = asked.iter().map(|(_, name, platform)| async {
        let started = Timestamp::now();
        let (bytes, report) = trivy.scan(name, *platform, line).await?;
        Ok::<_, ScanError>((bytes, report, started))
    });
    let scans = try_join_all(scanning).await?;
    // Afterwards: the first scan may have fetched a new database.
    let context = trivy.context().await;
    let (mut evidence, mut reports) = (Vec::new(), Vec::new());
    for ((bytes, report, started), (image, _, platform)) in scans.into_iter().zip(asked) {
        let context = ReportContext {
            image: Some(image.digest.clone()),
            platform: platform.cloned(),
            started: Some(started),
            ..context.clone()
        };
        evidence.push(report.into_evidence(&context, Origin::Fresh));
        reports.push((bytes, context));
    }
    Ok(FreshScan {
        evidence: ScanEvidence::new(digest.clone(), images.to_vec(), evidence),
        reports,
    })
}

impl Report {
    /// The report as evidence, with what it does not say itself taken from `context`.
    pub fn into_evidence(self, context: &ReportContext, origin: Origin) -> ScanReport {
        let told = arguments::filters(context.arguments.as_deref().unwrap_or_default());
        ScanReport {
            image: context.image.clone(),
            platform: self.platform.or_else(|| context.platform.clone()),
            os_version: self.os_version,
            made: self.created.or(context.made),
            database: context.database.or(self.database),
            scanner: self.scanner.or_else(|| context.scanner.clone()),
            origin,
            end_of_life: self.end_of_life,
            inventory: self.inventory,
            findings: self.findings,
            hidden: self.hidden,
            filters: self.filters.into_iter().chain(told).collect(),
            flaws: self.flaws,
        }
    }
}
