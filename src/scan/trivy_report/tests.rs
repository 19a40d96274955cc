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
