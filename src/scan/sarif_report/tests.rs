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
