//! Scan reports into findings: attached to an image as referrers, read back, and handed to the domain as evidence.

mod trivy;
mod trivy_report;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;

pub use trivy::Trivy;
pub use trivy_report::Report;

use crate::domain::{Counts, Digest, Exit, Platform, ScanEvidence, ScanReport};
use crate::registry::{Content, Descriptor, ImageSummary, Reader, RegistryError, Writer};

/// The artifact type of an attached Trivy report. Trivy's own referrer plug-in uses none that is registered; this one
/// follows its media type for JSON reports.
pub const REPORT_TYPE: &str = "application/vnd.aquasec.trivy.report+json";
/// Larger reports are refused rather than read into memory.
const REPORT_LIMIT: u64 = 256 * 1024 * 1024;

const CREATED: &str = "org.opencontainers.image.created";
const PLATFORM: &str = "dev.windlass.scan.platform";
const COUNTS: &str = "dev.windlass.scan.counts";
const SCANNER: &str = "dev.windlass.scan.scanner";
const DATABASE: &str = "dev.windlass.scan.database";

/// What is known of a scan beside its report.
#[derive(Debug, Clone, Default)]
pub struct ReportContext {
    /// `Trivy 0.74.0`.
    pub scanner: Option<String>,
    /// When the vulnerability database was made.
    pub database: Option<Timestamp>,
    /// When the scan was done, where the report itself does not say.
    pub made: Option<Timestamp>,
    /// The platform that was scanned, where the report itself does not say.
    pub platform: Option<Platform>,
}

/// Why a report could not be attached or read.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The scanner did not give a report.
    #[error("`{program}` gave no report: {why}")]
    Scanner {
        /// The program.
        program: String,
        /// Why, as far as is known; harmless.
        why: String,
    },
    /// Not a report.
    #[error("the report {what} cannot be used: {why}")]
    Malformed {
        /// Which.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

impl ScanError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Registry(error) => error.exit(),
            Self::Scanner { .. } | Self::Malformed { .. } => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.hint(),
            Self::Scanner { .. } => Some(
                "`windlass doctor` looks at the scanner; [scanner] of windlass.toml says how it is called"
                    .to_owned(),
            ),
            Self::Malformed { .. } => {
                Some("scan again with `trivy image --format json` and attach that report".to_owned())
            }
        }
    }
}

/// A report as its referrer's annotations tell of it: enough for a list, not for a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSummary {
    /// The platform, if it is written there.
    pub platform: Option<Platform>,
    /// When the scan was done.
    pub made: Option<Timestamp>,
    /// How many findings it has.
    pub counts: Counts,
}

/// Attaches a report to `subject`, with what is known of the scan as annotations.
pub async fn attach_report(
    writer: &Writer,
    subject: &Descriptor,
    bytes: Bytes,
    context: &ReportContext,
) -> Result<Descriptor, ScanError> {
    let report = parse(&bytes, "to attach")?;
    let counts = serde_json::to_string(&Counts::of(&report.findings)).unwrap_or_default();
    let mut annotations = BTreeMap::from([(COUNTS.to_owned(), counts)]);
    let mut note = |key: &str, value: Option<String>| {
        annotations.extend(value.map(|value| (key.to_owned(), value)));
    };
    note(CREATED, report.created.or(context.made).map(|t| t.to_string()));
    note(
        PLATFORM,
        report
            .platform
            .or_else(|| context.platform.clone())
            .map(|p| p.to_string()),
    );
    note(SCANNER, context.scanner.clone());
    note(DATABASE, context.database.map(|t| t.to_string()));
    let layers = vec![(REPORT_TYPE.to_owned(), bytes)];
    Ok(writer.attach(subject, REPORT_TYPE, layers, annotations).await?)
}

/// What the annotations of the attached reports say, newest report of each platform. One request as a rule.
pub async fn summaries(reader: &Reader, digest: &Digest) -> Result<Vec<ReportSummary>, ScanError> {
    let referrers = reader.referrers(digest, Some(REPORT_TYPE)).await?;
    Ok(newest(referrers).iter().filter_map(summary).collect())
}

