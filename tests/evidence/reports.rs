//! Scan reports: what is attached, listed and believed.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use windlass::domain::{Counts, Digest, Exceptions, Limits, ScanEvidence, ScanPolicy, Tag, Verdict};
use windlass::scan::{REPORT_TYPE, ReportContext, ScanError, ScanSummary, attach_report, evidence, summary};

use crate::{INDEX, World};

pub(crate) fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A report of `digest` on `architecture`, made at `hour` of today, with one critical finding or none.
pub(crate) fn report(digest: &Digest, architecture: &str, hour: u8, critical: bool) -> Value {
    let finding = json!({
        "VulnerabilityID": "CVE-2026-1", "PkgName": "openssl", "InstalledVersion": "3.1.1",
        "FixedVersion": "3.1.2", "Severity": "CRITICAL",
    });
    json!({
        "SchemaVersion": 2, "ArtifactType": "container_image",
        "CreatedAt": format!("2026-11-23T{hour:02}:00:00Z"),
        "Metadata": {
            "RepoDigests": [format!("elsewhere.example.com/app@{digest}")],
            "ImageConfig": {"os": "linux", "architecture": architecture},
        },
        "Results": [{
            "Class": "os-pkgs", "Packages": [{"Name": "openssl", "Version": "3.1.1"}],
            "Vulnerabilities": if critical { vec![finding] } else { vec![] },
        }],
    })
}

impl World {
    pub(crate) async fn attach(&self, report: &Value) -> Result<(), ScanError> {
        let bytes = Bytes::from(report.to_string());
        attach_report(&self.writer, &self.image, bytes, &ReportContext::default()).await?;
        Ok(())
    }

    /// As a tool would that knows nothing of windlass.
    async fn attach_bare(&self, report: &Value) {
        let layers = vec![("application/json".to_owned(), Bytes::from(report.to_string()))];
        let attached = self
            .writer
            .attach(&self.image, REPORT_TYPE, layers, BTreeMap::new());
        attached.await.unwrap();
    }

    pub(crate) async fn evidence(&self) -> ScanEvidence {
        let image = self.writer.image(&self.image.digest).await.unwrap();
        evidence(&self.writer, &self.image.digest, &image).await.unwrap()
    }

    pub(crate) async fn summary(&self) -> Option<ScanSummary> {
        let image = self.writer.image(&self.image.digest).await.unwrap();
        summary(&self.writer, &self.image.digest, &image).await.unwrap()
    }

    pub(crate) async fn verdict(&self) -> Verdict {
        let policy = ScanPolicy {
            fail_on: Limits {
                critical: Some(0),
                ..Limits::default()
            },
            ..ScanPolicy::default()
        };
        let stage = "stage".parse().unwrap();
        policy
            .judge(&self.evidence().await, &Exceptions::none(&stage), now())
            .verdict
    }
}

#[tokio::test]
async fn the_newest_report_of_each_platform_decides() {
    for referrers_api in [true, false] {
        let world = World::new(referrers_api).await;
        let index = &world.image.digest;
        assert!(
            world
                .verdict()
                .await
                .reason()
                .starts_with("no scan report is attached")
        );
        world.attach(&report(index, "amd64", 8, true)).await.unwrap();
        world.attach(&report(index, "arm64", 9, false)).await.unwrap();
        assert!(
            world
                .verdict()
                .await
                .reason()
                .contains("CVE-2026-1 in openssl 3.1.1")
        );
        world.attach(&report(index, "amd64", 10, false)).await.unwrap();
        assert_eq!(
            world.verdict().await,
            Verdict::Allowed("clean; the report is 3h old".to_owned())
        );
    }
}

#[tokio::test]
async fn a_list_needs_one_request_however_many_reports_there_are() {
    let world = World::new(true).await;
    let index = &world.image.digest;
    for hour in 1..=3 {
        world.attach(&report(index, "amd64", hour, false)).await.unwrap();
    }
    world.attach(&report(index, "amd64", 4, true)).await.unwrap();
    assert_eq!(world.summary().await.unwrap().gaps, ["linux/arm64 not scanned"]);
    world.attach(&report(index, "arm64", 5, false)).await.unwrap();
    let image = world.writer.image(index).await.unwrap();
    world.registry.forget_requests();
    let newest = summary(&world.writer, index, &image).await.unwrap().unwrap();
    assert_eq!(world.registry.requests().len(), 1);
    assert_eq!(
        newest.counts,
        Counts {
            critical: 1,
            ..Counts::default()
        }
    );
    assert_eq!(newest.made.unwrap().to_string(), "2026-11-23T04:00:00Z");
    assert_eq!(newest.gaps, Vec::<String>::new());
}

