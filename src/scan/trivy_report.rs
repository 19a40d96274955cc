//! Trivy's JSON report (schema version 2), as far as a gate looks at it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::{Finding, Platform, Severity, clean_line};

/// A report, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When it was made, as it says itself.
    pub created: Option<Timestamp>,
    /// The digests that the image is known by, from `Metadata.RepoDigests`.
    pub repo_digests: Vec<String>,
    /// The platform whose image was scanned, if it says so.
    pub platform: Option<Platform>,
    /// What was found, gravest first.
    pub findings: Vec<Finding>,
}

// Borrowed where JSON allows: a report may have 30,000 findings, each with long texts that nobody here reads.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    schema_version: u32,
    #[serde(borrow)]
    created_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    results: Option<Vec<ScanResult<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    #[serde(borrow)]
    repo_digests: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    image_config: Option<ImageConfig<'a>>,
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
    #[serde(borrow)]
    vulnerabilities: Option<Vec<Vulnerability<'a>>>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, rename = "VulnerabilityID")]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "PkgName")]
    package: Cow<'a, str>,
    #[serde(borrow, rename = "InstalledVersion", default)]
    installed: Cow<'a, str>,
    #[serde(borrow, rename = "FixedVersion")]
    fixed: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "Severity", default)]
    severity: Cow<'a, str>,
    #[serde(borrow, rename = "Title", default)]
    title: Cow<'a, str>,
    #[serde(borrow, rename = "PrimaryURL")]
    url: Option<Cow<'a, str>>,
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
        let metadata = document.metadata.unwrap_or(Metadata {
            repo_digests: None,
            image_config: None,
        });
        let mut findings: Vec<Finding> = document
            .results
            .unwrap_or_default()
            .into_iter()
            .filter_map(|result| result.vulnerabilities)
            .flatten()
            .map(Vulnerability::into_finding)
            .collect();
        findings.sort_by(|a, b| a.severity.cmp(&b.severity).then_with(|| a.id.cmp(&b.id)));
        Ok(Self {
            created: document.created_at.and_then(|text| text.parse().ok()),
            repo_digests: metadata
                .repo_digests
                .unwrap_or_default()
                .iter()
                .filter_map(|name| name.rsplit_once('@').map(|(_, digest)| clean_line(digest)))
                .collect(),
            platform: metadata.image_config.and_then(|config| config.platform()),
            findings,
        })
    }
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
        let filled = |text: Option<Cow<'_, str>>| text.map(|t| clean_line(&t)).filter(|t| !t.is_empty());
        Finding {
            id: clean_line(&self.id),
            severity: self.severity.parse().unwrap_or(Severity::Unknown),
            package: clean_line(&self.package),
            installed: clean_line(&self.installed),
            fixed: filled(self.fixed),
            title: clean_line(&self.title),
            url: filled(self.url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_gate_needs_and_makes_it_harmless() {
        let report = Report::parse(
            br#"{"SchemaVersion":2,"CreatedAt":"2026-11-23T09:00:00.123456789Z",
            "Metadata":{"RepoDigests":["registry.example.com/a@sha256:ab"],"ImageConfig":{"architecture":"arm64","os":"linux"}},
            "Results":[{"Target":"a"},{"Vulnerabilities":[
              {"VulnerabilityID":"CVE-2","PkgName":"zlib","InstalledVersion":"1","Severity":"LOW","FixedVersion":""},
              {"VulnerabilityID":"CVE-1","PkgName":"open\u001b[31mssl","InstalledVersion":"3","Severity":"CRITICAL","FixedVersion":"4"}]}]}"#,
        )
        .unwrap();
        assert_eq!(report.repo_digests, ["sha256:ab"]);
        assert_eq!(report.platform.unwrap().to_string(), "linux/arm64");
        assert_eq!(report.findings[0].package, "openssl");
        assert_eq!(report.findings[0].fixed.as_deref(), Some("4"));
        assert_eq!(report.findings[1].fixed, None);
    }

    #[test]
    fn rubbish_is_no_clean_report() {
        for bad in [
            &b"<html>"[..],
            b"{}",
            br#"{"SchemaVersion":1,"Results":[]}"#,
            b"null",
            b"[]",
        ] {
            assert!(Report::parse(bad).is_err(), "{bad:?}");
        }
    }
}
