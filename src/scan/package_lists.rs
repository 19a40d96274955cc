//! Where the packages of an image are listed: in the SBOMs that are attached to it as such, in those that somebody signed
//! (`cosign attest`), in those that buildx put into its index, or else in its scan reports.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::attached::PLATFORM;
use super::{SbomFormat, ScanError};
use crate::domain::{
    Clean, Digest, InstalledPackage, Inventory, PackageList, PackageSource, Platform, ScanEvidence,
    clean_line,
};
use crate::registry::{Content, Descriptor, Reader};
use crate::sign;

/// Larger SBOMs are refused rather than read into memory, in bytes. One of 10,000 packages has about 10 MB.
const SBOM_LIMIT: u64 = 64_000_000;
const CREATED: &str = "org.opencontainers.image.created";
/// What of an index an attestation of buildx is about (BuildKit, "Image attestation storage").
const REFERENCE: &str = "vnd.docker.reference.digest";
/// Of what kind the statement in a layer of such an attestation is.
const PREDICATE: &str = "in-toto.io/predicate-type";

/// The packages that the SBOMs of `digest` list, of each of `platforms` the newest. Those that are attached as such come
/// first, CycloneDX where both formats are there; then those in attestations, of which no signature is asked, because
/// nothing is decided by them. None if there is none.
pub async fn sbom_packages(
    reader: &Reader,
    digest: &Digest,
    platforms: &[Platform],
) -> Result<Option<PackageList>, ScanError> {
    let referrers = reader.referrers(digest, None).await?;
    for format in SbomFormat::ALL {
        let newest = newest(&referrers, format);
        if newest.is_empty() {
            continue;
        }
        let reading = newest
            .values()
            .map(|(_, referrer)| read(reader, referrer, digest, format));
        let packages = try_join_all(reading).await?;
        return Ok(Some(list(format, platforms, newest.into_keys(), packages)));
    }
    for format in SbomFormat::ALL {
        if let Some(packages) = attested(reader, digest, format).await? {
            return Ok(Some(list(format, platforms, [None], vec![packages])));
        }
    }
    of_index(reader, digest, platforms).await
}

/// What was read of some platforms, or of the whole image.
fn list(
    format: SbomFormat,
    platforms: &[Platform],
    read: impl IntoIterator<Item = Option<Platform>>,
    packages: Vec<BTreeSet<InstalledPackage>>,
) -> PackageList {
    let read: BTreeSet<_> = read.into_iter().collect();
    let mut missing = platforms.to_vec();
    missing.retain(|platform| !read.contains(&None) && !read.contains(&Some(platform.clone())));
    PackageList {
        source: PackageSource::Sbom {
            format: format.title(),
        },
        missing,
        packages: packages.into_iter().flatten().collect(),
    }
}

/// The packages that the scan reports of an image list; none if they do not, or if there is none.
pub fn report_packages(evidence: &ScanEvidence) -> Option<PackageList> {
    let all = evidence.packages()?;
    let scanner = evidence.reports.iter().find_map(|report| report.scanner.clone());
    let covers = |platform: &Platform| {
        let has = |report: &crate::domain::ScanReport| {
            evidence.platform_of(report) == Some(platform)
                && matches!(report.inventory, Inventory::Packages(_))
        };
        evidence.reports.iter().any(has)
    };
    let packages = all.into_iter().map(|package| InstalledPackage {
        kind: Clean::default(),
        name: Clean::line(&package.name),
        version: Clean::line(&package.version),
    });
    Some(PackageList {
        source: PackageSource::Report { scanner },
        missing: evidence
            .platforms()
            .filter(|platform| !covers(platform))
            .cloned()
            .collect(),
        packages: packages.collect(),
    })
}

type Newest<'a> = BTreeMap<Option<Platform>, (Option<Timestamp>, &'a Descriptor)>;

/// The newest SBOM of each platform.
fn newest(referrers: &[Descriptor], format: SbomFormat) -> Newest<'_> {
    let mut found = Newest::new();
    let of_format = |one: &&Descriptor| one.artifact_type.as_deref() == Some(format.media_type());
    for referrer in referrers.iter().filter(of_format) {
        let note = |key: &str| referrer.annotations.get(key);
        let platform = note(PLATFORM).and_then(|text| text.parse().ok());
        let made: Option<Timestamp> = note(CREATED).and_then(|text| text.parse().ok());
        let known = found.get(&platform);
        if known.is_none_or(|(known, _)| *known <= made) {
            found.insert(platform, (made, referrer));
        }
    }
    found
}

