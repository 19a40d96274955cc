//! Evidence where other tools leave it: in the form of cosign 2, and attached to one image of an index.

use serde_json::{Value, json};
use windlass::domain::{Digest, SignatureForms};
use windlass::registry::Descriptor;
use windlass::scan::{VULNERABILITIES, attach_report, sbom_packages};
use windlass::sign::{self, NewStatement};

use crate::older;
use crate::reports::report;
use crate::{World, key};

impl World {
    /// Turns an attestation into the form of cosign 2, under the tag of `subject`.
    async fn age(&self, attestation: &Descriptor, subject: &Digest, kind: &str) {
        let bundle: Value = serde_json::from_slice(&self.bundle_of(attestation).await).unwrap();
        let notes = json!({ "predicateType": kind, "dev.cosignproject.cosign/signature": "" });
        let envelope = bundle["dsseEnvelope"].to_string();
        let media_type = "application/vnd.dsse.envelope.v1+json";
        older::put(
            &self.writer,
            older::tag(subject, "att"),
            media_type,
            notes,
            envelope,
        )
        .await;
        self.writer.delete_manifest(&attestation.digest).await.unwrap();
    }
}

#[tokio::test]
async fn a_vulnerability_attestation_of_cosign_2_is_evidence_and_the_newest_counts() {
    let world = World::new(true).await;
    let (index, mine) = (world.image.digest.clone(), key());
    world.attach(&report(&index, "amd64", 8, false)).await.unwrap();
    world.attach(&report(&index, "arm64", 8, false)).await.unwrap();
    assert!(world.verdict().await.allows());
    let critical = report(&index, "arm64", 9, true);
    let attestation = world.attest(&world.image, &critical, &mine).await;
    world.age(&attestation, &index, VULNERABILITIES).await;
    let verdict = world.verdict().await;
    assert_eq!(verdict.word(), "refused", "{verdict:?}");
    assert_eq!(world.signed(mine.trusted()).await.reports.len(), 1);
    assert_eq!(world.signed(key().trusted()).await.reports.len(), 0);
}

#[tokio::test]
async fn a_list_of_packages_in_an_attestation_of_cosign_2_is_read() {
    let world = World::new(true).await;
    let index = world.image.digest.clone();
    let sbom = json!({"spdxVersion": "SPDX-2.3", "packages": [{
        "name": "musl", "versionInfo": "1.2.5", "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": "pkg:apk/alpine/musl@1.2.5",
        }],
    }]});
    let kind = "https://spdx.dev/Document";
    let list = NewStatement::new(kind, sbom);
    let attestation = sign::attest(&world.writer, &world.image, list, &key(), SignatureForms::Bundle)
        .await
        .unwrap();
    world.age(&attestation, &index, kind).await;
    let list = sbom_packages(&world.writer, &index, &[]).await.unwrap().unwrap();
    let names: Vec<_> = list
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(names, ["musl"]);
}

#[tokio::test]
async fn evidence_that_is_attached_to_one_image_of_an_index_is_evidence_of_that_image() {
    let world = World::new(true).await;
    let [amd64, arm64] = world.platforms.clone();
    for (image, architecture) in [(&amd64, "amd64"), (&arm64, "arm64")] {
        // It names no digest, as of an image that was scanned from a file: it is of what it is attached to.
        let mut clean = report(&image.digest, architecture, 8, false);
        clean["Metadata"] = json!({});
        let bytes = clean.to_string().into();
        attach_report(
            &world.writer,
            image,
            bytes,
            &windlass::scan::ReportContext::default(),
        )
        .await
        .unwrap();
    }
    let verdict = world.verdict().await;
    assert!(verdict.allows(), "{verdict:?}");
    assert_eq!(world.summary().await.unwrap().gaps, Vec::<String>::new());

    let critical = report(&arm64.digest, "arm64", 9, true);
    let mine = key();
    let attestation = world.attest(&arm64, &critical, &mine).await;
    assert_eq!(world.verdict().await.word(), "refused");
    assert_eq!(world.signed(mine.trusted()).await.reports.len(), 1);
    world.age(&attestation, &arm64.digest, VULNERABILITIES).await;
    assert_eq!(world.verdict().await.word(), "refused");
}
