//! Trivy's JSON report (schema version 2), as far as a gate looks at it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::{Digest, Finding, Inventory, Package, Platform, Severity, clean_line};

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
    /// The platform whose image was scanned, if it says so.
    pub platform: Option<Platform>,
    /// The operating system, `alpine 3.12.1`, if it is out of support.
    pub end_of_life: Option<String>,
    /// What Trivy recognised in the image.
    pub inventory: Inventory,
    /// What was found, gravest first.
    pub findings: Vec<Finding>,
    /// What was found and left out by a rule of Trivy's own (`.trivyignore`, VEX, …), each with the rule and its reason.
    pub hidden: Vec<(Finding, String)>,
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
    #[serde(borrow, default)]
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
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScanResult<'a> {
    #[serde(borrow, rename = "ExperimentalModifiedFindings")]
    modified: Option<Vec<Modified<'a>>>,
    #[serde(borrow)]
    packages: Option<Vec<ListedPackage<'a>>>,
    #[serde(borrow)]
    vulnerabilities: Option<Vec<Vulnerability<'a>>>,
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
    #[serde(borrow, rename = "VendorIDs", default)]
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
    #[serde(borrow, rename = "PkgIdentifier", default)]
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
            serde_json::from_slice(bytes).map_err(|error| format!("it is no report of Trivy: {error}"))?;
        if document.schema_version != 2 {
            return Err(format!(
                "it has Trivy's schema version {}, and only 2 is known",
                document.schema_version
            ));
        }
        if let Some(kind) = document.artifact_type.filter(|kind| kind != CONTAINER_IMAGE) {
            return Err(format!(
                "it is of a {}, and only one of a container image counts",
                clean_line(&kind).replace('_', " ")
            ));
        }
        let metadata = document.metadata;
        let digests = metadata.repo_digests.unwrap_or_default();
        let results = document.results.unwrap_or_default();
        let end_of_life = metadata.system.as_ref().filter(|system| system.end_of_life);
        let end_of_life = end_of_life.map(|system| clean_line(&format!("{} {}", system.family, system.name)));
        let inventory = inventory(metadata.system.is_some(), &results);
        let modified = results
            .iter()
            .filter_map(|result| result.modified.as_ref())
            .flatten();
        let hidden = modified.filter_map(Modified::read).collect::<Result<_, _>>()?;
        let mut findings: Vec<Finding> = results
            .into_iter()
            .filter_map(|result| result.vulnerabilities)
            .flatten()
            .map(Vulnerability::into_finding)
            .collect();
        findings.sort_by(|a, b| a.severity.cmp(&b.severity).then_with(|| a.id.cmp(&b.id)));
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
            platform: metadata.image_config.and_then(|config| config.platform()),
            end_of_life,
            inventory,
            findings,
            hidden,
        })
    }
}

impl Modified<'_> {
    /// The vulnerability, and why it was left out; none of something else, such as a licence.
    fn read(&self) -> Option<Result<(Finding, String), String>> {
        if self.r#type != "vulnerability" {
            return None;
        }
        let words = [&self.status, &self.source, &self.statement];
        let words: Vec<_> = words
            .into_iter()
            .filter(|word| !word.is_empty())
            .map(|word| clean_line(word))
            .collect();
        // The strings of an already parsed value cannot be lent, hence once more as text; there are few of them.
        let text = self.finding.to_string();
        let finding = serde_json::from_str::<Vulnerability<'_>>(&text);
        Some(match finding {
            Ok(finding) => Ok((finding.into_finding(), words.join(", "))),
            Err(error) => Err(format!("one of its suppressed findings cannot be read: {error}")),
        })
    }
}

