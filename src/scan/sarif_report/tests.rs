//! SARIF as scanners write it.

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
        ("", "not a report"),
        ("{}", "not a Trivy, Grype or SARIF report"),
        (r#"{"version": "2.1.0", "runs": []}"#, "no run"),
        (r#"{"version": "2.0.0", "runs": []}"#, "only 2.1.0"),
        (
            r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{}]}]}"#,
            "has no rule",
        ),
        (r#"{"version": "2.1.0", "runs": [{"#, "not a report"),
    ] {
        let error = Report::read(text.as_bytes()).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
    let deep = "[".repeat(100_000);
    assert!(Report::read(deep.as_bytes()).is_err());
}

fn read(run: &str) -> Report {
    Report::read(format!(r#"{{"version": "2.1.0", "runs": [{run}]}}"#).as_bytes()).unwrap()
}

/// The findings, each as `SEVERITY ID`.
fn found(run: &str) -> Vec<String> {
    let report = read(run);
    report
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.severity, finding.id))
        .collect()
}

#[test]
fn a_run_is_as_old_as_its_invocations_say() {
    let run = |invocations: &str| {
        format!(r#"{{"tool": {{"driver": {{"name": "x"}}}}, "results": [], "invocations": {invocations}}}"#)
    };
    let made = |invocations: &str| read(&run(invocations)).created.map(|made| made.to_string());
    let both = r#"[{"endTimeUtc": "2026-11-23T09:00:00Z"}, {"startTimeUtc": "2026-11-23T08:00:00.000Z"}]"#;
    assert_eq!(made(both).as_deref(), Some("2026-11-23T08:00:00Z"));
    assert_eq!(made(r#"[{"endTimeUtc": "2026-11-23T09:00:00Z"}, {}]"#), None);
    assert_eq!(made("null"), None);
}

#[test]
fn a_run_that_did_not_succeed_or_lists_nothing_is_doubt() {
    let failed = r#"{"tool": {"driver": {"name": "x"}}, "results": [], "invocations": [{"executionSuccessful": false}]}"#;
    assert!(read(failed).flaws[0].contains("reports that its run failed"));
    for results in ["", r#", "results": null"#] {
        let run = format!(r#"{{"tool": {{"driver": {{"name": "x"}}}}{results}}}"#);
        assert!(read(&run).flaws[0].contains("has no list of results"));
    }
}

#[test]
fn rules_are_found_wherever_the_standard_puts_them() {
    let tool = r#"{"driver": {"name": "x", "rules": [
            {"id": "CVE-2026-1", "properties": {"security-severity": 9.8}},
            {"id": "CVE-2026-2", "defaultConfiguration": {"level": "error"}}]},
        "extensions": [{"name": "more", "rules": [{"id": "CVE-2026-3", "properties": {"security-severity": "9.8"}}]}]}"#;
    for (result, expected) in [
        (r#"{"ruleId": "CVE-2026-1"}"#, "critical CVE-2026-1"),
        (r#"{"ruleIndex": 0}"#, "critical CVE-2026-1"),
        (
            r#"{"ruleId": "CVE-2026-1/sub", "ruleIndex": 0}"#,
            "critical CVE-2026-1",
        ),
        (r#"{"ruleId": "CVE-2026-1/sub"}"#, "critical CVE-2026-1"),
        (r#"{"ruleId": "CVE-2026-2"}"#, "high CVE-2026-2"),
        (r#"{"ruleId": "CVE-2026-2", "level": "note"}"#, "low CVE-2026-2"),
        (r#"{"ruleId": "CVE-2026-3"}"#, "critical CVE-2026-3"),
        (
            r#"{"ruleId": "CVE-2026-3", "ruleIndex": 0}"#,
            "critical CVE-2026-3",
        ),
        (
            r#"{"rule": {"index": 0, "toolComponent": {"index": 0}}}"#,
            "critical CVE-2026-3",
        ),
        (
            r#"{"rule": {"id": "CVE-2026-3", "toolComponent": {"name": "more"}}}"#,
            "critical CVE-2026-3",
        ),
        // A name that no rule has is less certain than a place among the rules.
        (r#"{"ruleId": "other", "ruleIndex": 0}"#, "critical CVE-2026-1"),
        (r#"{"ruleId": "CVE-2026-4"}"#, "medium CVE-2026-4"),
        (
            r#"{"ruleId": "CVE-2026-4", "properties": {"security-severity": 7.5}}"#,
            "high CVE-2026-4",
        ),
    ] {
        let run = format!(r#"{{"tool": {tool}, "results": [{result}]}}"#);
        assert_eq!(found(&run), [expected], "{result}");
    }
}

#[test]
fn the_rules_of_grype_are_named_after_the_vulnerability_and_its_package() {
    let run = r#"{"tool": {"driver": {"name": "grype", "rules": [
        {"id": "CVE-2021-44228-log4j-core", "properties": {"security-severity": "10.0"},
            "help": {"text": "Vulnerability CVE-2021-44228\nSeverity: critical\nPackage: log4j-core\nVersion: 2.11.0\nFix Version: 2.12.2"}},
        {"id": "GHSA-jfh8-c2jp-5v3q-log4j-core"}, {"id": "ALAS-2021-1553-java-1.8.0"}]}},
        "results": [{"ruleId": "CVE-2021-44228-log4j-core", "message": {"text": "x"}},
            {"ruleId": "GHSA-jfh8-c2jp-5v3q-log4j-core", "message": {"text": "x"}},
            {"ruleId": "ALAS-2021-1553-java-1.8.0", "message": {
                "text": "A high vulnerability in rpm package: java-1.8.0, version 1.8.0 was found at: /"}}]}"#;
    let report = read(run);
    assert_eq!(
        report.findings[0].to_string(),
        "CVE-2021-44228 in log4j-core 2.11.0 (fixed in 2.12.2)"
    );
    assert!(report.findings[0].is_called("CVE-2021-44228-log4j-core"));
    let ids: Vec<_> = report
        .findings
        .iter()
        .map(|finding| finding.id.as_str())
        .collect();
    assert_eq!(ids, ["CVE-2021-44228", "ALAS-2021-1553", "GHSA-jfh8-c2jp-5v3q"]);
}

#[test]
fn what_passed_or_is_gone_is_no_finding() {
    let run = r#"{"tool": {"driver": {"name": "x", "rules": null}}, "properties": {"repoDigests": null, "imageID": ""},
        "results": [{"ruleId": "A", "kind": "pass"}, {"ruleId": "B", "kind": "notApplicable"},
            {"ruleId": "C", "baselineState": "absent"}, {"ruleId": "D", "kind": "fail", "suppressions": null},
            {"ruleId": "E", "kind": "review"}]}"#;
    assert_eq!(found(run), ["medium D", "medium E"]);
}
