//! Findings in SARIF 2.1.0, which code hosts show beside the code.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::build::{LintFinding, LintLevel};
use crate::domain::{Digest, Finding, Judged, Severity};

/// A log of several runs.
pub fn log(runs: impl IntoIterator<Item = Value>) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs.into_iter().collect::<Vec<_>>(),
    })
}

/// The run of a scan: every finding a result of the image at `uri`, and those that somebody accepted marked as suppressed
/// with the reason.
pub fn of_scan(findings: &[Judged], uri: &str) -> Value {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    for judged in findings {
        let finding = &judged.finding;
        rules.entry(&finding.id).or_insert_with(|| rule(finding));
    }
    let results: Vec<_> = findings.iter().map(|judged| result(judged, uri)).collect();
    json!({
        "tool": { "driver": {
            "name": "windlass",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": rules.into_values().collect::<Vec<_>>(),
        }},
        "results": results,
    })
}

/// The run of hadolint on the Dockerfile at `uri`.
pub fn of_lint(findings: &[LintFinding], uri: &str) -> Value {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    for finding in findings {
        let code = finding.code.as_str();
        rules.entry(code).or_insert_with(|| {
            // The rules that begin so are hadolint's own; the others are those of ShellCheck.
            let wiki = if code.starts_with("DL") {
                "hadolint/hadolint"
            } else {
                "koalaman/shellcheck"
            };
            json!({ "id": code, "helpUri": format!("https://github.com/{wiki}/wiki/{code}") })
        });
    }
    let results: Vec<_> = findings
        .iter()
        .map(|finding| {
            let level = match finding.level {
                LintLevel::Error => "error",
                LintLevel::Warning => "warning",
                LintLevel::Info | LintLevel::Style => "note",
            };
            json!({
                "ruleId": finding.code,
                "level": level,
                "message": { "text": finding.message },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": uri },
                    "region": { "startLine": finding.line, "startColumn": finding.column },
                }}],
            })
        })
        .collect();
    json!({
        "tool": { "driver": { "name": "hadolint", "rules": rules.into_values().collect::<Vec<_>>() }},
        "results": results,
    })
}

fn rule(finding: &Finding) -> Value {
    let title = if finding.title.is_empty() {
        &finding.id
    } else {
        &finding.title
    };
    let mut rule = json!({
        "id": finding.id,
        "shortDescription": { "text": title },
        "defaultConfiguration": { "level": level(finding.severity) },
        // Code hosts sort by this number, which is a CVSS score in the middle of the severity's range.
        "properties": { "security-severity": score(finding.severity), "tags": ["security", "vulnerability"] },
    });
    if let (Some(url), Some(object)) = (&finding.url, rule.as_object_mut()) {
        object.insert("helpUri".to_owned(), json!(url));
    }
    rule
}

fn result(judged: &Judged, uri: &str) -> Value {
    let finding = &judged.finding;
    let identity = format!("{}\n{}\n{}", finding.id, finding.package, finding.installed);
    let mut result = json!({
        "ruleId": finding.id,
        "level": level(finding.severity),
        "message": { "text": format!("{} ({}): {finding}", finding.package, finding.severity) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri },
            "region": { "startLine": 1 },
        }}],
        "partialFingerprints": { "finding/v1": Digest::of(identity.as_bytes()).hex() },
    });
    if let (Some(by), Some(object)) = (judged.suppression(), result.as_object_mut()) {
        object.insert(
            "suppressions".to_owned(),
            json!([{ "kind": "external", "status": "accepted", "justification": by.words() }]),
        );
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Unknown => "note",
    }
}

const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Unknown => "0.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Standing, Suppression};

    fn judged(standing: Standing) -> Judged {
        Judged {
            finding: Finding {
                kind: crate::domain::FindingKind::Vulnerability,
                id: "CVE-2026-1".into(),
                aliases: Vec::new(),
                severity: Severity::Critical,
                package: "openssl".into(),
                purl: None,
                installed: "3.1.1".into(),
                fixed: Some("3.1.2".into()),
                title: "reads too much".into(),
                url: Some("https://example.com/CVE-2026-1".into()),
            },
            only_on: Vec::new(),
            exploited: false,
            standing,
        }
    }

    #[test]
    fn a_finding_is_a_result_of_its_rule_with_a_fingerprint_that_stays() {
        let counts = judged(Standing::Counts { waived_until: None });
        let run = of_scan(&[counts.clone(), counts], "dev/app");
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 1);
        assert_eq!(
            run["tool"]["driver"]["rules"][0]["helpUri"],
            "https://example.com/CVE-2026-1"
        );
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        assert_eq!(results[0]["level"], "error");
        assert_eq!(
            results[0]["partialFingerprints"],
            results[1]["partialFingerprints"]
        );
        assert!(results[0].get("suppressions").is_none());
    }

    #[test]
    fn a_finding_of_hadolint_is_at_its_line() {
        let findings = crate::build::lint_findings(
            br#"[{"code":"DL3020","column":1,"file":"Dockerfile","level":"error","line":3,"message":"Use COPY"}]"#,
        )
        .unwrap();
        let run = of_lint(&findings, "app/Dockerfile");
        let place = &run["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "app/Dockerfile");
        assert_eq!(place["region"]["startLine"], 3);
        let help = &run["tool"]["driver"]["rules"][0]["helpUri"];
        assert_eq!(help, "https://github.com/hadolint/hadolint/wiki/DL3020");
    }

    #[test]
    fn what_somebody_accepted_stays_in_sight_as_suppressed() {
        let by = Suppression::Waiver {
            reason: "not reachable".into(),
            owner: "ana".into(),
            expires: "2026-12-31".parse().unwrap(),
        };
        let run = of_scan(&[judged(Standing::Suppressed { by })], "dev/app");
        let suppression = &run["results"][0]["suppressions"][0];
        assert_eq!(
            suppression["justification"],
            "waived by ana until 2026-12-31: not reachable"
        );
    }
}
