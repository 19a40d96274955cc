//! Promotion records: each promotion leaves one that names the record before it, and the chain says what is wrong with it.

use std::collections::BTreeMap;

use windlass::domain::PromotionRecord;
use windlass::engine::CheckedChain;
use windlass::registry::{Content, Descriptor, Evidence};

use super::*;
use crate::call::{self, text};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// An engine whose stage signs too, with the key of production, and what was promoted by it from dev to prod.
async fn promoted() -> (World, Arc<Engine>, Digest) {
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
async fn records(engine: &Engine, digest: &Digest) -> Vec<(Descriptor, Vec<u8>)> {
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

async fn attach(engine: &Engine, digest: &Digest, bundle: Vec<u8>) {
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
    // An image that came to prod without a record.
    let other = digest_of(&engine, "prod", "develop~15").await;
    assert_eq!(fault(&engine, &other).await, "the record of prod is missing");
    for (_, bundle) in records(&engine, &digest).await {
        attach(&engine, &other, bundle).await;
    }
    let said = fault(&engine, &other).await;
    assert!(said.starts_with("the record of prod is of sha256:"), "{said}");
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
