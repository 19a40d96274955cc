//! Grype's JSON (`grype IMAGE -o json`), <https://github.com/anchore/grype>.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Report;
use super::json::or_default;
use super::trivy_report::digest_of;
use crate::domain::{Digest, Finding, FindingKind, Inventory, Platform, ScannerFilter, clean_line};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(deserialize_with = "or_default")]
    matches: Vec<Match>,
    #[serde(default, deserialize_with = "or_default")]
    ignored_matches: Vec<Ignored>,
    source: Option<Source>,
    descriptor: Option<Program>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    vulnerability: Vulnerability,
    #[serde(default, deserialize_with = "or_default")]
    related_vulnerabilities: Vec<Related>,
    artifact: Artifact,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ignored {
    #[serde(flatten)]
    found: Match,
    #[serde(default, deserialize_with = "or_default")]
    applied_ignore_rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
    #[serde(default, deserialize_with = "or_default")]
    namespace: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    severity: String,
    #[serde(default, deserialize_with = "or_default")]
    data_source: String,
    #[serde(default, deserialize_with = "or_default")]
    description: String,
    #[serde(default, deserialize_with = "or_default")]
    fix: Fix,
}

#[derive(Deserialize, Default)]
struct Fix {
    #[serde(default, deserialize_with = "or_default")]
    versions: Vec<String>,
}

#[derive(Deserialize)]
struct Related {
    id: String,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    version: String,
    #[serde(default, deserialize_with = "or_default")]
    purl: String,
}

#[derive(Deserialize)]
struct Source {
    #[serde(default, deserialize_with = "or_default")]
    r#type: String,
    target: Target,
}

/// A source that is no image has a path in its place.
#[derive(Deserialize)]
#[serde(untagged)]
enum Target {
    Image(Image),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    #[serde(rename = "imageID")]
    config_digest: Option<String>,
    manifest_digest: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    repo_digests: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    architecture: String,
    #[serde(default, deserialize_with = "or_default")]
    os: String,
}

#[derive(Deserialize)]
struct Program {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    version: String,
    timestamp: Option<String>,
    db: Option<Database>,
    #[serde(default, deserialize_with = "or_default")]
    configuration: serde_json::Map<String, Value>,
}

/// Version 6 of the database has its date one level deeper than those before.
#[derive(Deserialize)]
struct Database {
    built: Option<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    built: Option<String>,
}

/// Parses `bytes`; the error says what is wrong with them.
pub(super) fn parse(bytes: &[u8]) -> Result<Report, String> {
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| clean_line(&format!("not a Grype report: {error}")))?;
    let image = match document.source {
        Some(Source {
            target: Target::Image(image),
            r#type,
        }) if r#type == "image" => image,
        Some(source) => {
            return Err(clean_line(&format!(
                "it is a report on a {}; only reports on container images are accepted",
                source.r#type
            )));
        }
        None => return Err("it does not name its subject".to_owned()),
    };
    let mut findings: Vec<_> = document.matches.into_iter().map(Match::into_finding).collect();
    findings.sort_by(|a, b| a.severity.cmp(&b.severity).then_with(|| a.id.cmp(&b.id)));
    let hidden = document
        .ignored_matches
        .into_iter()
        .map(Ignored::into_hidden)
        .collect();
    let program = document.descriptor;
    let filters = program.as_ref().map(|program| filters(&program.configuration));
    let mut digests = image
        .repo_digests
        .iter()
        .map(|name| digest_of(name))
        .collect::<Result<Vec<_>, _>>()?;
    let id = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Digest>().ok());
    if !digests.is_empty() {
        digests.extend(id(&image.manifest_digest));
    }
    let time = |text: Option<String>| text.and_then(|text| text.parse::<Timestamp>().ok());
    Ok(Report {
        created: time(program.as_ref().and_then(|program| program.timestamp.clone())),
        scanner: program
            .as_ref()
            .map(|program| clean_line(&format!("{} {}", program.name, program.version))),
        database: time(program.and_then(|program| {
            let database = program.db?;
            database.built.or(database.status?.built)
        })),
        digests,
        image_id: id(&image.config_digest),
        os_version: None,
        platform: (!image.architecture.is_empty() && !image.os.is_empty()).then(|| Platform {
            os: clean_line(&image.os),
            architecture: clean_line(&image.architecture),
            variant: None,
        }),
        // Grype lists neither packages nor what is out of support.
        end_of_life: None,
        inventory: Inventory::Untold,
        findings,
        hidden,
        filters: filters.unwrap_or_default(),
        flaws: Vec::new(),
    })
}

