//! Scan reports: what is attached, listed and believed.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use windlass::domain::{Counts, Digest, Exceptions, Limits, ScanEvidence, ScanPolicy, Tag, Verdict};
use windlass::scan::{REPORT_TYPE, ReportContext, ScanError, attach_report, evidence, summaries};

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
        "Results": [{"Vulnerabilities": if critical { vec![finding] } else { vec![] }}],
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

    async fn verdict(&self) -> Verdict {
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
    world.registry.forget_requests();
    let found = summaries(&world.writer, index).await.unwrap();
    assert_eq!(world.registry.requests().len(), 1);
    let [newest] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        newest.counts,
        Counts {
            critical: 1,
            ..Counts::default()
        }
    );
    assert_eq!(newest.made.unwrap().to_string(), "2026-11-23T04:00:00Z");
    assert_eq!(newest.platform.as_ref().unwrap().to_string(), "linux/amd64");
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
        let found = summaries(&world.writer, &world.image.digest).await.unwrap();
        assert_eq!(
            found
                .iter()
                .map(|report| report.counts.critical)
                .collect::<Vec<_>>(),
            [1, 1]
        );
        let evidence = world.evidence().await;
        let platforms: Vec<_> = evidence
            .reports
            .iter()
            .filter_map(|report| report.platform.clone())
            .collect();
        assert_eq!(platforms, evidence.platforms);
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
        verdict.reason().contains("is of another digest, sha256:"),
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
async fn a_newest_report_that_cannot_be_read_is_an_error_and_not_passed_over() {
    let world = World::new(true).await;
    world.attach_bare(&json!({"SchemaVersion": 3})).await;
    let image = world.writer.image(&world.image.digest).await.unwrap();
    let error = evidence(&world.writer, &world.image.digest, &image)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("schema version 3"), "{error}");
}

#[tokio::test]
async fn a_report_of_another_subject_is_not_believed_whatever_the_fallback_index_lists() {
    let world = World::new(false).await;
    let image = &world.image.digest;
    let mut unnamed = report(image, "amd64", 11, false);
    unnamed["Metadata"].as_object_mut().unwrap().remove("RepoDigests");
    let layers = vec![(REPORT_TYPE.to_owned(), Bytes::from(unnamed.to_string()))];
    let other = &world.platforms[0];
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
