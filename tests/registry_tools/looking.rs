//! `manifest` and `referrers`.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::Options;
use windlass::domain::Digest;
use windlass::registry::{Descriptor, TagRule, Writer};

use crate::ground::{Ground, image, on_a_terminal};

const REPORT: &str = "application/vnd.example.report";
const SIGNATURE: &str = "application/vnd.example.signature";

async fn attach(writer: &Writer, subject: &Digest, kind: &str) -> Descriptor {
    let subject = writer.resolve(&subject.clone().into()).await.unwrap().unwrap();
    let layers = vec![("text/plain".to_owned(), Bytes::from_static(b"words"))];
    let annotations = BTreeMap::from([(
        "org.opencontainers.image.created".to_owned(),
        "2026-11-01T00:00:00Z\u{1b}[2J".to_owned(),
    )]);
    writer.attach(&subject, kind, layers, annotations).await.unwrap()
}

#[tokio::test]
async fn a_pipe_gets_the_very_bytes_so_that_their_sum_is_the_digest() {
    let ground = Ground::new(Options::default()).await;
    let digest = image(&ground.writer("dev/app"), "one", &["v1"]).await;
    let repository = ground.repository("dev/app");
    for name in [format!("{repository}:v1"), format!("{repository}@{digest}")] {
        for args in [
            &["registry", "manifest", name.as_str()][..],
            &["registry", "manifest", name.as_str(), "--raw"][..],
        ] {
            let said = ground.windlass(args).await;
            assert_eq!(Digest::of(&said.bytes), digest, "{}", said.err);
        }
    }
    let said = ground
        .windlass(&["registry", "manifest", &format!("{repository}:v9")])
        .await;
    assert_eq!((said.code, said.bytes.len()), (7, 0), "{}", said.err);
}

#[tokio::test]
async fn a_terminal_gets_a_view_and_nothing_that_acts_on_it() {
    let ground = Ground::new(Options::default()).await;
    let digest = image(&ground.writer("dev/app"), "one", &["v1"]).await;
    let name = format!("{}:v1", ground.repository("dev/app"));
    let said = on_a_terminal(&ground.folder, &["registry", "manifest", &name], "").await;
    assert_eq!(said.code, 0, "{}", said.out);
    for words in [
        digest.to_string().as_str(),
        "application/vnd.oci.image.manifest.v1+json",
        "configuration",
        "1 layer, 3 B",
        &Digest::of(b"one").to_string(),
        "org.opencontainers.image.title  an image",
    ] {
        assert!(said.out.contains(words), "{words} is not in\n{}", said.out);
    }
    assert!(!said.out.contains('\u{1b}'), "{:?}", said.out);
    let raw = on_a_terminal(&ground.folder, &["registry", "manifest", &name, "--raw"], "").await;
    assert!(raw.out.starts_with('{'), "{}", raw.out);
}

#[tokio::test]
async fn shows_what_is_attached_and_what_is_attached_to_that() {
    for referrers_api in [true, false] {
        let ground = Ground::new(Options {
            referrers_api,
            ..Options::default()
        })
        .await;
        let writer = ground.writer("dev/app");
        let digest = image(&writer, "one", &["v1"]).await;
        let report = attach(&writer, &digest, REPORT).await;
        let signature = attach(&writer, &report.digest, SIGNATURE).await;
        let old = image(&writer, "an old signature", &[]).await;
        let tag = format!("{}.sig", digest.fallback_tag());
        writer
            .tag(&old, &tag.parse().unwrap(), TagRule::Mutable)
            .await
            .unwrap();
        let name = format!("{}:v1", ground.repository("dev/app"));

        let said = ground.windlass(&["registry", "referrers", &name]).await;
        let lines: Vec<_> = said.out.lines().collect();
        assert_eq!(lines.len(), 4, "{}{}", said.out, said.err);
        assert!(lines[0].ends_with(digest.to_string().as_str()));
        assert!(lines[1].starts_with(&format!("├── {REPORT}")), "{}", said.out);
        assert!(lines[1].ends_with("2026-11-01T00:00:00Z"), "{:?}", lines[1]);
        assert!(
            lines[2].starts_with(&format!("│   └── {SIGNATURE}")),
            "{}",
            said.out
        );
        assert!(lines[3].starts_with("└── cosign .sig tag"), "{}", said.out);
        let ascii = ground
            .windlass(&["registry", "referrers", &name, "--ascii"])
            .await;
        assert!(ascii.out.is_ascii(), "{}", ascii.out);

        let document = ground.json(&["registry", "referrers", &name, "--json"]).await;
        let first = &document["referrers"][0];
        assert_eq!(first["digest"], report.digest.to_string());
        assert_eq!(first["referrers"][0]["digest"], signature.digest.to_string());
        assert_eq!(document["referrers"][1]["tag"], tag);
    }
}

#[tokio::test]
async fn keeps_only_one_type_and_what_leads_to_it() {
    let ground = Ground::new(Options::default()).await;
    let writer = ground.writer("dev/app");
    let digest = image(&writer, "one", &["v1"]).await;
    let report = attach(&writer, &digest, REPORT).await;
    attach(&writer, &digest, "application/vnd.example.other").await;
    attach(&writer, &report.digest, SIGNATURE).await;
    let name = format!("{}:v1", ground.repository("dev/app"));
    let kinds = |document: &Value| -> Vec<String> {
        let listed = document["referrers"].as_array().unwrap();
        listed
            .iter()
            .map(|one| one["artifact_type"].as_str().unwrap().to_owned())
            .collect()
    };
    let document = ground
        .json(&["registry", "referrers", &name, "--type", SIGNATURE, "--json"])
        .await;
    assert_eq!(kinds(&document), [REPORT]);
    assert_eq!(kinds(&document["referrers"][0]), [SIGNATURE]);
    let document = ground
        .json(&["registry", "referrers", &name, "--type", REPORT, "--json"])
        .await;
    assert_eq!(kinds(&document), [REPORT]);
    assert_eq!(document["referrers"][0]["referrers"], serde_json::json!([]));
    let said = ground
        .windlass(&["registry", "referrers", &name, "--type", "none/such"])
        .await;
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    assert!(
        said.err.contains("nothing of type none/such is attached"),
        "{}",
        said.err
    );
}

#[tokio::test]
async fn what_cannot_be_listed_is_an_error_and_not_nothing() {
    let ground = Ground::new(Options::default()).await;
    image(&ground.writer("dev/app"), "one", &["v1"]).await;
    ground.registry.inject(
        Fault::new(Effect::Answer {
            status: 500,
            retry_after: None,
        })
        .on_path("/referrers/")
        .always(),
    );
    let name = format!("{}:v1", ground.repository("dev/app"));
    let said = ground.windlass(&["registry", "referrers", &name]).await;
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
}
