//! Trivy's JSON report (schema version 2), as far as a gate looks at it.

mod others;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use self::others::{License, Misconfiguration, Secret};
use super::json::or_default;
use crate::domain::{
    Digest, Finding, FindingKind, Inventory, Package, Platform, ScannerFilter, Severity, clean_line,
};

/// What `trivy image` writes as `ArtifactType`. A report of a file system or of an SBOM finds less than one of the image,
/// and does not count as one.
const CONTAINER_IMAGE: &str = "container_image";

/// A report, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When it was made, as it says itself.
    pub created: Option<Timestamp>,
    /// `Trivy 0.74.0`, if it says so.
    pub scanner: Option<String>,
    /// The date of the vulnerability database, if it says so.
    pub database: Option<Timestamp>,
    /// The digests that the image is known by, from `Metadata.RepoDigests`; none of an image that came from a file.
    pub digests: Vec<Digest>,
    /// The digest of the image's configuration, from `Metadata.ImageID`.
    pub image_id: Option<Digest>,
    /// The platform whose image was scanned, if it says so.
    pub platform: Option<Platform>,
    /// The version of the operating system of that platform, if it says so.
    pub os_version: Option<String>,
    /// The operating system, `alpine 3.12.1`, if it is out of support.
    pub end_of_life: Option<String>,
    /// What Trivy recognised in the image.
    pub inventory: Inventory,
    /// What was found, gravest first.
    pub findings: Vec<Finding>,
    /// What was found and left out by a rule of Trivy's own (`.trivyignore`, VEX, …), each with the rule and its reason.
    pub hidden: Vec<(Finding, String)>,
    /// What the scanner was told to leave out, if it says so.
    pub filters: Vec<ScannerFilter>,
    /// Why it cannot be relied on, if it says so: the scan did not end well.
    pub flaws: Vec<String>,
}

// Borrowed where JSON allows: a report may have 30,000 findings, each with long texts that nobody here reads.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    schema_version: u32,
    #[serde(borrow)]
    trivy: Option<Program<'a>>,
    #[serde(borrow)]
    created_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    artifact_type: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    results: Option<Vec<ScanResult<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Program<'a> {
    #[serde(borrow)]
    version: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    #[serde(borrow, rename = "ImageID")]
    image_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    repo_digests: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    image_config: Option<ImageConfig<'a>>,
    #[serde(borrow, rename = "OS")]
    system: Option<System<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct System<'a> {
    #[serde(borrow, default)]
    family: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(rename = "EOSL", default)]
    end_of_life: bool,
}

#[derive(Deserialize)]
struct ImageConfig<'a> {
    #[serde(borrow)]
    architecture: Option<Cow<'a, str>>,
    #[serde(borrow)]
    os: Option<Cow<'a, str>>,
    #[serde(borrow)]
    variant: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "os.version")]
    os_version: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScanResult<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    target: Cow<'a, str>,
    #[serde(borrow)]
    class: Option<Cow<'a, str>>,
    #[serde(
        borrow,
        rename = "ExperimentalModifiedFindings",
        default,
        deserialize_with = "or_default"
    )]
    modified: Vec<Modified<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    packages: Vec<ListedPackage<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    vulnerabilities: Vec<Vulnerability<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    secrets: Vec<Secret<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    misconfigurations: Vec<Misconfiguration<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    licenses: Vec<License<'a>>,
}

/// What `--show-suppressed` lists.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Modified<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow, default)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    statement: Cow<'a, str>,
    #[serde(borrow, default)]
    source: Cow<'a, str>,
    finding: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedPackage<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    version: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, rename = "VulnerabilityID")]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "VendorIDs", default, deserialize_with = "or_default")]
    aliases: Vec<Cow<'a, str>>,
    #[serde(borrow, rename = "PkgName")]
    package: Cow<'a, str>,
    #[serde(borrow, rename = "InstalledVersion", default)]
    installed: Cow<'a, str>,
    #[serde(borrow, rename = "FixedVersion", default)]
    fixed: Cow<'a, str>,
    #[serde(borrow, rename = "Severity", default)]
    severity: Cow<'a, str>,
    #[serde(borrow, rename = "Title", default)]
    title: Cow<'a, str>,
    #[serde(borrow, rename = "PrimaryURL", default)]
    url: Cow<'a, str>,
    #[serde(borrow, rename = "PkgIdentifier", default, deserialize_with = "or_default")]
    identifier: Identifier<'a>,
}

