//! Reports as referrers: attached with what is known of the scan, which annotations repeat.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::subject::Subject;
use super::{Report, ScanError};
use crate::domain::{Counts, Digest, Origin, Platform, clean_line};
use crate::registry::{Descriptor, Evidence, Writer};

/// The artifact type of an attached Trivy report, and the media type of the report in it. Trivy registers none for its own
/// JSON (its referrer plug-in attaches SBOMs, SARIF and `cosign-vuln` only); this is the one that is in use, in the
/// documentation of Azure's registry for instance.
pub const REPORT_TYPE: &str = "application/vnd.aquasec.trivy.report+json";

const CREATED: &str = "org.opencontainers.image.created";
pub(super) const PLATFORM: &str = "dev.windlass.scan.platform";
const IMAGE: &str = "dev.windlass.scan.image";
const EXAMINED: &str = "dev.windlass.scan.examined";
const COUNTS: &str = "dev.windlass.scan.counts";
const SCANNER: &str = "dev.windlass.scan.scanner";
const ARGUMENTS: &str = "dev.windlass.scan.arguments";
const DATABASE: &str = "dev.windlass.scan.database";

/// What is known of a scan beside its report.
#[derive(Debug, Clone, Default)]
pub struct ReportContext {
    /// `Trivy 0.74.0`, where the report itself does not say.
    pub scanner: Option<String>,
    /// When the vulnerability database was made.
    pub database: Option<Timestamp>,
    /// When the scan was done, where the report itself does not say.
    pub made: Option<Timestamp>,
    /// The image that was scanned, by its digest, where the report itself does not say.
    pub image: Option<Digest>,
    /// The platform that was scanned, where the report itself does not say.
    pub platform: Option<Platform>,
    /// The arguments of the configuration that the scanner got, without secrets.
    pub arguments: Option<String>,
    /// When the scan was begun.
    pub started: Option<Timestamp>,
    /// Where the vulnerability database comes from: its repository, or the server that has it.
    pub database_source: Option<String>,
}

/// Attaches a report to `subject`, with what is known of the scan as annotations. A report of another image is refused.
pub async fn attach_report(
    writer: &Writer,
    subject: &Descriptor,
    bytes: Bytes,
    context: &ReportContext,
) -> Result<Descriptor, ScanError> {
    let report = Report::parse(&bytes).map_err(|why| ScanError::Malformed {
        what: "to attach".to_owned(),
        why,
    })?;
    let summary = writer.image(&subject.digest).await?;
    let of = Subject::new(&subject.digest, &summary);
    let named = of.named(&report).map_err(|found| ScanError::AnotherImage {
        found,
        wanted: subject.digest.clone(),
    })?;
    if let Some(why) = named.flaw {
        return Err(ScanError::Malformed {
            what: "to attach".to_owned(),
            why,
        });
    }
    let image = named.image.or_else(|| context.image.clone());
    let known = image.as_ref().and_then(|image| of.image(image)?.platform.clone());
    let platform = known
        .or_else(|| report.platform.clone())
        .or_else(|| context.platform.clone());
    let evidence = report.into_evidence(context, Origin::Attached);
    let counts = serde_json::to_string(&evidence.counts()).unwrap_or_default();
    let notes = [
        (COUNTS, Some(counts)),
        (EXAMINED, Some(evidence.has_examined().to_string())),
        (CREATED, evidence.made.map(|at| at.to_string())),
        (IMAGE, image.map(|image| image.to_string())),
        (PLATFORM, platform.map(|platform| platform.to_string())),
        (SCANNER, evidence.scanner),
        (DATABASE, context.database.map(|at| at.to_string())),
        (ARGUMENTS, context.arguments.clone()),
    ];
    let annotations: BTreeMap<String, String> = notes
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect();
    let layers = vec![(REPORT_TYPE.to_owned(), bytes)];
    let note = |key| annotations.get(key).map_or("", String::as_str);
    let about = format!("{} {}", note(IMAGE), note(PLATFORM));
    let evidence = Evidence::new(REPORT_TYPE, layers, annotations).about(about);
    Ok(writer.attach_evidence(subject, evidence).await?)
}

/// What annotations say of a report.
pub(super) struct Notes {
    pub image: Option<Digest>,
    pub platform: Option<Platform>,
    pub made: Option<Timestamp>,
    pub counts: Option<Counts>,
    pub examined: Option<bool>,
    pub scanner: Option<String>,
    pub database: Option<Timestamp>,
    pub arguments: Option<String>,
}

impl Notes {
    pub(super) fn of(referrer: &Descriptor) -> Self {
        let note = |key: &str| referrer.annotations.get(key);
        Self {
            image: note(IMAGE).and_then(|text| text.parse().ok()),
            platform: note(PLATFORM).and_then(|text| text.parse().ok()),
            made: note(CREATED).and_then(|text| text.parse().ok()),
            counts: note(COUNTS).and_then(|text| serde_json::from_str(text).ok()),
            examined: note(EXAMINED).and_then(|text| text.parse().ok()),
            scanner: note(SCANNER).map(|text| clean_line(text)),
            database: note(DATABASE).and_then(|text| text.parse().ok()),
            arguments: note(ARGUMENTS).map(|text| clean_line(text)),
        }
    }
}
