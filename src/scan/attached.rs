//! Reports as referrers: attached with what is known of the scan, listed by their annotations, and read as evidence.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::{REPORT_LIMIT, Report, ScanError, attestation};
use crate::domain::{Counts, Digest, Origin, Platform, ScanEvidence, ScanReport, clean_line};
use crate::registry::{Content, Descriptor, ImageSummary, Reader, Writer};
use crate::sign::PublicKey;

/// The artifact type of an attached Trivy report, and the media type of the report in it. Trivy registers none for its own
/// JSON (its referrer plug-in attaches SBOMs, SARIF and `cosign-vuln` only); this is the one that is in use, in the
/// documentation of Azure's registry for instance.
pub const REPORT_TYPE: &str = "application/vnd.aquasec.trivy.report+json";

const CREATED: &str = "org.opencontainers.image.created";
pub(super) const PLATFORM: &str = "dev.windlass.scan.platform";
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
    /// The platform that was scanned, where the report itself does not say.
    pub platform: Option<Platform>,
    /// The arguments of the configuration that the scanner got, without secrets.
    pub arguments: Option<String>,
    /// When the scan was begun.
    pub started: Option<Timestamp>,
    /// Where the vulnerability database comes from: its repository, or the server that has it.
    pub database_source: Option<String>,
}

/// A report as its referrer's annotations tell of it: enough for a list, not for a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSummary {
    /// The platform, if it is known.
    pub platform: Option<Platform>,
    /// When the scan was done.
    pub made: Option<Timestamp>,
    /// How many findings it has.
    pub counts: Counts,
}

/// Attaches a report to `subject`, with what is known of the scan as annotations. A report of another image is refused.
pub async fn attach_report(
    writer: &Writer,
    subject: &Descriptor,
    bytes: Bytes,
    context: &ReportContext,
) -> Result<Descriptor, ScanError> {
    let report = parse(&bytes, "to attach")?;
    let own = own_digests(writer, &subject.digest).await?;
    let named = platform_named(&report, &own).map_err(|found| ScanError::AnotherImage {
        found,
        wanted: subject.digest.clone(),
    })?;
    let platform = named.or(report.platform).or_else(|| context.platform.clone());
    let counts = serde_json::to_string(&Counts::of(&report.findings)).unwrap_or_default();
    let notes = [
        (COUNTS, Some(counts)),
        (CREATED, report.created.or(context.made).map(|at| at.to_string())),
        (PLATFORM, platform.map(|platform| platform.to_string())),
        (SCANNER, report.scanner.or_else(|| context.scanner.clone())),
        (DATABASE, context.database.map(|at| at.to_string())),
        (ARGUMENTS, context.arguments.clone()),
    ];
    let annotations = notes
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect();
    let layers = vec![(REPORT_TYPE.to_owned(), bytes)];
    Ok(writer.attach(subject, REPORT_TYPE, layers, annotations).await?)
}

/// What is attached to `digest`, newest report of each platform. One request where the annotations tell it; a report of
/// another tool, which has none, is read.
pub async fn summaries(reader: &Reader, digest: &Digest) -> Result<Vec<ReportSummary>, ScanError> {
    let mut found = Vec::new();
    for referrer in newest(reader.referrers(digest, Some(REPORT_TYPE)).await?) {
        let notes = Notes::of(&referrer);
        if let Some(counts) = notes.counts {
            found.push(ReportSummary {
                platform: notes.platform,
                made: notes.made,
                counts,
            });
        } else if let Some((report, notes)) = read(reader, &referrer, digest).await? {
            found.push(ReportSummary {
                platform: report.platform.or(notes.platform),
                made: report.created.or(notes.made),
                counts: Counts::of(&report.findings),
            });
        }
    }
    Ok(found)
}

/// The evidence for a gate: the newest attached report of each platform, read itself. What its annotations say decides
/// only which one is the newest, and when and where it was made if it does not say so itself. Where a platform has none,
/// attestations count as well, by whomever they are: they are worth what a report without a signature is.
pub async fn evidence(
    reader: &Reader,
    digest: &Digest,
    image: &ImageSummary,
) -> Result<ScanEvidence, ScanError> {
    let referrers = reader.referrers(digest, Some(REPORT_TYPE)).await?;
    let own = own_digests(reader, digest).await?;
    let mut found = Found::default();
    for referrer in newest(referrers) {
        let Some((report, notes)) = read(reader, &referrer, digest).await? else {
            continue;
        };
        let named = match platform_named(&report, &own) {
            Ok(named) => named,
            Err(stray) => {
                found.strays.push(stray);
                continue;
            }
        };
        let context = ReportContext {
            platform: named.or_else(|| report.platform.clone()).or(notes.platform),
            made: notes.made,
            database: notes.database,
            scanner: notes.scanner,
            ..ReportContext::default()
        };
        found.add(report.into_evidence(&context, Origin::Attached));
    }
    if !found.covers(image) {
        found.attested(reader, digest, &own, None).await?;
    }
    Ok(found.of(digest, image))
}

/// The evidence for a gate that believes one key only: the newest attestation of each platform that `key` signed. `name`
/// is how a verdict calls the key.
pub async fn signed_evidence(
    reader: &Reader,
    digest: &Digest,
    image: &ImageSummary,
    key: &PublicKey,
    name: String,
) -> Result<ScanEvidence, ScanError> {
    let own = own_digests(reader, digest).await?;
    let mut found = Found::default();
    found.attested(reader, digest, &own, Some(key)).await?;
    Ok(ScanEvidence {
        signed_by: Some(name),
        ..found.of(digest, image)
    })
}