#[derive(Deserialize, Default)]
struct Identifier<'a> {
    #[serde(borrow, rename = "PURL", default)]
    purl: Cow<'a, str>,
}

impl Report {
    /// Parses `bytes`; the error says what is wrong with them.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let document: Document<'_> =
            serde_json::from_slice(bytes).map_err(|error| format!("not a Trivy report: {error}"))?;
        if document.schema_version != 2 {
            return Err(format!(
                "Trivy schema version {} is not supported; only 2 is",
                document.schema_version
            ));
        }
        if let Some(kind) = document.artifact_type.filter(|kind| kind != CONTAINER_IMAGE) {
            return Err(format!(
                "it is a report on a {}; only reports on container images are accepted",
                clean_line(&kind).replace('_', " ")
            ));
        }
        let metadata = document.metadata;
        let digests = metadata.repo_digests.unwrap_or_default();
        let results = document.results.unwrap_or_default();
        let end_of_life = metadata.system.as_ref().filter(|system| system.end_of_life);
        let end_of_life = end_of_life.map(System::name);
        let inventory = inventory(metadata.system.as_ref(), &results);
        let mut hidden = Vec::new();
        let mut findings = Vec::new();
        for result in results {
            for modified in &result.modified {
                hidden.extend(modified.read(&result.target)?);
            }
            result.into_findings(&mut findings);
        }
        findings.sort_by(|a, b| a.severity.cmp(&b.severity).then_with(|| a.id.cmp(&b.id)));
        let config = metadata.image_config.as_ref();
        let os_version = config.and_then(|config| config.os_version.as_deref());
        Ok(Self {
            created: document.created_at.and_then(|text| text.parse().ok()),
            scanner: document
                .trivy
                .map(|trivy| format!("Trivy {}", clean_line(&trivy.version))),
            database: None,
            digests: digests
                .iter()
                .map(|name| digest_of(name))
                .collect::<Result<_, _>>()?,
            image_id: metadata.image_id.and_then(|id| id.parse().ok()),
            os_version: os_version.map(clean_line).filter(|text| !text.is_empty()),
            platform: config.and_then(ImageConfig::platform),
            end_of_life,
            inventory,
            findings,
            hidden,
            filters: Vec::new(),
            flaws: Vec::new(),
        })
    }
}

impl System<'_> {
    fn name(&self) -> String {
        clean_line(format!("{} {}", self.family, self.name).trim())
    }
}

impl Modified<'_> {
    /// What was left out in `target`, and why; none of something that is no finding.
    fn read(&self, target: &str) -> Result<Option<(Finding, String)>, String> {
        let words = [&self.status, &self.source, &self.statement];
        let words: Vec<_> = words
            .into_iter()
            .filter(|word| !word.is_empty())
            .map(|word| clean_line(word))
            .collect();
        // The strings of an already parsed value cannot be lent, hence once more as text; there are few of them.
        let text = self.finding.to_string();
        let finding = match &*self.r#type {
            "vulnerability" => {
                serde_json::from_str::<Vulnerability<'_>>(&text).map(Vulnerability::into_finding)
            }
            "secret" => serde_json::from_str::<Secret<'_>>(&text).map(|secret| secret.into_finding(target)),
            "misconfiguration" => {
                serde_json::from_str::<Misconfiguration<'_>>(&text).map(|one| one.into_finding(target))
            }
            "license" => serde_json::from_str::<License<'_>>(&text).map(License::into_finding),
            _ => return Ok(None),
        };
        match finding {
            Ok(finding) => Ok(Some((finding, words.join(", ")))),
            Err(error) => Err(format!("could not read one of its suppressed findings: {error}")),
        }
    }
}

