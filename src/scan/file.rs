//! A report that a person names: of Trivy, of Grype, or in SARIF.

use std::path::Path;

use bytes::Bytes;
use serde::Deserialize;

use super::json::is_present;
use super::subject::Subject;
use super::{FreshScan, Report, ReportContext, ScanError, grype_report, read_file, sarif_report};
use crate::domain::{Digest, Origin, ScanEvidence, clean_line};
use crate::registry::ImageSummary;

/// What tells the formats apart.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "SchemaVersion", default, deserialize_with = "is_present")]
    trivy: bool,
    #[serde(rename = "matches", default, deserialize_with = "is_present")]
    grype: bool,
    #[serde(rename = "runs", default, deserialize_with = "is_present")]
    sarif: bool,
}

impl Report {
    /// Reads a report in any format that is known; the error says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let head: Head =
            serde_json::from_slice(bytes).map_err(|error| clean_line(&format!("not a report: {error}")))?;
        match head {
            Head { trivy: true, .. } => Self::parse(bytes),
            Head { grype: true, .. } => grype_report::parse(bytes),
            Head { sarif: true, .. } => sarif_report::parse(bytes),
            _ => Err("not a Trivy, Grype or SARIF report".to_owned()),
        }
    }
}

/// The report at `path` as evidence for the image `digest`, and whether it says itself that it is of that image.
///
/// # Errors
/// When it cannot be read, is no report, or says that it is of another image.
pub fn from_file(digest: &Digest, image: &ImageSummary, path: &Path) -> Result<(FreshScan, bool), ScanError> {
    let bytes = Bytes::from(read_file(path)?);
    let malformed = |why| ScanError::Malformed {
        what: clean_line(&path.to_string_lossy()),
        why,
    };
    let report = Report::read(&bytes).map_err(malformed)?;
    let named = Subject::new(digest, image).named(&report);
    let named = named.map_err(|found| ScanError::AnotherImage {
        found,
        wanted: digest.clone(),
    })?;
    if let Some(why) = named.flaw {
        return Err(malformed(why));
    }
    let says_so = !report.digests.is_empty() || named.image.is_some();
    let context = ReportContext {
        image: named.image,
        ..ReportContext::default()
    };
    let reports = vec![report.into_evidence(&context, Origin::File)];
    let found = FreshScan {
        evidence: ScanEvidence::new(digest.clone(), image.images.clone(), reports),
        reports: vec![(bytes, context)],
    };
    Ok((found, says_so))
}
