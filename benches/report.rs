//! What a large report costs: `cargo bench --bench report`. A report of Trivy with 30,000 findings (about 20 MB) is to be
//! parsed and judged in 150 ms and 150 MB, and 100 digests judged from attached reports in 2 s where a request takes 20 ms.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and may fail by panic"
)]

#[path = "measure/memory.rs"]
mod memory;
#[path = "../tests/support/proxy.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod proxy;
#[path = "measure/time.rs"]
mod time;

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use memory::peak;
use serde_json::{Value, json};
use time::ms;
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{
    Digest, Exceptions, Origin, Platform, RunnableImage, ScanEvidence, ScanPolicy, WriteAccess,
};
use windlass::registry::{Descriptor, Registries, Settings};
use windlass::scan::{self, Report, ReportContext};

const FINDINGS: usize = 30_000;
const ROUNDS: usize = 15;
/// Names the report for the process that measures its memory.
const FILE: &str = "WINDLASS_BENCH_REPORT";
const DIGESTS: usize = 100;
/// As the board asks.
const AT_ONCE: usize = 16;

fn main() {
    // In a process of its own: what it takes to make a report is not what it takes to read one.
    if let Some(path) = std::env::var_os(FILE) {
        let bytes = std::fs::read(path).unwrap().into();
        judged(&bytes);
        return println!("peak memory {} MB (target: 150)", peak());
    }
    let bytes = Bytes::from(report(FINDINGS, None).to_string());
    println!("{FINDINGS} findings, {} MB", bytes.len() / 1_000_000);
    let mut times: Vec<_> = (0..ROUNDS).map(|_| judged(&bytes)).collect();
    times.sort_unstable();
    println!(
        "parsed and judged: median {:.0} ms, {:.0}–{:.0} (target: 150)",
        ms(times[ROUNDS / 2]),
        ms(times[0]),
        ms(times[ROUNDS - 1])
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    std::fs::write(&file, &bytes).unwrap();
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .env(FILE, &file)
        .status();
    assert!(child.unwrap().success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut times: Vec<_> = (0..5).map(|_| runtime.block_on(many())).collect();
    times.sort_unstable();
    println!(
        "{DIGESTS} digests from attached reports, 20 ms a request: median {:.2} s, {:.2}–{:.2} (target: 2)",
        times[2].as_secs_f64(),
        times[0].as_secs_f64(),
        times[4].as_secs_f64()
    );
}

fn judged(bytes: &Bytes) -> Duration {
    let begun = Instant::now();
    let report = Report::parse(bytes).unwrap();
    let evidence = ScanEvidence::new(
        Digest::of(b"image"),
        vec![RunnableImage::new(
            Digest::of(b"image"),
            Some(Platform::linux("amd64")),
        )],
        vec![report.into_evidence(&ReportContext::default(), Origin::Fresh)],
    );
    let name = "prod".parse().unwrap();
    let judgement = ScanPolicy::default().judge(&evidence, &Exceptions::none(&name), Timestamp::now());
    assert_eq!(judgement.findings.len(), FINDINGS);
    begun.elapsed()
}

/// Reads and judges what is attached to a hundred images, each with a small report.
async fn many() -> Duration {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let proxy = proxy::start(&registry.host()).await;
    let access = WriteAccess::unless_read_only(false).unwrap();
    let repository = format!("{}/dev/app", registry.host()).parse().unwrap();
    let writer = Registries::new(Settings::default())
        .unwrap()
        .writer(&repository, access);
    let mut images = Vec::new();
    for n in 0..DIGESTS {
        let config =
            json!({"os": "linux", "architecture": "amd64", "config": {"Labels": {"n": n.to_string()}}});
        let config = writer.put_blob(Bytes::from(config.to_string())).await.unwrap();
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config.digest, "size": config.size,
        }, "layers": []});
        let bytes = Bytes::from(manifest.to_string());
        let image = Descriptor::new(MANIFEST, Digest::of(&bytes), bytes.len() as u64);
        writer
            .put_manifest(&image.digest.clone().into(), MANIFEST, bytes)
            .await
            .unwrap();
        let bytes = Bytes::from(report(50, Some(format!("{repository}@{}", image.digest))).to_string());
        scan::attach_report(&writer, &image, bytes, &ReportContext::default())
            .await
            .unwrap();
        images.push(image.digest);
    }
    proxy.delay(Duration::from_millis(20));
    let repository = format!("{}/dev/app", proxy.host()).parse().unwrap();
    let reader = Registries::new(Settings::default()).unwrap().reader(&repository);
    let begun = Instant::now();
    let judging = images.into_iter().map(|digest| {
        let reader = reader.clone();
        async move {
            let summary = reader.image(&digest).await.unwrap();
            let evidence = scan::evidence(&reader, &digest, &summary).await.unwrap();
            let name = "prod".parse().unwrap();
            let judgement =
                ScanPolicy::default().judge(&evidence, &Exceptions::none(&name), Timestamp::now());
            assert_eq!(judgement.findings.len(), 50);
        }
    });
    futures_util::stream::iter(judging)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    begun.elapsed()
}

const SEVERITIES: [&str; 5] = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"];
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A report as Trivy writes it, with the long texts that nobody here reads.
fn report(findings: usize, name: Option<String>) -> Value {
    let vulnerabilities: Vec<_> = (0..findings)
        .map(|n| {
            json!({
                "VulnerabilityID": format!("CVE-2026-{n:05}"),
                "VendorIDs": [format!("DSA-{n}-1")],
                "PkgID": format!("lib{n}@1.0"),
                "PkgName": format!("lib{}", n % 2000),
                "PkgIdentifier": {"PURL": format!("pkg:deb/debian/lib{}@1.0?arch=amd64", n % 2000), "UID": "0123456789abcdef"},
                "InstalledVersion": "1.0",
                "FixedVersion": if n % 2 == 0 { "1.1" } else { "" },
                "Status": "fixed",
                "Severity": SEVERITIES[n % 5],
                "PrimaryURL": format!("https://avd.example.com/nvd/cve-2026-{n:05}"),
                "Title": "a buffer is read beyond its end",
                "Description": "When a header is longer than anybody thought, a buffer is read beyond its end. ".repeat(2),
                "References": ["https://example.com/a", "https://example.com/b"],
                "CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "V3Score": 9.8}},
            })
        })
        .collect();
    json!({
        "SchemaVersion": 2,
        "CreatedAt": Timestamp::now(),
        "ArtifactType": "container_image",
        "Metadata": {
            "RepoDigests": name.into_iter().collect::<Vec<_>>(),
            "ImageConfig": {"os": "linux", "architecture": "amd64"},
            "OS": {"Family": "debian", "Name": "12.9"},
        },
        "Results": [{"Class": "os-pkgs", "Type": "debian", "Vulnerabilities": vulnerabilities}],
    })
}
