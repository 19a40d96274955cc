//! The report of a scan, and the image that it is of.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Counts, Digest, Finding, FindingKind, Platform};

/// An image that can be run: what an index is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnableImage {
    /// The digest of its manifest.
    pub digest: Digest,
    /// The digest of its configuration, which scanners call the image's ID.
    pub config: Option<Digest>,
    /// Its platform, as its own configuration says, or else the index.
    pub platform: Option<Platform>,
    /// The version of the operating system that it is for: what tells images for Windows apart.
    pub os_version: Option<String>,
}

impl RunnableImage {
    /// An image of which nothing else is known.
    pub const fn new(digest: Digest, platform: Option<Platform>) -> Self {
        Self {
            digest,
            config: None,
            platform,
            os_version: None,
        }
    }

    /// The one of `images` that a report of this platform is of; none where several or none may be meant. Scanners often
    /// leave out the variant, which is fine as long as it is not what tells two images apart.
    pub fn on<'a>(
        images: &'a [Self],
        platform: Option<&Platform>,
        os_version: Option<&str>,
    ) -> Option<&'a Self> {
        let only = |mut found: Vec<&'a Self>| (found.len() == 1).then(|| found.remove(0));
        let Some(wanted) = platform else {
            return only(images.iter().collect());
        };
        let may_be = |image: &&Self| match &image.platform {
            None => true,
            Some(of) => {
                of.os == wanted.os
                    && of.architecture == wanted.architecture
                    && agree(of.variant.as_deref(), wanted.variant.as_deref())
                    && agree(image.os_version.as_deref(), os_version)
            }
        };
        let found: Vec<_> = images.iter().filter(may_be).collect();
        // An image whose platform nobody knows may be the one that is meant, and cannot be told by it.
        if found.iter().any(|image| image.platform.is_none()) {
            return None;
        }
        if found.len() > 1 {
            let exactly = |image: &&&Self| {
                image.platform.as_ref() == Some(wanted) && image.os_version.as_deref() == os_version
            };
            return only(found.iter().filter(exactly).copied().collect());
        }
        only(found)
    }
}

/// Whether two texts, where both are given, are the same.
fn agree(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

impl fmt::Display for RunnableImage {
    /// `linux/amd64`, `windows/amd64 10.0.17763.1`, or the digest where the platform is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.platform, &self.os_version) {
            (Some(platform), Some(version)) => write!(f, "{platform} {version}"),
            (Some(platform), None) => platform.fmt(f),
            (None, _) => f.write_str(&self.digest.short()),
        }
    }
}

/// One report of one scan of the image that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanReport {
    /// The image that it is of, if it is known which.
    pub image: Option<Digest>,
    /// The platform, if the report says which.
    pub platform: Option<Platform>,
    /// The version of the operating system, if the report says which.
    pub os_version: Option<String>,
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
    /// What the scanner was told to leave out without listing it.
    pub filters: Vec<ScannerFilter>,
    /// Why the report cannot be relied on, beside all that: it contradicts itself, or the scan did not end well.
    pub flaws: Vec<String>,
}

impl AsRef<Self> for ScanReport {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsMut<Self> for ScanReport {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl ScanReport {
    /// Whether the scanner looked at anything, so that not to find something means something.
    pub fn has_examined(&self) -> bool {
        match &self.inventory {
            Inventory::Packages(packages) => !packages.is_empty(),
            Inventory::Something => true,
            Inventory::Untold => {
                let hidden = self.hidden.iter().map(|(finding, _)| finding);
                let mut all = self.findings.iter().chain(hidden);
                all.any(|finding| finding.kind == FindingKind::Vulnerability)
            }
            Inventory::Nothing | Inventory::Unlisted(_) => false,
        }
    }

    /// Whether nothing speaks against taking its word instead of that of an older report.
    pub fn is_complete(&self) -> bool {
        self.has_examined() && self.filters.is_empty() && self.flaws.is_empty()
    }

    /// How many findings it has, those that the scanner hid included.
    pub fn counts(&self) -> Counts {
        Counts::of(
            self.findings
                .iter()
                .chain(self.hidden.iter().map(|(finding, _)| finding)),
        )
    }

    /// `2 critical, 1 low`, `clean`, or that nothing was examined.
    pub fn words(&self) -> String {
        let counts = self.counts();
        if self.has_examined() {
            counts.to_string()
        } else if counts.worst().is_some() {
            format!("{counts}; no package was examined")
        } else {
            "nothing was examined".to_owned()
        }
    }
}

/// Something that a scanner was told to leave out of its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerFilter {
    /// Vulnerabilities without a fix.
    Unfixed,
    /// Something else, as the scanner calls it.
    Other(String),
}

impl fmt::Display for ScannerFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfixed => f.write_str("vulnerabilities without a fix"),
            Self::Other(what) => f.write_str(what),
        }
    }
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
    #[serde(rename = "on-demand")]
    Fresh,
    /// A person or a job named the file.
    File,
}

/// What a scanner examined in an image. Where it examined nothing, that it found nothing means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inventory {
    /// The report does not say.
    Untold,
    /// No operating system and no package.
    Nothing,
    /// This was recognised, `alpine 3.20.3` for instance, but no package of it was listed.
    Unlisted(String),
    /// Packages in which something was found, but the report does not list all packages.
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
