//! What is known of an image's vulnerabilities: the reports of its platforms, and what each of them says of itself.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, Finding, Platform};

/// What is known of an image's vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanEvidence {
    /// The image or index that is judged.
    pub digest: Digest,
    /// The platforms that it has; empty for an image without any.
    pub platforms: Vec<Platform>,
    /// The newest report of each platform, or one of the whole.
    pub reports: Vec<ScanReport>,
    /// What attached reports that are not of this image say they are of. They prove nothing, and explain much.
    pub strays: Vec<Digest>,
    /// The key whose signature a report needs to count here, if only such do.
    pub signed_by: Option<String>,
}

impl ScanEvidence {
    /// These reports, and nothing that does not count.
    pub const fn new(digest: Digest, platforms: Vec<Platform>, reports: Vec<ScanReport>) -> Self {
        Self {
            digest,
            platforms,
            reports,
            strays: Vec::new(),
            signed_by: None,
        }
    }

    /// The packages of all reports, if every one of them lists its own.
    pub fn packages(&self) -> Option<BTreeSet<Package>> {
        let mut all = BTreeSet::new();
        for report in &self.reports {
            match &report.inventory {
                Inventory::Packages(packages) => all.extend(packages.iter().cloned()),
                Inventory::Nothing => {}
                Inventory::Something | Inventory::Untold => return None,
            }
        }
        (!self.reports.is_empty()).then_some(all)
    }

    /// The date of the oldest database that a report was made with, if every report says it.
    pub fn database(&self) -> Option<Timestamp> {
        let dates = self.reports.iter().map(|report| report.database);
        dates.collect::<Option<Vec<_>>>()?.into_iter().min()
    }
}

/// One report of one scan of the image that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanReport {
    /// The platform, if it is known which.
    pub platform: Option<Platform>,
    /// When it was made, if that is known.
    pub made: Option<Timestamp>,
    /// The date of the vulnerability database, if that is known.
    pub database: Option<Timestamp>,
    /// `Trivy 0.74.0`, if it is known.
    pub scanner: Option<String>,
    /// Where the report comes from.
    pub origin: Origin,
    /// The operating system, `alpine 3.12.1`, if the scanner says that it is out of support.
    pub end_of_life: Option<String>,
    /// What the scanner recognised in the image.
    pub inventory: Inventory,
    /// What it found.
    pub findings: Vec<Finding>,
    /// What the scanner found and left out by a rule of its own, each with the reason that it gives.
    pub hidden: Vec<(Finding, String)>,
}

/// Where a report comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It is attached to the image.
    Attached,
    /// It stands in an attestation that is attached to the image.
    Attested,
    /// The scan was made for this judgement.
    Fresh,
    /// A person or a job named the file.
    File,
}

/// What a scanner recognised in an image. Where it recognised nothing, that it found nothing means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inventory {
    /// The report does not say.
    Untold,
    /// No operating system and no package.
    Nothing,
    /// Something, but the report does not list the packages.
    Something,
    /// These packages.
    Packages(BTreeSet<Package>),
}

/// A package in one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The version that is installed.
    pub version: String,
}