async fn read(
    reader: &Reader,
    referrer: &Descriptor,
    subject: &Digest,
    format: SbomFormat,
) -> Result<BTreeSet<InstalledPackage>, ScanError> {
    let manifest = reader.manifest(&referrer.digest.clone().into()).await?;
    let layer = match manifest.content() {
        Content::Image { layers, .. } if manifest.subject() == Some(subject) => layers.first(),
        _ => None,
    };
    let stray = || {
        malformed(
            &referrer.digest,
            format,
            "it is attached to something else".to_owned(),
        )
    };
    let bytes = document(reader, layer.ok_or_else(stray)?, format).await?;
    format
        .packages(&bytes)
        .map_err(|why| malformed(&referrer.digest, format, why))
}

/// The packages of the SBOM that somebody attested of `digest` itself, the last that is listed.
async fn attested(
    reader: &Reader,
    digest: &Digest,
    format: SbomFormat,
) -> Result<Option<BTreeSet<InstalledPackage>>, ScanError> {
    let found = sign::attestations(reader, digest, format.predicate_type(), None).await?;
    let mut found = found.into_iter().filter(|one| one.subjects.contains(digest));
    let Some(newest) = found.next_back() else {
        return Ok(None);
    };
    let packages = format.packages(newest.predicate.get().as_bytes());
    packages
        .map(Some)
        .map_err(|why| malformed(&newest.referrer, format, why))
}

/// The packages of the SBOMs that buildx put into an index, beside the images that they are of.
async fn of_index(
    reader: &Reader,
    digest: &Digest,
    platforms: &[Platform],
) -> Result<Option<PackageList>, ScanError> {
    let index = reader.manifest(&digest.clone().into()).await?;
    let of = |wanted: &str| {
        let mut children = index.children().iter();
        children
            .find(|child| child.digest.to_string() == wanted)?
            .platform
            .clone()
    };
    let attestations = index.children().iter().filter_map(|child| {
        let reference = child
            .annotations
            .get(REFERENCE)
            .filter(|_| child.is_attestation())?;
        Some((of(reference)?, child))
    });
    let reading = attestations.map(|(platform, child)| async move {
        let packages = of_attestation(reader, child).await?;
        Ok::<_, ScanError>(packages.map(|packages| (platform, packages)))
    });
    let read: Vec<_> = try_join_all(reading).await?.into_iter().flatten().collect();
    if read.is_empty() {
        return Ok(None);
    }
    let (of, packages): (Vec<_>, _) = read
        .into_iter()
        .map(|(of, packages)| (Some(of), packages))
        .unzip();
    Ok(Some(list(SbomFormat::Spdx, platforms, of, packages)))
}

/// The packages of an attestation of buildx, which writes SPDX; none if it has no SBOM.
async fn of_attestation(
    reader: &Reader,
    attestation: &Descriptor,
) -> Result<Option<BTreeSet<InstalledPackage>>, ScanError> {
    #[derive(Deserialize)]
    struct Statement {
        predicate: Box<RawValue>,
    }
    let format = SbomFormat::Spdx;
    let manifest = reader.manifest(&attestation.digest.clone().into()).await?;
    let Content::Image { layers, .. } = manifest.content() else {
        return Ok(None);
    };
    let is_sbom = |layer: &&Descriptor| {
        let predicate = layer.annotations.get(PREDICATE);
        predicate.is_some_and(|predicate| predicate == format.predicate_type())
    };
    let Some(layer) = layers.iter().find(is_sbom) else {
        return Ok(None);
    };
    let bytes = document(reader, layer, format).await?;
    let wrong = |error: serde_json::Error| clean_line(&format!("not a statement: {error}"));
    let statement = serde_json::from_slice::<Statement>(&bytes).map_err(wrong);
    let packages = statement.and_then(|statement| format.packages(statement.predicate.get().as_bytes()));
    packages
        .map(Some)
        .map_err(|why| malformed(&attestation.digest, format, why))
}

/// A document, if it is not too large to be read.
async fn document(reader: &Reader, layer: &Descriptor, format: SbomFormat) -> Result<Bytes, ScanError> {
    if layer.size > SBOM_LIMIT {
        let why = format!("it has more than {} MB", SBOM_LIMIT / 1_000_000);
        return Err(malformed(&layer.digest, format, why));
    }
    Ok(reader.blob(&layer.digest, SBOM_LIMIT).await?)
}

fn malformed(of: &Digest, format: SbomFormat, why: String) -> ScanError {
    ScanError::Malformed {
        what: format!("{} ({} SBOM)", of.short(), format.title()),
        why,
    }
}