/// What Grype was told to leave out. Its rules of `ignore` are not among it: what they match is listed as ignored.
fn filters(configuration: &serde_json::Map<String, Value>) -> Vec<ScannerFilter> {
    // Which of the forms of a name it writes depends on its version.
    let name = |key: &str| key.replace(['-', '_'], "").to_ascii_lowercase();
    let told = configuration.iter().filter_map(|(key, value)| {
        let text = || clean_line(value.as_str().unwrap_or_default());
        match name(key).as_str() {
            "onlyfixed" if *value == true => Some(ScannerFilter::Unfixed),
            "onlynotfixed" if *value == true => {
                Some(ScannerFilter::Other("vulnerabilities with a fix".to_owned()))
            }
            "ignorestates" | "ignorewontfix" if !text().is_empty() => Some(ScannerFilter::Other(format!(
                "vulnerabilities whose state is {}",
                text()
            ))),
            "exclude" if value.as_array().is_some_and(|paths| !paths.is_empty()) => {
                Some(ScannerFilter::Other("some files".to_owned()))
            }
            _ => None,
        }
    });
    told.collect()
}

impl Match {
    fn into_finding(self) -> Finding {
        let filled = |text: &str| Some(clean_line(text)).filter(|text| !text.is_empty());
        let vulnerability = self.vulnerability;
        // What Grype calls negligible is the least of all.
        let severity = match vulnerability.severity.as_str() {
            "Negligible" => "low",
            other => other,
        };
        Finding {
            kind: FindingKind::Vulnerability,
            id: clean_line(&vulnerability.id),
            aliases: self
                .related_vulnerabilities
                .iter()
                .map(|other| clean_line(&other.id))
                .collect(),
            severity: severity.parse().unwrap_or(crate::domain::Severity::Unknown),
            package: clean_line(&self.artifact.name),
            purl: filled(&self.artifact.purl),
            installed: clean_line(&self.artifact.version),
            fixed: filled(&vulnerability.fix.versions.join(", ")),
            title: clean_line(vulnerability.description.lines().next().unwrap_or_default()),
            url: filled(&vulnerability.data_source),
        }
    }
}