/// The evidence for a gate: the newest attached report of each platform, read itself. What its annotations say decides
/// only which one is the newest, and when and where it was made if it does not say so itself.
pub async fn evidence(
    reader: &Reader,
    digest: &Digest,
    image: &ImageSummary,
) -> Result<ScanEvidence, ScanError> {
    let referrers = reader.referrers(digest, Some(REPORT_TYPE)).await?;
    let own = own_digests(reader, digest).await?;
    let mut reports = Vec::new();
    for referrer in newest(referrers) {
        reports.extend(read(reader, &referrer, digest, &own).await?);
    }
    Ok(ScanEvidence {
        digest: digest.clone(),
        platforms: image
            .platforms
            .iter()
            .map(|(platform, _)| platform.clone())
            .collect(),
        reports,
    })
}

/// The digests by which a report may name this image: its own, and those of its platforms.
async fn own_digests(reader: &Reader, digest: &Digest) -> Result<BTreeSet<String>, ScanError> {
    let manifest = reader.manifest(&digest.clone().into()).await?;
    let children = manifest.children().iter().map(|child| child.digest.to_string());
    Ok(children.chain([digest.to_string()]).collect())
}

async fn read(
    reader: &Reader,
    referrer: &Descriptor,
    digest: &Digest,
    own: &BTreeSet<String>,
) -> Result<Option<ScanReport>, ScanError> {
    let manifest = reader.manifest(&referrer.digest.clone().into()).await?;
    if manifest.descriptor().artifact_type.as_deref() != Some(REPORT_TYPE) {
        return Ok(None);
    }
    let Content::Image { layers, .. } = manifest.content() else {
        return Ok(None);
    };
    let Some(layer) = layers.first() else {
        return Ok(None);
    };
    let report = parse(
        &reader.blob(&layer.digest, REPORT_LIMIT).await?,
        &referrer.digest.short(),
    )?;
    // The repository in front of a digest changes with each promotion; the digest does not.
    let stray = report.repo_digests.iter().find(|named| !own.contains(*named));
    let is_of_image =
        report.repo_digests.is_empty() || report.repo_digests.iter().any(|named| own.contains(named));
    let of = match stray {
        Some(named) if !is_of_image => named.parse().unwrap_or_else(|_| digest.clone()),
        _ => digest.clone(),
    };
    let noted = summary(referrer);
    Ok(Some(ScanReport {
        of,
        is_of_image,
        platform: report
            .platform
            .or_else(|| noted.as_ref().and_then(|noted| noted.platform.clone())),
        made: report.created.or_else(|| noted.and_then(|noted| noted.made)),
        findings: report.findings,
    }))
}

fn parse(bytes: &[u8], what: &str) -> Result<Report, ScanError> {
    Report::parse(bytes).map_err(|why| ScanError::Malformed {
        what: what.to_owned(),
        why,
    })
}

fn summary(referrer: &Descriptor) -> Option<ReportSummary> {
    let note = |key: &str| referrer.annotations.get(key);
    Some(ReportSummary {
        platform: note(PLATFORM).and_then(|text| text.parse().ok()),
        made: note(CREATED).and_then(|text| text.parse().ok()),
        counts: serde_json::from_str(note(COUNTS)?).ok()?,
    })
}

/// The newest of each platform; those that do not say when they were made come before all others.
fn newest(referrers: Vec<Descriptor>) -> Vec<Descriptor> {
    let made = |entry: &Descriptor| {
        entry
            .annotations
            .get(CREATED)
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let mut by_platform: BTreeMap<Option<String>, Descriptor> = BTreeMap::new();
    for entry in referrers {
        let platform = entry.annotations.get(PLATFORM).cloned();
        let is_newer = by_platform
            .get(&platform)
            .is_none_or(|known| made(known) <= made(&entry));
        if is_newer {
            by_platform.insert(platform, entry);
        }
    }
    by_platform.into_values().collect()
}