#[tokio::test]
async fn reports_that_another_tool_attached_are_read() {
    for referrers_api in [true, false] {
        let world = World::new(referrers_api).await;
        let [amd64, arm64] = &world.platforms;
        // Each of its platform's manifest, without a word on the platform.
        for manifest in [amd64, arm64] {
            let mut report = report(&manifest.digest, "", 11, true);
            report["Metadata"].as_object_mut().unwrap().remove("ImageConfig");
            world.attach_bare(&report).await;
        }
        let found = world.summary().await.unwrap();
        assert_eq!(found.counts.critical, 1);
        assert_eq!(found.gaps, [""; 0]);
        let evidence = world.evidence().await;
        let images: Vec<_> = evidence
            .reports
            .iter()
            .map(|report| report.image.clone())
            .collect();
        assert_eq!(images, [Some(amd64.digest.clone()), Some(arm64.digest.clone())]);
    }
}

#[tokio::test]
async fn a_report_of_another_digest_is_not_attached_and_not_believed() {
    let world = World::new(true).await;
    let another = report(&Digest::of(b"another"), "amd64", 11, false);
    let error = world.attach(&another).await.unwrap_err();
    assert!(matches!(error, ScanError::AnotherImage { .. }), "{error}");
    world.attach_bare(&another).await;
    let verdict = world.verdict().await;
    assert_eq!(verdict.word(), "unknown");
    assert!(
        verdict.reason().contains("is for another digest, sha256:"),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn annotations_are_not_evidence() {
    let world = World::new(true).await;
    for architecture in ["amd64", "arm64"] {
        let annotations = BTreeMap::from([
            (
                "dev.windlass.scan.counts".to_owned(),
                json!(Counts::default()).to_string(),
            ),
            (
                "dev.windlass.scan.platform".to_owned(),
                format!("linux/{architecture}"),
            ),
        ]);
        let bytes = report(&world.image.digest, architecture, 11, true).to_string();
        let layers = vec![(REPORT_TYPE.to_owned(), Bytes::from(bytes))];
        let attached = world
            .writer
            .attach(&world.image, REPORT_TYPE, layers, annotations);
        attached.await.unwrap();
    }
    assert_eq!(world.verdict().await.word(), "refused");
}

#[tokio::test]
async fn a_report_that_cannot_be_read_is_doubt_beside_older_clean_ones() {
    let world = World::new(true).await;
    for architecture in ["amd64", "arm64"] {
        let clean = report(&world.image.digest, architecture, 8, false);
        world.attach(&clean).await.unwrap();
    }
    assert!(world.verdict().await.allows());
    world.attach_bare(&json!({"SchemaVersion": 3})).await;
    let verdict = world.verdict().await;
    assert_eq!(verdict.word(), "unknown");
    assert!(verdict.reason().contains("schema version 3"), "{verdict:?}");
    assert_eq!(
        world.summary().await.unwrap().gaps,
        ["a report could not be read"]
    );
}

#[tokio::test]
async fn a_report_of_another_subject_is_not_believed_whatever_the_fallback_index_lists() {
    let world = World::new(false).await;
    let image = &world.image.digest;
    let mut unnamed = report(image, "amd64", 11, false);
    unnamed["Metadata"].as_object_mut().unwrap().remove("RepoDigests");
    let layers = vec![(REPORT_TYPE.to_owned(), Bytes::from(unnamed.to_string()))];
    let other = &crate::index(&world.writer, &world.platforms[..1]).await;
    let attached = world.writer.attach(other, REPORT_TYPE, layers, BTreeMap::new());
    let forged = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [attached.await.unwrap()]});
    let tag = image.fallback_tag().parse::<Tag>().unwrap();
    world
        .writer
        .put_manifest(&tag.into(), INDEX, forged.to_string().into())
        .await
        .unwrap();
    let evidence = world.evidence().await;
    assert!(evidence.reports.is_empty(), "{evidence:?}");
    assert_eq!(world.verdict().await.word(), "unknown");
}
