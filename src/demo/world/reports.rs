//! Trivy reports for the sample, in the form that Trivy 0.74 writes.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::contents;

/// What a scan of an image finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// Nothing.
    Clean,
    /// One high finding that nobody has a fix for yet.
    High,
    /// Two critical ones that could be fixed.
    Critical,
}

/// The report of one platform.
pub(super) fn report(nth: usize, health: Health, image: &str, architecture: &str, made: Timestamp) -> Bytes {
    let finding = |id: &str, package: &str, installed: &str, fixed: &str, severity: &str, title: &str| {
        json!({
            "VulnerabilityID": id,
            "PkgName": package,
            "PkgIdentifier": { "PURL": format!("pkg:apk/alpine/{package}@{installed}?arch={architecture}&distro=3.20.3") },
            "InstalledVersion": installed,
            "FixedVersion": fixed,
            "Status": if fixed.is_empty() { "affected" } else { "fixed" },
            "Severity": severity,
            "Title": title,
            "PrimaryURL": format!("https://avd.aquasec.com/nvd/{}", id.to_lowercase()),
        })
    };
    let findings: Vec<Value> = match health {
        Health::Clean => Vec::new(),
        Health::High => {
            vec![finding(
                "CVE-2026-31811",
                "musl",
                "1.2.5-r0",
                "",
                "HIGH",
                "musl: reads one byte too many in iconv",
            )]
        }
        Health::Critical => vec![
            finding(
                "CVE-2026-20417",
                "libcrypto3",
                "3.3.1-r0",
                "3.3.1-r3",
                "CRITICAL",
                "openssl: use after free in the handshake",
            ),
            finding(
                "CVE-2026-20551",
                "libcrypto3",
                "3.3.1-r0",
                "3.3.2-r0",
                "CRITICAL",
                "openssl: a certificate's name is not checked",
            ),
        ],
    };
    let packages: Vec<Value> = contents::installed(nth)
        .map(|package| json!({ "Name": package.name, "Version": package.version }))
        .collect();
    let document = json!({
        "SchemaVersion": 2,
        "CreatedAt": made.to_string(),
        "ArtifactName": image,
        "ArtifactType": "container_image",
        "Metadata": {
            "OS": { "Family": "alpine", "Name": "3.20.3" },
            "RepoDigests": [image],
            "ImageConfig": { "architecture": architecture, "os": "linux" },
        },
        "Results": [{
            "Target": format!("{image} (alpine 3.20.3)"),
            "Class": "os-pkgs",
            "Type": "alpine",
            "Packages": packages,
            "Vulnerabilities": findings,
        }],
    });
    Bytes::from(document.to_string())
}