/// What was found attached to an image.
#[derive(Default)]
struct Found {
    by_platform: BTreeMap<Option<Platform>, ScanReport>,
    strays: Vec<Digest>,
}

impl Found {
    /// Keeps the newest of each platform.
    fn add(&mut self, report: ScanReport) {
        let known = self.by_platform.get(&report.platform);
        if known.is_none_or(|known| known.made <= report.made) {
            self.by_platform.insert(report.platform.clone(), report);
        }
    }

    async fn attested(
        &mut self,
        reader: &Reader,
        digest: &Digest,
        own: &OwnDigests,
        key: Option<&PublicKey>,
    ) -> Result<(), ScanError> {
        let (reports, mut strays) = attestation::attested(reader, digest, own, key).await?;
        for report in reports {
            self.add(report);
        }
        self.strays.append(&mut strays);
        Ok(())
    }

    /// Whether every platform of the image has a report, or one is of the whole.
    fn covers(&self, image: &ImageSummary) -> bool {
        let has = |platform: &Platform| self.by_platform.contains_key(&Some(platform.clone()));
        self.by_platform.contains_key(&None)
            || !self.by_platform.is_empty() && image.platforms.iter().all(|(platform, _)| has(platform))
    }

    fn of(self, digest: &Digest, image: &ImageSummary) -> ScanEvidence {
        let platforms = image.platforms.iter().map(|(platform, _)| platform.clone());
        ScanEvidence {
            strays: self.strays,
            ..ScanEvidence::new(
                digest.clone(),
                platforms.collect(),
                self.by_platform.into_values().collect(),
            )
        }
    }
}

/// The digests by which a report may name an image, each with its platform if it is that of one.
pub(super) type OwnDigests = BTreeMap<Digest, Option<Platform>>;

/// The digests by which a report may name this image: its own, and those of its platforms, each with the platform. The
/// repository in front of a digest changes with each promotion; the digest does not.
pub(super) async fn own_digests(reader: &Reader, digest: &Digest) -> Result<OwnDigests, ScanError> {
    let manifest = reader.manifest(&digest.clone().into()).await?;
    let children = manifest.children().iter().filter(|child| !child.is_attestation());
    let children = children.map(|child| (child.digest.clone(), child.platform.clone()));
    Ok(children.chain([(digest.clone(), None)]).collect())
}

/// The platform whose manifest `report` names, none if it names the image as a whole, or nothing but what it is attached
/// to; the digest that it is of if that is no part of this image.
pub(super) fn platform_named(report: &Report, own: &OwnDigests) -> Result<Option<Platform>, Digest> {
    let Some(first) = report.digests.first() else {
        return Ok(None);
    };
    let mut named = report.digests.iter().filter_map(|digest| own.get(digest));
    named.next().cloned().ok_or_else(|| first.clone())
}

/// The report that a referrer of `subject` carries, and what its manifest notes of it; none if it turns out to be
/// something else, since entries of a fallback index need not be what they seem.
async fn read(
    reader: &Reader,
    referrer: &Descriptor,
    subject: &Digest,
) -> Result<Option<(Report, Notes)>, ScanError> {
    let manifest = reader.manifest(&referrer.digest.clone().into()).await?;
    let is_report = manifest.descriptor().artifact_type.as_deref() == Some(REPORT_TYPE)
        && manifest.subject() == Some(subject);
    let layer = match manifest.content() {
        Content::Image { layers, .. } if is_report => layers.first(),
        _ => None,
    };
    let Some(layer) = layer else {
        return Ok(None);
    };
    let bytes = reader.blob(&layer.digest, REPORT_LIMIT).await?;
    let report = parse(&bytes, &referrer.digest.short())?;
    Ok(Some((report, Notes::of(manifest.descriptor()))))
}

fn parse(bytes: &[u8], what: &str) -> Result<Report, ScanError> {
    Report::parse(bytes).map_err(|why| ScanError::Malformed {
        what: what.to_owned(),
        why,
    })
}

/// What annotations say of a report.
struct Notes {
    platform: Option<Platform>,
    made: Option<Timestamp>,
    counts: Option<Counts>,
    scanner: Option<String>,
    database: Option<Timestamp>,
}

impl Notes {
    fn of(referrer: &Descriptor) -> Self {
        let note = |key: &str| referrer.annotations.get(key);
        Self {
            platform: note(PLATFORM).and_then(|text| text.parse().ok()),
            made: note(CREATED).and_then(|text| text.parse().ok()),
            counts: note(COUNTS).and_then(|text| serde_json::from_str(text).ok()),
            scanner: note(SCANNER).map(|text| clean_line(text)),
            database: note(DATABASE).and_then(|text| text.parse().ok()),
        }
    }
}

/// The newest of each platform, and all whose platform is not written beside them.
fn newest(referrers: Vec<Descriptor>) -> Vec<Descriptor> {
    let mut found = Vec::new();
    let mut by_platform: BTreeMap<Platform, (Option<Timestamp>, Descriptor)> = BTreeMap::new();
    for referrer in referrers {
        let notes = Notes::of(&referrer);
        let Some(platform) = notes.platform else {
            found.push(referrer);
            continue;
        };
        let known = by_platform.get(&platform);
        if known.is_none_or(|(made, _)| *made <= notes.made) {
            by_platform.insert(platform, (notes.made, referrer));
        }
    }
    found.extend(by_platform.into_values().map(|(_, referrer)| referrer));
    found
}
