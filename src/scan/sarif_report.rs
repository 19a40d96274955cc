//! Findings in SARIF 2.1.0, as Trivy and Grype write them for images.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>. The standard knows files and lines, not packages:
//! these stand in the message of each result, which both tools write as lines of `Name: value`.

use std::collections::HashMap;

use serde::Deserialize;

use super::Report;
use super::trivy_report::digest_of;
use crate::domain::{Finding, Inventory, Severity, clean_line};

#[derive(Deserialize)]
struct Document {
    version: String,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    tool: Tool,
    #[serde(default)]
    results: Vec<Entry>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(default)]
    repo_digests: Vec<String>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: String,
    version: Option<String>,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    help_uri: Option<String>,
    short_description: Option<Text>,
    #[serde(default)]
    properties: Scores,
}

#[derive(Deserialize, Default)]
struct Scores {
    #[serde(rename = "security-severity")]
    severity: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    rule_id: Option<String>,
    level: Option<String>,
    #[serde(default)]
    message: Text,
    #[serde(default)]
    suppressions: Vec<Suppression>,
}

#[derive(Deserialize, Default)]
struct Text {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Suppression {
    justification: Option<String>,
    status: Option<String>,
}

/// Parses `bytes`; the error says what is wrong with them.
pub(super) fn parse(bytes: &[u8]) -> Result<Report, String> {
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| clean_line(&format!("it is no SARIF: {error}")))?;
    if document.version != "2.1.0" {
        return Err(clean_line(&format!(
            "it is SARIF {}, and only 2.1.0 is known",
            document.version
        )));
    }
    let (mut findings, mut hidden, mut digests) = (Vec::new(), Vec::new(), Vec::new());
    let mut scanners = Vec::new();
    if document.runs.is_empty() {
        return Err("it has no run, so nothing was scanned".to_owned());
    }
    for run in document.runs {
        let driver = run.tool.driver;
        let version = driver.version.as_deref().unwrap_or_default();
        scanners.push(clean_line(format!("{} {version}", driver.name).trim()));
        for name in &run.properties.repo_digests {
            digests.push(digest_of(name)?);
        }
        let rules: HashMap<&str, &Rule> = driver.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
        for entry in &run.results {
            let finding = finding(entry, &rules)?;
            // One that a person has still to agree to is none.
            let accepted =
                |one: &&Suppression| !matches!(one.status.as_deref(), Some("underReview" | "rejected"));
            match entry.suppressions.iter().find(accepted) {
                Some(by) => {
                    let why = by
                        .justification
                        .as_deref()
                        .unwrap_or("suppressed, without a word why");
                    hidden.push((finding, clean_line(why)));
                }
                None => findings.push(finding),
            }
        }
    }
    findings.sort_by(|a: &Finding, b| a.severity.cmp(&b.severity).then_with(|| a.id.cmp(&b.id)));
    Ok(Report {
        created: None,
        scanner: Some(scanners.join(", ")),
        database: None,
        digests,
        platform: None,
        end_of_life: None,
        inventory: Inventory::Untold,
        findings,
        hidden,
    })
}

fn finding(entry: &Entry, rules: &HashMap<&str, &Rule>) -> Result<Finding, String> {
    let id = entry
        .rule_id
        .as_deref()
        .ok_or("one of its results names no rule")?;
    let rule = rules.get(id);
    let said = |name: &str| {
        let mut lines = entry.message.text.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim));
        value.map(clean_line).filter(|value| !value.is_empty())
    };
    let score = rule.and_then(|rule| rule.properties.severity.as_deref()?.parse::<f64>().ok());
    let severity = said("Severity").and_then(|word| word.parse().ok());
    let severity = severity.unwrap_or_else(|| severity_of(score, entry.level.as_deref()));
    Ok(Finding {
        id: clean_line(id),
        aliases: Vec::new(),
        severity,
        package: said("Package").unwrap_or_else(|| "a package that the report does not name".to_owned()),
        purl: None,
        installed: said("Installed Version").unwrap_or_default(),
        fixed: said("Fixed Version"),
        title: clean_line(rule.and_then(|rule| rule.short_description.as_ref()).map_or_else(
            || entry.message.text.lines().next().unwrap_or_default(),
            |text| text.text.as_str(),
        )),
        url: rule.and_then(|rule| rule.help_uri.as_deref()).map(clean_line),
    })
}

/// By the score, as code hosts read it (CVSS 3.1, "Qualitative Severity Rating Scale"); without one by the level.
fn severity_of(score: Option<f64>, level: Option<&str>) -> Severity {
    match (score, level) {
        (Some(score), _) if score >= 9.0 => Severity::Critical,
        (Some(score), _) if score >= 7.0 => Severity::High,
        (Some(score), _) if score >= 4.0 => Severity::Medium,
        (Some(score), _) if score > 0.0 => Severity::Low,
        (None, Some("error")) => Severity::High,
        (None, Some("note")) => Severity::Low,
        // What is not written is a warning, says the standard (3.27.10).
        (None, Some("warning") | None) => Severity::Medium,
        (Some(_), _) | (None, Some(_)) => Severity::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Digest;

    #[test]
    fn reads_what_trivy_writes_into_the_message() {
        let digest = Digest::of(b"image");
        let text = serde_json::json!({"version": "2.1.0", "runs": [{
            "tool": {"driver": {"name": "Trivy", "version": "0.74.0", "rules": [{
                "id": "CVE-1", "helpUri": "https://example.com/CVE-1", "shortDescription": {"text": "reads too much"},
                "properties": {"security-severity": "9.8"},
            }, {"id": "CVE-2", "properties": {"security-severity": "5.0"}}]}},
            "results": [
                {"ruleId": "CVE-1", "level": "error", "message": {
                    "text": "Package: openssl\nInstalled Version: 3.1\nVulnerability CVE-1\nSeverity: HIGH\nFixed Version: 3.2"}},
                {"ruleId": "CVE-2", "message": {"text": "words"}},
                {"ruleId": "CVE-2", "message": {"text": "words"},
                    "suppressions": [{"kind": "external", "status": "accepted", "justification": "not reachable"}]},
                {"ruleId": "CVE-2", "message": {"text": "words"}, "suppressions": [{"kind": "external", "status": "underReview"}]},
            ],
            "properties": {"repoDigests": [format!("a/b@{digest}")]},
        }]});
        let report = Report::read(text.to_string().as_bytes()).unwrap();
        assert_eq!(report.digests, [digest]);
        assert_eq!(
            report.findings[0].to_string(),
            "CVE-1 in openssl 3.1 (fixed in 3.2)"
        );
        assert_eq!(
            report.findings[0].severity,
            Severity::High,
            "the message is nearer than the score"
        );
        assert_eq!(report.findings[1].severity, Severity::Medium);
        assert_eq!(report.findings.len(), 3, "what is under review counts");
        assert_eq!(report.hidden[0].1, "not reachable");
        assert_eq!(report.inventory, Inventory::Untold);
    }

    #[test]
    fn what_is_no_report_is_told() {
        for (text, why) in [
            ("", "it is no report"),
            ("{}", "neither"),
            (r#"{"version": "2.1.0", "runs": []}"#, "no run"),
            (r#"{"version": "2.0.0", "runs": []}"#, "only 2.1.0"),
            (
                r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{}]}]}"#,
                "names no rule",
            ),
            (r#"{"version": "2.1.0", "runs": [{"#, "it is no report"),
        ] {
            let error = Report::read(text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        let deep = "[".repeat(100_000);
        assert!(Report::read(deep.as_bytes()).is_err());
    }
}
