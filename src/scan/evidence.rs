//! The one reader of what is attached to an image: it gives the newest evidence, whatever its form, and says what of it cannot
//! be read.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::attached::Notes;
use super::subject::Subject;
use super::{
    REPORT_LIMIT, REPORT_TYPE, Report, ReportContext, ScanError, VULNERABILITIES, arguments, attestation,
};
use crate::domain::{Counts, Digest, Inventory, Origin, RunnableImage, ScanEvidence, ScanReport, Severity};
use crate::registry::{Content, Descriptor, ImageSummary, Manifest, Reader, RegistryError, is_generic_type};
use crate::sign::{self, TrustedSigner};

/// What statements are attached as, and where a list repeats of what kind one is.
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.";

/// What is known of an image's scans, for a list, not for a gate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScanSummary {
    /// How many findings, the worst report's.
    pub counts: Counts,
    /// When the oldest report was made, if every report says it.
    pub made: Option<Timestamp>,
    /// What the number of findings does not tell: images that were not scanned, reports that examined nothing.
    pub gaps: Vec<String>,
}

/// What is attached to `digest` in short; none if nothing is. One request where annotations tell it; otherwise what is
/// attached is read.
pub async fn summary(
    reader: &Reader,
    digest: &Digest,
    image: &ImageSummary,
) -> Result<Option<ScanSummary>, ScanError> {
    let referrers = reader.referrers(digest, None).await?;
    let noted = by_annotations(&referrers).map(|noted| {
        let noted = ScanEvidence::select(noted, &image.images);
        let (reports, counts): (Vec<_>, Vec<_>) = noted
            .into_iter()
            .map(|noted| (noted.report, noted.counts))
            .unzip();
        let evidence = ScanEvidence::new(digest.clone(), image.images.clone(), reports);
        (evidence, counts)
    });
    // What is missing here may be attached to the images themselves, or in cosign's older form.
    let noted = noted.filter(|(evidence, _)| evidence.gaps().is_empty());
    let (evidence, counts) = if let Some(noted) = noted {
        noted
    } else {
        let evidence = gathered(reader, digest, image, referrers).await?;
        let counts = evidence.reports.iter().map(ScanReport::counts).collect();
        (evidence, counts)
    };
    if evidence.reports.is_empty() && evidence.unreadable.is_empty() {
        return Ok(None);
    }
    let rank = |counts: &Counts| Severity::ALL.map(|severity| counts.get(severity));
    Ok(Some(ScanSummary {
        counts: counts.into_iter().max_by_key(rank).unwrap_or_default(),
        made: evidence.made(),
        gaps: evidence.gaps(),
    }))
}

/// The evidence for a gate: the newest report of each image, read itself, whether it is attached as it is or stands in an
/// attestation, by whomever that is. What annotations say decides only which reports need not be read.
pub async fn evidence(
    reader: &Reader,
    digest: &Digest,
    image: &ImageSummary,
) -> Result<ScanEvidence, ScanError> {
    let referrers = reader.referrers(digest, None).await?;
    gathered(reader, digest, image, referrers).await
}

/// The evidence for a gate that believes one signer only: the newest attestation of each image that is signed by who is trusted.
/// `name` is how a verdict calls them.
pub async fn signed_evidence(
    reader: &Reader,
    digest: &Digest,
    image: &ImageSummary,
    trusted: &TrustedSigner,
    name: String,
) -> Result<ScanEvidence, ScanError> {
    let mut found = Gathered::new(reader, digest, image);
    for place in found.places() {
        found.attestations(&place, Some(trusted)).await?;
    }
    Ok(ScanEvidence {
        signed_by: Some(name),
        ..found.into_evidence()
    })
}

/// What is attached to an image that is, or may be, a report of it, in any form and by whomever, in the order of the digests. Nothing
/// is read, and so it is known only whether it is the same as at another time.
pub async fn attached_reports(
    reader: &Reader,
    digest: &Digest,
    image: &ImageSummary,
) -> Result<Vec<Digest>, ScanError> {
    let asking = Gathered::new(reader, digest, image)
        .places()
        .into_iter()
        .map(|place| async move { reports_at(reader, &place).await });
    let found = try_join_all(asking).await?;
    let found: BTreeSet<_> = found.into_iter().flatten().collect();
    Ok(found.into_iter().collect())
}

async fn reports_at(reader: &Reader, place: &Digest) -> Result<Vec<Digest>, RegistryError> {
    // Of bundles a list need not say of which kind they are; their manifests do.
    let (reports, bundles, older) = tokio::try_join!(
        reader.referrers(place, Some(REPORT_TYPE)),
        reader.referrers(place, Some(sign::BUNDLE)),
        reader.cosign_attestation(place)
    )?;
    let reports = reports.into_iter().filter(may_be_report);
    let bundles = bundles.into_iter().filter(may_be_attestation);
    let mut found: Vec<_> = reports.chain(bundles).map(|one| one.digest).collect();
    if let Some(Content::Image { layers, .. }) = older.as_ref().map(Manifest::content) {
        // Early versions of cosign left out the scheme.
        let is_report = |kind: &String| VULNERABILITIES.ends_with(kind.as_str());
        let layers = layers
            .iter()
            .filter(|layer| layer.annotations.get("predicateType").is_none_or(is_report));
        found.extend(layers.map(|layer| layer.digest.clone()));
    }
    Ok(found)
}