/// What the results speak of. Trivy writes none at all where it recognised nothing.
fn inventory(has_system: bool, results: &[ScanResult<'_>]) -> Inventory {
    if results.is_empty() && !has_system {
        return Inventory::Nothing;
    }
    if results.iter().any(|result| result.packages.is_none()) || results.is_empty() {
        return Inventory::Something;
    }
    let listed = results
        .iter()
        .filter_map(|result| result.packages.as_ref())
        .flatten();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_gate_needs_and_makes_it_harmless() {
        let digest = Digest::of(b"image");
        let text = serde_json::json!({
            "SchemaVersion": 2, "Trivy": {"Version": "0.74.0"}, "CreatedAt": "2026-11-23T09:00:00.123456789Z",
            "ArtifactType": "container_image",
            "Metadata": {
                "RepoDigests": [format!("registry.example.com/a@{digest}")],
                "ImageConfig": {"architecture": "arm64", "os": "linux"},
            },
            "Results": [{"Target": "a"}, {"Vulnerabilities": [
                {"VulnerabilityID": "CVE-2", "PkgName": "zlib", "InstalledVersion": "1", "Severity": "LOW"},
                {
                    "VulnerabilityID": "CVE-1", "PkgName": "open\u{1b}[31mssl", "InstalledVersion": "3",
                    "PkgIdentifier": {"PURL": "pkg:apk/alpine/openssl@3"}, "Severity": "CRITICAL",
                    "FixedVersion": "4", "PrimaryURL": "",
                },
            ]}],
        });
        let report = Report::parse(text.to_string().as_bytes()).unwrap();
        assert_eq!(report.digests, [digest]);
        assert_eq!(report.scanner.as_deref(), Some("Trivy 0.74.0"));
        assert_eq!(report.platform.unwrap().to_string(), "linux/arm64");
        let [gravest, other] = &report.findings[..] else {
            panic!("two findings")
        };
        assert_eq!(gravest.to_string(), "CVE-1 in openssl 3 (fixed in 4)");
        assert_eq!(gravest.purl.as_deref(), Some("pkg:apk/alpine/openssl@3"));
        assert_eq!(gravest.url, None);
        assert_eq!(other.fixed, None);
    }

    #[test]
    fn what_trivy_left_out_is_read_with_its_reason() {
        let text = r#"{"SchemaVersion": 2, "ArtifactType": "container_image",
            "Metadata": {"OS": {"Family": "alpine", "Name": "3.20.3", "EOSL": true}},
            "Results": [{"Class": "os-pkgs", "Type": "alpine",
                "Packages": [{"ID": "libcrypto3@3.3.1-r0", "Name": "libcrypto3", "Version": "3.3.1-r0"}],
                "ExperimentalModifiedFindings": [{"Type": "vulnerability", "Status": "ignored", "Statement": "no",
                    "Source": ".trivyignore.yaml", "Finding": {"VulnerabilityID": "CVE-2099-0001",
                    "PkgName": "libcrypto3", "InstalledVersion": "3.3.1-r0", "FixedVersion": "3.3.9-r9",
                    "Severity": "CRITICAL"}}]}]}"#;
        let report = Report::parse(text.as_bytes()).unwrap();
        let [(finding, why)] = &report.hidden[..] else {
            panic!("{report:?}")
        };
        assert_eq!(
            finding.to_string(),
            "CVE-2099-0001 in libcrypto3 3.3.1-r0 (fixed in 3.3.9-r9)"
        );
        assert_eq!(why, "ignored, .trivyignore.yaml, no");
        assert_eq!(report.end_of_life.as_deref(), Some("alpine 3.20.3"));
        let Inventory::Packages(packages) = report.inventory else {
            panic!("{:?}", report.inventory)
        };
        assert_eq!(packages.len(), 1);
    }

    #[test]
    fn a_report_without_any_result_has_seen_nothing() {
        let text = r#"{"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata": {"Size": 10240}}"#;
        assert_eq!(
            Report::parse(text.as_bytes()).unwrap().inventory,
            Inventory::Nothing
        );
    }

    #[test]
    fn rubbish_is_no_clean_report() {
        for (bad, why) in [
            (r"<html>", "no report of Trivy"),
            ("{}", "SchemaVersion"),
            ("null", "no report of Trivy"),
            ("[]", "no report of Trivy"),
            (r#"{"SchemaVersion":1,"Results":[]}"#, "schema version 1"),
            (
                r#"{"SchemaVersion":2,"Results":[{"Vulnerabilities":[{}]}]}"#,
                "VulnerabilityID",
            ),
            (
                r#"{"SchemaVersion":2,"ArtifactType":"cyclonedx"}"#,
                "is of a cyclonedx",
            ),
            (
                r#"{"SchemaVersion":2,"Metadata":{"RepoDigests":["app"]}}"#,
                "no digest",
            ),
            (
                r#"{"SchemaVersion":2,"Metadata":{"RepoDigests":["app@sha256:0"]}}"#,
                "RepoDigests are wrong",
            ),
        ] {
            let error = Report::parse(bad.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