impl Ignored {
    fn into_hidden(self) -> (Finding, String) {
        let reasons = self
            .applied_ignore_rules
            .iter()
            .map(|rule| match rule.reason.as_str() {
                "" => rule.namespace.as_str(),
                reason => reason,
            });
        let reasons: Vec<_> = reasons.filter(|reason| !reason.is_empty()).collect();
        let why = if reasons.is_empty() {
            "ignored by a Grype rule".to_owned()
        } else {
            clean_line(&reasons.join(", "))
        };
        (self.found.into_finding(), why)
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::{Digest, Severity};

    use super::*;

    #[test]
    fn reads_matches_the_image_and_the_age_of_the_database() {
        let digest = Digest::of(b"image");
        let text = serde_json::json!({
            "matches": [{
                "vulnerability": {"id": "GHSA-1", "severity": "High", "dataSource": "https://example.com/GHSA-1",
                    "fix": {"versions": ["1.2"], "state": "fixed"}, "description": "one\ntwo"},
                "relatedVulnerabilities": [{"id": "CVE-2026-1"}],
                "artifact": {"name": "left-pad", "version": "1.1", "purl": "pkg:npm/left-pad@1.1"},
            }],
            "ignoredMatches": [{
                "vulnerability": {"id": "CVE-2", "severity": "Critical"},
                "artifact": {"name": "b"}, "appliedIgnoreRules": [{"reason": "not reachable"}],
            }],
            "source": {"type": "image", "target": {"repoDigests": [format!("a/b@{digest}")], "architecture": "arm64", "os": "linux"}},
            "descriptor": {"name": "grype", "version": "0.100.0", "timestamp": "2026-11-20T10:00:00Z",
                "db": {"status": {"built": "2026-11-19T08:00:00Z"}}},
        });
        let report = Report::read(text.to_string().as_bytes()).unwrap();
        assert_eq!(report.digests, [digest]);
        assert_eq!(report.scanner.as_deref(), Some("grype 0.100.0"));
        assert_eq!(report.database.unwrap().to_string(), "2026-11-19T08:00:00Z");
        assert_eq!(report.platform.unwrap().to_string(), "linux/arm64");
        assert_eq!(
            report.findings[0].to_string(),
            "GHSA-1 in left-pad 1.1 (fixed in 1.2)"
        );
        assert_eq!(report.findings[0].severity, Severity::High);
        assert!(report.findings[0].is_called("cve-2026-1"));
        assert_eq!(report.hidden[0].1, "not reachable");
    }

    #[test]
    fn a_report_of_a_folder_is_none_of_an_image() {
        let text = br#"{"matches": [], "source": {"type": "directory", "target": "/src"}}"#;
        assert!(Report::read(text).unwrap_err().contains("on a directory"));
        assert!(
            Report::read(br#"{"matches": []}"#)
                .unwrap_err()
                .contains("does not name its subject")
        );
    }

    const IMAGE: &str = r#""source": {"type": "image", "target": {"repoDigests": null, "architecture": "amd64", "os": "linux"}}"#;

    #[test]
    fn null_is_an_empty_list() {
        let text = format!(
            r#"{{"matches": [{{"vulnerability": {{"id": "CVE-1", "severity": "High", "fix": {{"versions": null}}}},
            "relatedVulnerabilities": null, "artifact": {{"name": "a"}}}}], "ignoredMatches": null, {IMAGE}}}"#
        );
        let report = Report::read(text.as_bytes()).unwrap();
        assert_eq!(report.findings.len(), 1);
        assert!(report.hidden.is_empty());
        let none = format!(r#"{{"matches": null, {IMAGE}}}"#);
        assert!(Report::read(none.as_bytes()).unwrap().findings.is_empty());
    }

    #[test]
    fn what_grype_was_told_to_leave_out_is_known() {
        let filters = |configuration: &str| -> Vec<String> {
            let text = format!(
                r#"{{"matches": [], {IMAGE}, "descriptor": {{"name": "grype", "configuration": {configuration}}}}}"#
            );
            let report = Report::read(text.as_bytes()).unwrap();
            report.filters.iter().map(ToString::to_string).collect()
        };
        for (configuration, filter) in [
            (r#"{"only-fixed": true}"#, "vulnerabilities without a fix"),
            (r#"{"onlyFixed": true}"#, "vulnerabilities without a fix"),
            (r#"{"only-notfixed": true}"#, "vulnerabilities with a fix"),
            (
                r#"{"ignore-wontfix": "wont-fix"}"#,
                "vulnerabilities whose state is wont-fix",
            ),
            (r#"{"exclude": ["/usr"]}"#, "some files"),
        ] {
            assert_eq!(filters(configuration), [filter], "{configuration}");
        }
        let usual =
            r#"{"only-fixed": false, "ignore-wontfix": "", "exclude": [], "ignore": [{"reason": "kernel"}]}"#;
        assert_eq!(filters(usual), [""; 0]);
        assert_eq!(filters("null"), [""; 0]);
    }
}