async fn gathered(
    reader: &Reader,
    digest: &Digest,
    image: &ImageSummary,
    referrers: Vec<Descriptor>,
) -> Result<ScanEvidence, ScanError> {
    let mut found = Gathered::new(reader, digest, image);
    let mut listed = vec![(digest.clone(), referrers)];
    let others = found.places().into_iter().skip(1);
    let asking = others.map(|place| async move {
        let referrers = reader.referrers(&place, None).await?;
        Ok::<_, RegistryError>((place, referrers))
    });
    listed.extend(try_join_all(asking).await?);
    for (place, referrers) in listed {
        found.attestations(&place, None).await?;
        found.reports(&place, referrers).await?;
    }
    Ok(found.into_evidence())
}

/// Whether an entry of a list may be a report. A list repeats what manifests say, and not always rightly.
fn may_be_report(referrer: &Descriptor) -> bool {
    let kind = referrer.artifact_type.as_deref().unwrap_or_default();
    kind == REPORT_TYPE || is_generic_type(kind)
}

fn may_be_attestation(referrer: &Descriptor) -> bool {
    let kind = referrer.artifact_type.as_deref().unwrap_or_default();
    let predicate = referrer.annotations.get(PREDICATE_TYPE);
    let may_be = predicate.is_none_or(|predicate| predicate == VULNERABILITIES);
    may_be && (kind.starts_with(BUNDLE_TYPE) || is_generic_type(kind))
}

/// The reports as annotations tell of them; none where something must be read to know.
fn by_annotations(referrers: &[Descriptor]) -> Option<Vec<Noted>> {
    if referrers.iter().any(may_be_attestation) {
        return None;
    }
    let reports = referrers.iter().filter(|referrer| may_be_report(referrer));
    reports.map(Noted::of).collect()
}

/// What was found attached to an image.
struct Gathered<'a> {
    reader: &'a Reader,
    digest: &'a Digest,
    images: &'a [RunnableImage],
    indexes: &'a [Digest],
    subject: Subject<'a>,
    reports: Vec<ScanReport>,
    strays: Vec<Digest>,
    unreadable: Vec<String>,
}

/// What reading one entry of a list came to.
enum Read {
    Report(Box<ScanReport>),
    Unreadable,
    Other,
}