/// The class of a result that lists the packages of the operating system.
const OS_PACKAGES: &str = "os-pkgs";

impl ScanResult<'_> {
    /// Whether it speaks of packages, listed or not.
    fn is_of_packages(&self) -> bool {
        match self.class.as_deref() {
            Some(class) => class == OS_PACKAGES || class == "lang-pkgs",
            None => self.names_packages(),
        }
    }

    /// Whether some of its packages are known by name.
    fn names_packages(&self) -> bool {
        let is_vulnerability = |modified: &Modified<'_>| modified.r#type == "vulnerability";
        !self.packages.is_empty()
            || !self.vulnerabilities.is_empty()
            || self.modified.iter().any(is_vulnerability)
    }

    fn into_findings(self, findings: &mut Vec<Finding>) {
        let target = self.target;
        findings.extend(self.vulnerabilities.into_iter().map(Vulnerability::into_finding));
        findings.extend(
            self.secrets
                .into_iter()
                .map(|secret| secret.into_finding(&target)),
        );
        let failed = self
            .misconfigurations
            .into_iter()
            .filter(Misconfiguration::has_failed);
        findings.extend(failed.map(|one| one.into_finding(&target)));
        findings.extend(self.licenses.into_iter().map(License::into_finding));
    }
}

/// What the results say was examined. Trivy writes none at all where it recognised nothing; and none, or an empty one, where
/// it recognised an operating system and could not read which packages it has.
fn inventory(system: Option<&System<'_>>, results: &[ScanResult<'_>]) -> Inventory {
    let of_packages: Vec<_> = results.iter().filter(|result| result.is_of_packages()).collect();
    let system = system.filter(|system| !system.family.is_empty() && system.family != "none");
    let of_system =
        |result: &&&ScanResult<'_>| result.class.as_deref().is_none_or(|class| class == OS_PACKAGES);
    if let Some(system) = system
        && !of_packages
            .iter()
            .filter(of_system)
            .any(|result| result.names_packages())
    {
        return Inventory::Unlisted(system.name());
    }
    if let Some(empty) = of_packages.iter().find(|result| !result.names_packages()) {
        return Inventory::Unlisted(clean_line(&empty.target));
    }
    if of_packages.is_empty() {
        return Inventory::Nothing;
    }
    if of_packages.iter().any(|result| result.packages.is_empty()) {
        return Inventory::Something;
    }
    let listed = of_packages.iter().flat_map(|result| &result.packages);
    let packages = listed.map(|package| Package {
        name: clean_line(&package.name),
        version: clean_line(&package.version),
    });
    Inventory::Packages(packages.collect())
}

/// The digest of a name such as `host/path@sha256:…`.
pub(super) fn digest_of(name: &str) -> Result<Digest, String> {
    let (_, digest) = name
        .rsplit_once('@')
        .ok_or_else(|| format!("its RepoDigests have `{}`, which has no digest", clean_line(name)))?;
    digest
        .parse()
        .map_err(|error| clean_line(&format!("its RepoDigests are wrong: {error}")))
}

impl ImageConfig<'_> {
    fn platform(&self) -> Option<Platform> {
        Some(Platform {
            os: clean_line(self.os.as_ref()?),
            architecture: clean_line(self.architecture.as_ref()?),
            variant: self
                .variant
                .as_ref()
                .map(|v| clean_line(v))
                .filter(|v| !v.is_empty()),
        })
    }
}

impl Vulnerability<'_> {
    fn into_finding(self) -> Finding {
        let filled = |text: &str| Some(clean_line(text)).filter(|text| !text.is_empty());
        Finding {
            kind: FindingKind::Vulnerability,
            id: clean_line(&self.id),
            aliases: self.aliases.iter().map(|alias| clean_line(alias)).collect(),
            severity: self.severity.parse().unwrap_or(Severity::Unknown),
            package: clean_line(&self.package),
            purl: filled(&self.identifier.purl),
            installed: clean_line(&self.installed),
            fixed: filled(&self.fixed),
            title: clean_line(&self.title),
            url: filled(&self.url),
        }
    }
}
