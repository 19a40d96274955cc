//! Vulnerability attestations: where they count, and where only those of one key do.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use windlass::domain::{
    Digest, Exceptions, Limits, Origin, ScanEvidence, ScanPolicy, SignatureForms, Verdict,
};
use windlass::registry::{Content, Descriptor};
use windlass::scan::{Invocation, ReportContext, VULNERABILITIES, attest, signed_evidence};
use windlass::sign::{Signer, TrustedSigner};

use crate::reports::{now, report};
use crate::{BUNDLE, World, key};

impl World {
    pub(crate) async fn attest(&self, subject: &Descriptor, report: &Value, key: &Signer) -> Descriptor {
        let invocation = Invocation {
            uri: "https://ci.example.com/7".to_owned(),
            event_id: "7".to_owned(),
            builder: "windlass/test".to_owned(),
        };
        let bytes = Bytes::from(report.to_string());
        let context = ReportContext::default();
        let attested = attest(
            &self.writer,
            subject,
            &bytes,
            &context,
            &invocation,
            (key, SignatureForms::Bundle),
        );
        attested.await.unwrap()
    }

    /// What this key signed.
    pub(crate) async fn signed(&self, trusted: &TrustedSigner) -> ScanEvidence {
        let image = self.writer.image(&self.image.digest).await.unwrap();
        let found = signed_evidence(
            &self.writer,
            &self.image.digest,
            &image,
            trusted,
            "ours.pub".to_owned(),
        );
        found.await.unwrap()
    }

    /// The bundle of an attestation.
    pub(crate) async fn bundle_of(&self, attestation: &Descriptor) -> Bytes {
        let manifest = self
            .writer
            .manifest(&attestation.digest.clone().into())
            .await
            .unwrap();
        let Content::Image { layers, .. } = manifest.content() else {
            panic!("an attestation is no index")
        };
        self.writer.blob(&layers[0].digest, 100_000).await.unwrap()
    }

    async fn attach_attestation(&self, bundle: Bytes) {
        let notes = BTreeMap::from([(
            "dev.sigstore.bundle.predicateType".to_owned(),
            VULNERABILITIES.to_owned(),
        )]);
        let layers = vec![(BUNDLE.to_owned(), bundle)];
        self.writer
            .attach(&self.image, BUNDLE, layers, notes)
            .await
            .unwrap();
    }
}

fn verdict(evidence: &ScanEvidence) -> Verdict {
    let policy = ScanPolicy {
        fail_on: Limits {
            critical: Some(0),
            ..Limits::default()
        },
        ..ScanPolicy::default()
    };
    let stage = "stage".parse().unwrap();
    policy.judge(evidence, &Exceptions::none(&stage), now()).verdict
}

#[tokio::test]
async fn an_attestation_counts_where_no_report_is_attached() {
    for referrers_api in [true, false] {
        let world = World::new(referrers_api).await;
        let (index, key) = (&world.image.digest, key());
        world
            .attest(&world.image, &report(index, "amd64", 8, false), &key)
            .await;
        let missing = verdict(&world.evidence().await);
        assert!(missing.reason().contains("linux/arm64"), "{missing:?}");
        world
            .attest(&world.image, &report(index, "arm64", 8, true), &key)
            .await;
        let evidence = world.evidence().await;
        assert!(
            evidence
                .reports
                .iter()
                .all(|report| report.origin == Origin::Attested)
        );
        let refused = verdict(&evidence);
        assert!(refused.reason().contains("CVE-2026-1"), "{refused:?}");
    }
}

#[tokio::test]
async fn the_newest_of_reports_and_attestations_decides() {
    let world = World::new(true).await;
    let (index, key) = (&world.image.digest, key());
    world.attach(&report(index, "amd64", 8, false)).await.unwrap();
    world
        .attest(&world.image, &report(index, "arm64", 8, true), &key)
        .await;
    world
        .attest(&world.image, &report(index, "arm64", 9, false), &key)
        .await;
    world
        .attest(&world.image, &report(index, "amd64", 7, true), &key)
        .await;
    let evidence = world.evidence().await;
    assert!(verdict(&evidence).allows(), "{evidence:?}");
}

#[tokio::test]
async fn under_a_key_only_what_it_signed_counts() {
    let world = World::new(true).await;
    let (index, ours, other) = (&world.image.digest, key(), key());
    for architecture in ["amd64", "arm64"] {
        let clean = report(index, architecture, 8, false);
        world.attach(&clean).await.unwrap();
        world.attest(&world.image, &clean, &other).await;
    }
    let unknown = verdict(&world.signed(ours.trusted()).await);
    assert!(matches!(unknown, Verdict::Unknown(_)), "{unknown:?}");
    assert!(
        unknown
            .reason()
            .starts_with("no scan report signed with ours.pub"),
        "{unknown:?}"
    );
    for architecture in ["amd64", "arm64"] {
        let clean = report(index, architecture, 8, false);
        world.attest(&world.image, &clean, &ours).await;
    }
    assert!(verdict(&world.signed(ours.trusted()).await).allows());
}

#[tokio::test]
async fn what_others_attach_does_not_hinder_what_the_key_signed() {
    let world = World::new(true).await;
    let (index, ours) = (&world.image.digest, key());
    for architecture in ["amd64", "arm64"] {
        let clean = report(index, architecture, 8, false);
        world.attest(&world.image, &clean, &ours).await;
    }
    world.attach_attestation("no bundle".into()).await;
    assert!(verdict(&world.signed(ours.trusted()).await).allows());
    // Where anybody's word counts, one that nobody can read may be the one that matters.
    let image = world.writer.image(index).await.unwrap();
    let error = windlass::scan::evidence(&world.writer, index, &image)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("attestation"), "{error}");
}

#[tokio::test]
async fn an_attestation_of_another_digest_proves_nothing_of_this_one() {
    let world = World::new(true).await;
    let ours = key();
    let [_, arm64] = &world.platforms;
    // Of one platform's manifest, and moved to the index: what it says of itself counts, not where it lies.
    let of_arm64 = world
        .attest(arm64, &report(&arm64.digest, "arm64", 8, false), &ours)
        .await;
    world.attach_attestation(world.bundle_of(&of_arm64).await).await;
    let evidence = world.signed(ours.trusted()).await;
    let images: Vec<_> = evidence.reports.iter().map(|report| &report.image).collect();
    assert_eq!(images, [&Some(arm64.digest.clone())]);
    // The statement is of the index, the report in it of something else.
    let elsewhere = Digest::of(b"elsewhere");
    world
        .attest(&world.image, &report(&elsewhere, "amd64", 8, false), &ours)
        .await;
    let evidence = world.signed(ours.trusted()).await;
    assert_eq!(evidence.strays, [elsewhere]);
    assert!(!verdict(&evidence).allows());
}
