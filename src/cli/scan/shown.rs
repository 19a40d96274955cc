//! What is shown of a scan, in whatever form.

use super::subject::Subject;
use crate::domain::{Digest, EnvironmentName, Judgement, ScanEvidence, ScanReport};

/// All that is shown of a scan.
pub(super) struct Shown<'a> {
    pub(super) subject: &'a Subject,
    pub(super) evidence: &'a ScanEvidence,
    pub(super) judgement: &'a Judgement,
    /// The referrers that were made.
    pub(super) attached: &'a [Digest],
}

impl Shown<'_> {
    /// What each report found, and which images have none, by the name of the image.
    pub(super) fn in_words(&self) -> impl Iterator<Item = (String, String)> {
        let name = |report: &ScanReport| match (self.evidence.image_of(report), &report.platform) {
            (Some(image), _) if image.platform.is_some() => image.to_string(),
            (_, Some(platform)) => platform.to_string(),
            _ => "image".to_owned(),
        };
        let reports = self.evidence.reports.iter();
        let reports = reports.map(move |report| (name(report), report.words()));
        let uncovered = self.evidence.uncovered();
        reports.chain(uncovered.map(|image| (image.to_string(), "not scanned".to_owned())))
    }

    /// By whose rules it is judged.
    pub(super) const fn environment(&self) -> Option<&EnvironmentName> {
        self.subject.policy.as_ref()
    }
}
