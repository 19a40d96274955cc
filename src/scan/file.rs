//! A report that a person names: of Trivy, of Grype, or in SARIF.

use std::path::Path;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::attached::{own_digests, platform_named};
use super::{FreshScan, Report, ReportContext, ScanError, grype_report, read_file, sarif_report};
use crate::domain::{Digest, Origin, Platform, ScanEvidence, clean_line};
use crate::registry::Reader;

/// What tells the formats apart.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "SchemaVersion")]
    trivy: Option<IgnoredAny>,
    #[serde(rename = "matches")]
    grype: Option<IgnoredAny>,
    #[serde(rename = "runs")]
    sarif: Option<IgnoredAny>,
}

impl Report {
    /// Reads a report in any format that is known; the error says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let head: Head = serde_json::from_slice(bytes)
            .map_err(|error| clean_line(&format!("it is no report: {error}")))?;
        match head {
            Head { trivy: Some(_), .. } => Self::parse(bytes),
            Head { grype: Some(_), .. } => grype_report::parse(bytes),
            Head { sarif: Some(_), .. } => sarif_report::parse(bytes),
            _ => Err("it is neither a report of Trivy or Grype nor SARIF".to_owned()),
        }
    }
}

/// The report at `path` as evidence for the image `digest`, and whether it says itself that it is of that image.
///
/// # Errors
/// When it cannot be read, is no report, or says that it is of another image.
pub async fn from_file(
    reader: &Reader,
    digest: &Digest,
    platforms: &[Platform],
    path: &Path,
) -> Result<(FreshScan, bool), ScanError> {
    let bytes = Bytes::from(read_file(path)?);
    let report = Report::read(&bytes).map_err(|why| ScanError::Malformed {
        what: clean_line(&path.to_string_lossy()),
        why,
    })?;
    let named = platform_named(&report, &own_digests(reader, digest).await?);
    let named = named.map_err(|found| ScanError::AnotherImage {
        found,
        wanted: digest.clone(),
    })?;
    let says_so = !report.digests.is_empty();
    let context = ReportContext {
        platform: named,
        ..ReportContext::default()
    };
    let reports = vec![report.into_evidence(&context, Origin::File)];
    let found = FreshScan {
        evidence: ScanEvidence::new(digest.clone(), platforms.to_vec(), reports),
        reports: vec![(bytes, context)],
    };
    Ok((found, says_so))
}
