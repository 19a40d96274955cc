//! Reports as Trivy writes them.

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
        (r"<html>", "not a Trivy report"),
        ("{}", "SchemaVersion"),
        ("null", "not a Trivy report"),
        ("[]", "not a Trivy report"),
        (r#"{"SchemaVersion":1,"Results":[]}"#, "schema version 1"),
        (
            r#"{"SchemaVersion":2,"Results":[{"Vulnerabilities":[{}]}]}"#,
            "VulnerabilityID",
        ),
        (
            r#"{"SchemaVersion":2,"ArtifactType":"cyclonedx"}"#,
            "on a cyclonedx",
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

fn image_report(metadata: &str, results: &str) -> Report {
    let text = format!(
        r#"{{"SchemaVersion": 2, "ArtifactType": "container_image", "Metadata": {metadata}, "Results": {results}}}"#
    );
    Report::parse(text.as_bytes()).unwrap()
}

const ALPINE: &str = r#"{"OS": {"Family": "alpine", "Name": "3.20.3"}}"#;

#[test]
fn an_operating_system_of_which_no_package_is_listed_was_not_examined() {
    let unlisted = Inventory::Unlisted("alpine 3.20.3".into());
    for results in [
        "null",
        "[]",
        r#"[{"Target": "a", "Class": "os-pkgs", "Type": "alpine"}]"#,
        r#"[{"Target": "a", "Class": "os-pkgs", "Packages": null, "Vulnerabilities": null}]"#,
        r#"[{"Target": "a", "Class": "os-pkgs", "Packages": []}]"#,
        r#"[{"Target": "app", "Class": "lang-pkgs", "Packages": [{"Name": "a", "Version": "1"}]}]"#,
        r#"[{"Target": "/k.pem", "Class": "secret", "Secrets": [{"RuleID": "private-key", "Severity": "HIGH"}]}]"#,
    ] {
        assert_eq!(image_report(ALPINE, results).inventory, unlisted, "{results}");
    }
    let listed = r#"[{"Target": "a", "Class": "os-pkgs", "Packages": [{"Name": "musl", "Version": "1"}]}]"#;
    assert!(matches!(
        image_report(ALPINE, listed).inventory,
        Inventory::Packages(_)
    ));
}

#[test]
fn a_list_that_is_missing_beside_others_was_not_examined() {
    let results = r#"[{"Target": "a", "Class": "os-pkgs", "Packages": [{"Name": "musl", "Version": "1"}]},
        {"Target": "app/pom.xml", "Class": "lang-pkgs", "Type": "jar"}]"#;
    let report = image_report(ALPINE, results);
    assert_eq!(report.inventory, Inventory::Unlisted("app/pom.xml".into()));
}

#[test]
fn secrets_alone_examine_no_package_and_are_found() {
    let results = r#"[{"Target": "/app/.env", "Class": "secret", "Secrets": [{"RuleID": "aws-access-key-id",
        "Category": "AWS", "Severity": "CRITICAL", "Title": "AWS\u001b[2J key", "StartLine": 3, "Match": "****"}]}]"#;
    let report = image_report("{}", results);
    assert_eq!(report.inventory, Inventory::Nothing);
    let [secret] = &report.findings[..] else {
        panic!("{report:?}")
    };
    assert_eq!(
        (secret.kind, secret.severity),
        (FindingKind::Secret, Severity::Critical)
    );
    assert_eq!(secret.to_string(), "aws-access-key-id in /app/.env line 3");
    assert_eq!(secret.title, "AWS key");
}

#[test]
fn misconfigurations_that_failed_and_licences_are_read() {
    let results = r#"[
        {"Target": "Dockerfile", "Class": "config", "Misconfigurations": [
            {"ID": "DS002", "AVDID": "AVD-DS-0002", "Severity": "HIGH", "Status": "FAIL", "Title": "root"},
            {"ID": "DS003", "Severity": "LOW", "Status": "PASS"}]},
        {"Target": "a", "Class": "license", "Licenses": [
            {"Severity": "HIGH", "Category": "restricted", "PkgName": "bash", "Name": "GPL-3.0"}]}]"#;
    let report = image_report("{}", results);
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["DS002 in Dockerfile", "GPL-3.0 in bash"]);
    assert!(report.findings[0].is_called("AVD-DS-0002"));
}

#[test]
fn an_image_is_known_by_its_configuration_and_the_version_of_its_system() {
    let id = Digest::of(b"config");
    let metadata = format!(
        r#"{{"ImageID": "{id}", "RepoDigests": null,
            "ImageConfig": {{"os": "windows", "architecture": "amd64", "os.version": "10.0.17763.1"}}}}"#
    );
    let report = image_report(&metadata, "null");
    assert_eq!(report.image_id, Some(id));
    assert_eq!(report.os_version.as_deref(), Some("10.0.17763.1"));
}

#[test]
fn null_is_an_empty_list_everywhere() {
    let results = r#"[{"Class": "os-pkgs", "Packages": null, "ExperimentalModifiedFindings": null, "Secrets": null,
        "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "a", "VendorIDs": null, "PkgIdentifier": null}]}]"#;
    let report = image_report("null", results);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.inventory, Inventory::Something);
}