impl<'a> Gathered<'a> {
    const fn new(reader: &'a Reader, digest: &'a Digest, image: &'a ImageSummary) -> Self {
        Self {
            reader,
            digest,
            images: image.images.as_slice(),
            indexes: image.indexes.as_slice(),
            subject: Subject::new(digest, image),
            reports: Vec::new(),
            strays: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// The digests that evidence may be attached to: the whole, the indexes in it, and each image.
    fn places(&self) -> Vec<Digest> {
        let mut places = vec![self.digest.clone()];
        let images = self.images.iter().map(|image| &image.digest);
        for place in self.indexes.iter().chain(images) {
            if !places.contains(place) {
                places.push(place.clone());
            }
        }
        places
    }

    async fn attestations(
        &mut self,
        place: &Digest,
        trusted: Option<&TrustedSigner>,
    ) -> Result<(), ScanError> {
        let mut found = attestation::attested(self.reader, place, &self.subject, trusted).await?;
        // One that lies in several places counts once.
        found.reports.retain(|report| !self.reports.contains(report));
        self.reports.append(&mut found.reports);
        self.strays.append(&mut found.strays);
        self.unreadable.append(&mut found.unreadable);
        Ok(())
    }

    /// Reads the attached reports. Of those that annotations say are of one image, the older ones are left unread as soon as
    /// one that is read replaces them.
    async fn reports(&mut self, place: &Digest, referrers: Vec<Descriptor>) -> Result<(), ScanError> {
        let mut groups: BTreeMap<String, Vec<(Option<Timestamp>, Descriptor)>> = BTreeMap::new();
        for referrer in referrers.into_iter().filter(may_be_report) {
            let notes = Notes::of(&referrer);
            let group = self.group(&notes).unwrap_or_else(|| referrer.digest.to_string());
            groups.entry(group).or_default().push((notes.made, referrer));
        }
        for mut group in groups.into_values() {
            // Those without a date first: they may be the newest.
            group.sort_by(|(one, _), (other, _)| match (one, other) {
                (Some(one), Some(other)) => other.cmp(one),
                _ => one.is_some().cmp(&other.is_some()),
            });
            let mut replaced_before: Option<Timestamp> = None;
            for (noted, referrer) in group {
                if noted
                    .zip(replaced_before)
                    .is_some_and(|(noted, newest)| noted < newest)
                {
                    break;
                }
                let Read::Report(report) = self.read(place, &referrer).await? else {
                    continue;
                };
                // Only a report that is as its annotations say tells anything of those that they call older.
                if report.is_complete() && report.made.is_some() && report.made == noted {
                    replaced_before = replaced_before.max(noted);
                }
                self.reports.push(*report);
            }
        }
        Ok(())
    }

    /// What annotations say that a report is of, where that is one image.
    fn group(&self, notes: &Notes) -> Option<String> {
        if let Some(image) = &notes.image {
            return Some(image.to_string());
        }
        let platform = notes.platform.as_ref()?;
        let image = RunnableImage::on(self.images, Some(platform), None)?;
        Some(image.digest.to_string())
    }

    async fn read(&mut self, place: &Digest, referrer: &Descriptor) -> Result<Read, ScanError> {
        let (report, notes) = match read(self.reader, referrer, place).await {
            Ok(Some(read)) => read,
            Ok(None) => return Ok(Read::Other),
            Err(ScanError::Registry(error)) if !is_of_one_referrer(&error) => return Err(error.into()),
            Err(error) => {
                self.unreadable.push(error.to_string());
                return Ok(Read::Unreadable);
            }
        };
        let named = match self.subject.named(&report) {
            Ok(named) => named,
            Err(stray) => {
                self.strays.push(stray);
                return Ok(Read::Other);
            }
        };
        let context = ReportContext {
            image: named
                .image
                .or_else(|| notes.image.filter(|image| self.subject.image(image).is_some()))
                .or_else(|| self.subject.image(place).map(|image| image.digest.clone())),
            platform: report.platform.clone().or(notes.platform),
            made: notes.made,
            database: notes.database,
            scanner: notes.scanner,
            arguments: notes.arguments,
            ..ReportContext::default()
        };
        let mut report = report.into_evidence(&context, Origin::Attached);
        report.flaws.extend(named.flaw);
        Ok(Read::Report(Box::new(report)))
    }

    fn into_evidence(self) -> ScanEvidence {
        ScanEvidence {
            strays: self.strays,
            unreadable: self.unreadable,
            ..ScanEvidence::new(self.digest.clone(), self.images.to_vec(), self.reports)
        }
    }
}

/// Whether only the one thing that was read is not in order, rather than the registry.
const fn is_of_one_referrer(error: &RegistryError) -> bool {
    matches!(
        error,
        RegistryError::NotFound { .. }
            | RegistryError::TooLarge { .. }
            | RegistryError::DigestMismatch { .. }
            | RegistryError::Malformed { .. }
    )
}

/// The report that a referrer of `subject` carries, and what its manifest notes of it; none if it turns out to be something
/// else, since entries of a fallback index need not be what they seem.
async fn read(
    reader: &Reader,
    referrer: &Descriptor,
    subject: &Digest,
) -> Result<Option<(Report, Notes)>, ScanError> {
    let manifest = reader.manifest(&referrer.digest.clone().into()).await?;
    let Some(layer) = report_layer(&manifest, subject) else {
        return Ok(None);
    };
    let bytes = reader.blob(&layer.digest, REPORT_LIMIT).await?;
    let report = Report::parse(&bytes).map_err(|why| ScanError::Malformed {
        what: referrer.digest.short(),
        why,
    })?;
    Ok(Some((report, Notes::of(manifest.descriptor()))))
}

fn report_layer<'a>(manifest: &'a Manifest, subject: &Digest) -> Option<&'a Descriptor> {
    let is_report = manifest.descriptor().artifact_type.as_deref() == Some(REPORT_TYPE)
        && manifest.subject() == Some(subject);
    match manifest.content() {
        Content::Image { layers, .. } if is_report => layers.first(),
        _ => None,
    }
}

/// A report as its annotations tell of it: of what it found only the number is known.
struct Noted {
    report: ScanReport,
    counts: Counts,
}

impl AsRef<ScanReport> for Noted {
    fn as_ref(&self) -> &ScanReport {
        &self.report
    }
}

impl AsMut<ScanReport> for Noted {
    fn as_mut(&mut self) -> &mut ScanReport {
        &mut self.report
    }
}

impl Noted {
    /// None where the annotations do not tell enough.
    fn of(referrer: &Descriptor) -> Option<Self> {
        let notes = Notes::of(referrer);
        let examined = notes.examined?;
        let report = ScanReport {
            image: notes.image,
            platform: notes.platform,
            os_version: None,
            made: Some(notes.made?),
            database: notes.database,
            scanner: notes.scanner,
            origin: Origin::Attached,
            end_of_life: None,
            inventory: if examined {
                Inventory::Something
            } else {
                Inventory::Nothing
            },
            findings: Vec::new(),
            hidden: Vec::new(),
            filters: arguments::filters(notes.arguments.as_deref().unwrap_or_default()),
            flaws: Vec::new(),
        };
        Some(Self {
            report,
            counts: notes.counts?,
        })
    }
}
