//! Promotion records: each promotion leaves one that names the record before it, and the chain says what is wrong with it.

use std::collections::BTreeMap;

use windlass::domain::{
    ChainPlace, PromotionRecord, RecordedOperation, VerificationResult, VerificationSummary,
};
use windlass::engine::CheckedChain;
use windlass::registry::{Content, Descriptor, Evidence};

use super::*;
use crate::call::{self, text};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// An engine whose stage signs too, with the key of production, and what was promoted by it from dev to prod.
pub async fn promoted() -> (World, Arc<Engine>, Digest) {
    let (world, _) = world().await;
    let path = world.repository().join("windlass.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let sign = config
        .lines()
        .find(|line| line.starts_with("sign = "))
        .unwrap()
        .to_owned();
    let engine = changed(
        &world,
        "name = \"stage\"\n",
        &format!("name = \"stage\"\n{sign}\n"),
    );
    done(&engine, &promote("develop", "stage", None, false)).await;
    done(&engine, &promote("develop", "prod", None, false)).await;
    let digest = digest_of(&engine, "prod", "develop").await;
    (world, engine, digest)
}

async fn chain(engine: &Engine, digest: &Digest) -> CheckedChain {
    let prod = "prod".parse().unwrap();
    engine.chain(&payment(engine), digest, &prod).await.unwrap()
}

async fn fault(engine: &Engine, digest: &Digest) -> String {
    chain(engine, digest)
        .await
        .fault
        .map_or_else(String::new, |fault| fault.to_string())
}

/// The referrers of the digest in prod that are promotion records, each with its bundle.
pub async fn records(engine: &Engine, digest: &Digest) -> Vec<(Descriptor, Vec<u8>)> {
    let reader = reader(engine, "prod");
    let mut found = Vec::new();
    for referrer in reader.referrers(digest, Some(BUNDLE)).await.unwrap() {
        let kind = referrer.annotations.get("dev.sigstore.bundle.predicateType");
        if kind.is_none_or(|kind| kind != PromotionRecord::TYPE) {
            continue;
        }
        let manifest = reader.manifest(&referrer.digest.clone().into()).await.unwrap();
        let Content::Image { layers, .. } = manifest.content() else {
            panic!("{manifest:?}");
        };
        let bundle = reader.blob(&layers[0].digest, 1_000_000).await.unwrap();
        found.push((referrer, bundle.to_vec()));
    }
    found
}

pub async fn attach(engine: &Engine, digest: &Digest, bundle: Vec<u8>) {
    let writer = writer(engine, "prod");
    let subject = writer
        .resolve(&Target::Digest(digest.clone()))
        .await
        .unwrap()
        .unwrap();
    let annotations = [("dev.sigstore.bundle.predicateType", PromotionRecord::TYPE)];
    let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let layers = vec![(BUNDLE.to_owned(), bundle.into())];
    let evidence = Evidence::new(BUNDLE, layers, BTreeMap::from(annotations));
    writer.attach_evidence(&subject, evidence).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_promotion_leaves_a_record_that_names_the_one_before_it() {
    let (world, engine, digest) = promoted().await;
    let checked = chain(&engine, &digest).await;
    assert_eq!(checked.fault, None);
    let names: Vec<_> = checked
        .links
        .iter()
        .map(|link| link.record.windlass.environment.as_str())
        .collect();
    // dev does not sign, so that the chain begins in stage.
    assert_eq!(names, ["prod", "stage"]);
    let prod = &checked.links[0].record;
    assert_eq!(prod.windlass.follows.as_ref(), Some(&checked.links[1].statement));
    assert_eq!(prod.digest, digest);
    assert!(
        prod.src_ref
            .as_ref()
            .unwrap()
            .as_str()
            .ends_with(&format!("@{digest}"))
    );
    assert!(
        prod.windlass.gates.iter().any(|gate| gate.kind.name() == "scan"),
        "{prod:?}"
    );
    let stage = &checked.links[1].record.windlass;
    assert_eq!(
        (stage.from.as_ref().unwrap().as_str(), stage.follows.as_ref()),
        ("dev", None)
    );

    // Given again, a promotion leaves nothing new.
    done(&engine, &promote("develop", "prod", None, false)).await;
    assert_eq!(chain(&engine, &digest).await.links, checked.links);

    let image = format!("{}@{digest}", reader(&engine, "prod").repository());
    let mut program = call::program(
        &world.repository(),
        world.folder(),
        &["verify", "--chain", &image],
    );
    let output = program.output().await.unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(
        said.contains("✓ prod: promoted from stage by ") && said.contains("✓ stage: promoted from dev by ")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_taken_away_is_missed_and_its_environment_named() {
    let (_world, engine, digest) = promoted().await;
    let writer = writer(&engine, "prod");
    for (referrer, bundle) in records(&engine, &digest).await {
        assert!(writer.delete_manifest(&referrer.digest).await.unwrap());
        let said = fault(&engine, &digest).await;
        assert!(
            said.ends_with("is missing") && said.starts_with("the record of "),
            "{said}"
        );
        attach(&engine, &digest, bundle).await;
        assert_eq!(fault(&engine, &digest).await, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_byte_in_a_record_is_found() {
    let (_world, engine, digest) = promoted().await;
    let writer = writer(&engine, "prod");
    for (referrer, bundle) in records(&engine, &digest).await {
        let mut document: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
        let payload = &mut document["dsseEnvelope"]["payload"];
        // One bit less in the middle of the signed statement: still base64, and as a rule still JSON.
        let statement = base64_of(payload.as_str().unwrap());
        let altered = statement
            .replace("\"allowed\"", "\"allowEd\"")
            .replace("ana", "eva");
        let altered = if altered == statement {
            statement.replace("promote", "Promote")
        } else {
            altered
        };
        *payload = to_base64(&altered).into();
        assert!(writer.delete_manifest(&referrer.digest).await.unwrap());
        attach(&engine, &digest, document.to_string().into_bytes()).await;
        let said = fault(&engine, &digest).await;
        assert!(said.starts_with("the record of "), "{said}");
        assert!(
            said.ends_with("altered, or signed with another key") || said.ends_with("is missing"),
            "{said}"
        );
        attach(&engine, &digest, bundle).await;
        assert_eq!(fault(&engine, &digest).await, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_another_image_is_none_of_this_one() {
    let (_world, engine, digest) = promoted().await;
    let other = deployed(&engine, "prod").await;
    assert_eq!(other, digest);
    // An image whose own record is gone.
    let other = digest_of(&engine, "prod", "develop~15").await;
    for (own, _) in records(&engine, &other).await {
        writer(&engine, "prod")
            .delete_manifest(&own.digest)
            .await
            .unwrap();
    }
    assert_eq!(fault(&engine, &other).await, "the record of prod is missing");
    for (_, bundle) in records(&engine, &digest).await {
        attach(&engine, &other, bundle).await;
    }
    let said = fault(&engine, &other).await;
    assert!(said.starts_with("the record of prod is of sha256:"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_leaves_a_record_that_names_the_promotion_by_which_the_digest_came_there() {
    let (world, engine, newer) = promoted().await;
    // Only what came to production by a record can be traced back from there.
    let command = promote("develop~1", "prod", Some("payouts fail"), false);
    done(
        &engine,
        &promote("develop~1", "stage", Some("payouts fail"), false),
    )
    .await;
    done(&engine, &command).await;
    let command = rollback("prod", Some(&newer.to_string()), false);
    done(&engine, &command).await;
    let checked = chain(&engine, &newer).await;
    assert_eq!(checked.fault, None);
    let said = checked.links.iter().map(|link| {
        let details = &link.record.windlass;
        (details.environment.as_str(), details.operation)
    });
    let said: Vec<_> = said.collect();
    assert_eq!(
        said,
        [
            ("prod", RecordedOperation::Rollback),
            ("prod", RecordedOperation::Promote),
            ("stage", RecordedOperation::Promote)
        ]
    );
    let details = &checked.links[0].record.windlass;
    let older = digest_of(&engine, "prod", "develop~1").await;
    assert_eq!(details.previous_digest.as_ref(), Some(&older));
    assert_eq!(details.reason.as_ref().unwrap().as_str(), "payouts fail");
    assert!(details.gates.iter().any(|gate| gate.kind.name() == "signature"));
    // Given again, it leaves nothing new.
    assert!(idle(&done(&engine, &command).await).contains(&"sign"));
    assert_eq!(chain(&engine, &newer).await.links, checked.links);
    let (service, prod) = (payment(&engine), "prod".parse().unwrap());
    let history = engine.history(&service, &prod, None, 1).await.unwrap();
    let record = history[0].record.as_ref().unwrap();
    assert_eq!(record.windlass.operation, RecordedOperation::Rollback);

    // Who has no key takes it back all the same.
    std::fs::remove_file(world.folder().join("keys/cosign.key")).unwrap();
    done(&engine, &unpin("prod")).await;
    let events = done(&engine, &rollback("prod", Some(&older.to_string()), false)).await;
    assert!(idle(&events).contains(&"sign"));
    assert!(format!("{events:?}").contains("the rollback is not recorded with its image"));
    assert_eq!(deployed(&engine, "prod").await, older);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_rollback_comes_from_its_own_environment_and_no_promotion_does() {
    let (_world, engine, digest) = promoted().await;
    let links = chain(&engine, &digest).await.links;
    let places = ["prod", "stage"].map(|name| ChainPlace {
        environment: name.parse().unwrap(),
        repository: reader(&engine, name).repository().to_string(),
        signs: true,
    });
    let fault = |change: &dyn Fn(&mut PromotionRecord)| {
        let mut changed = links.clone();
        change(&mut changed[0].record);
        let prod = "prod".parse().unwrap();
        windlass::domain::chain(&changed, &digest, &prod, &places)
            .unwrap_err()
            .to_string()
    };
    let altered = "the record of prod is altered, or signed with another key";
    assert_eq!(
        fault(&|record| record.windlass.operation = RecordedOperation::Rollback),
        altered
    );
    assert_eq!(
        fault(&|record| record.windlass.from = Some("prod".parse().unwrap())),
        altered
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_promotion_leaves_a_verification_summary_beside_its_record() {
    let (world, engine, digest) = promoted().await;
    let key = windlass::sign::PublicKey::load(&world.folder().join("keys/cosign.pub")).unwrap();
    let key = windlass::sign::TrustedSigner::Key(key);
    let summaries = async |environment: &str, digest: &Digest| -> Vec<VerificationSummary> {
        let reader = reader(&engine, environment);
        let kind = VerificationSummary::TYPE;
        let found = windlass::sign::attestations(&reader, digest, kind, Some(&key))
            .await
            .unwrap();
        let read = |one: windlass::sign::Attestation| serde_json::from_str(one.predicate.get()).unwrap();
        let mut found: Vec<VerificationSummary> = found.into_iter().map(read).collect();
        found.sort_by_key(|summary| summary.policy.uri.clone());
        found
    };
    let found = summaries("prod", &digest).await;
    let said: Vec<_> = found
        .iter()
        .map(|summary| (summary.policy.uri.as_str(), summary.verification_result))
        .collect();
    assert_eq!(
        said,
        [
            ("urn:windlass:rules:payment-svc:prod", VerificationResult::Passed),
            ("urn:windlass:rules:payment-svc:stage", VerificationResult::Passed)
        ]
    );
    assert!(found[0].resource_uri.as_str().contains(digest.hex()));
    assert_ne!(found[0].policy.digest, found[1].policy.digest);
    // Given again, a promotion leaves nothing new.
    done(&engine, &promote("develop", "prod", None, false)).await;
    assert_eq!(summaries("prod", &digest).await, found);
    // What went on by a reason has not passed the rules.
    let strict = changed(
        &world,
        "name = \"stage\"\n",
        "name = \"stage\"\ngate.age = \"365d\"\n",
    );
    done(
        &strict,
        &promote("develop~1", "stage", Some("payouts fail"), false),
    )
    .await;
    let older = digest_of(&engine, "stage", "develop~1").await;
    let found = summaries("stage", &older).await;
    assert_eq!(found[0].verification_result, VerificationResult::Failed);
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn to_base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
