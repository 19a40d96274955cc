//! Which image of an index a report is of, and which of many pieces of evidence is the newest.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use windlass::domain::{Digest, Tag};
use windlass::registry::Descriptor;
use windlass::scan::REPORT_TYPE;

use crate::reports::report;
use crate::{CONFIG, INDEX, MANIFEST, World, key, put};

impl World {
    /// Attaches a clean report of each of its platforms to the image, made at eight.
    async fn attach_clean(&self, index: &Digest) {
        for architecture in ["amd64", "arm64"] {
            self.attach(&report(index, architecture, 8, false)).await.unwrap();
        }
    }

    /// Pushes an image with this configuration; what an index says of it.
    async fn image_of(&self, config: &Value) -> Descriptor {
        let stored = self.writer.put_blob(config.to_string().into()).await.unwrap();
        let config = Descriptor::new(CONFIG, stored.digest, stored.size);
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []});
        put(&self.writer, MANIFEST, &manifest).await
    }

    /// Makes an index of these entries the image that is judged.
    async fn judge_index_of(&mut self, entries: &[Value]) {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        self.image = put(&self.writer, INDEX, &index).await;
    }

    /// The manifest of the last that was attached.
    async fn referrers(&self) -> Vec<Descriptor> {
        self.writer.referrers(&self.image.digest, None).await.unwrap()
    }
}

fn entry(media_type: &str, of: &Descriptor, platform: Option<&str>) -> Value {
    let mut entry = json!({"mediaType": media_type, "digest": of.digest, "size": of.size});
    if let Some((os, architecture)) = platform.and_then(|platform| platform.split_once('/')) {
        entry["platform"] = json!({"os": os, "architecture": architecture});
    }
    entry
}

fn on(architecture: &str) -> Value {
    json!({"os": "linux", "architecture": architecture})
}

#[tokio::test]
async fn each_image_is_of_the_platform_that_its_own_configuration_says() {
    let mut world = World::new(true).await;
    let amd64 = world.image_of(&on("amd64")).await;
    let arm64 = world.image_of(&on("arm64")).await;
    let entries = [entry(MANIFEST, &amd64, None), entry(MANIFEST, &arm64, None)];
    world.judge_index_of(&entries).await;
    let index = world.image.digest.clone();
    world.attach(&report(&index, "amd64", 8, false)).await.unwrap();
    let verdict = world.verdict().await;
    assert_eq!(verdict.word(), "unknown");
    assert_eq!(verdict.reason(), "no scan report covers linux/arm64");
    assert_eq!(world.summary().await.unwrap().gaps, ["linux/arm64 not scanned"]);
    world.attach(&report(&index, "arm64", 8, false)).await.unwrap();
    assert!(world.verdict().await.allows());
}

#[tokio::test]
async fn images_of_one_platform_need_a_report_each() {
    let mut world = World::new(true).await;
    let windows = |version: &str| json!({"os": "windows", "architecture": "amd64", "os.version": version});
    let old = world.image_of(&windows("10.0.17763.1")).await;
    let new = world.image_of(&windows("10.0.20348.1")).await;
    let of = |image| entry(MANIFEST, image, Some("windows/amd64"));
    world.judge_index_of(&[of(&old), of(&new)]).await;
    let mut whole = report(&world.image.digest, "amd64", 8, false);
    whole["Metadata"]["ImageConfig"] = json!({"os": "windows", "architecture": "amd64"});
    world.attach(&whole).await.unwrap();
    assert!(!world.verdict().await.allows(), "it may be of either");
    whole["Metadata"]["ImageConfig"]["os.version"] = json!("10.0.17763.1");
    whole["CreatedAt"] = json!("2026-11-23T09:00:00Z");
    world.attach(&whole).await.unwrap();
    let verdict = world.verdict().await;
    assert!(
        verdict
            .reason()
            .starts_with("no scan report covers windows/amd64 10.0.20348.1"),
        "{verdict:?}"
    );
    let mut by_digest = report(&new.digest, "amd64", 9, false);
    by_digest["Metadata"]["ImageConfig"] = json!({"os": "windows", "architecture": "amd64"});
    world.attach(&by_digest).await.unwrap();
    assert!(world.verdict().await.allows(), "{:?}", world.verdict().await);
}

#[tokio::test]
async fn nested_indexes_are_opened() {
    let mut world = World::new(true).await;
    let nested = world.image.clone();
    let s390x = world.image_of(&on("s390x")).await;
    let entries = [
        entry(INDEX, &nested, None),
        entry(MANIFEST, &s390x, Some("linux/s390x")),
    ];
    world.judge_index_of(&entries).await;
    let index = world.image.digest.clone();
    world.attach(&report(&index, "s390x", 8, false)).await.unwrap();
    assert_eq!(
        world.verdict().await.reason(),
        "no scan report covers linux/amd64, linux/arm64"
    );
    world.attach_clean(&nested.digest).await;
    assert!(world.verdict().await.allows());
}

#[tokio::test]
async fn images_that_name_different_commits_name_none() {
    let mut world = World::new(true).await;
    let of = |architecture: &str, commit: &str| {
        let mut config = on(architecture);
        config["config"] = json!({"Labels": {"org.opencontainers.image.revision": commit.repeat(40)}});
        config
    };
    let amd64 = world.image_of(&of("amd64", "a")).await;
    for (commit, agrees) in [("a", true), ("b", false)] {
        let arm64 = world.image_of(&of("arm64", commit)).await;
        let entries = [entry(MANIFEST, &amd64, None), entry(MANIFEST, &arm64, None)];
        world.judge_index_of(&entries).await;
        let image = world.writer.image(&world.image.digest).await.unwrap();
        assert_eq!(image.commit().is_some(), agrees);
        assert_eq!(image.disagreement.is_some(), !agrees, "{:?}", image.disagreement);
    }
}

#[tokio::test]
async fn a_newer_attestation_counts_though_a_report_is_attached() {
    let world = World::new(true).await;
    let index = &world.image.digest;
    world.attach_clean(index).await;
    assert!(world.verdict().await.allows());
    world
        .attest(&world.image, &report(index, "amd64", 9, true), &key())
        .await;
    let verdict = world.verdict().await;
    assert_eq!(verdict.word(), "refused", "{verdict:?}");
    assert_eq!(world.summary().await.unwrap().counts.critical, 1);
}

#[tokio::test]
async fn an_undated_report_does_not_lose_to_an_older_clean_one() {
    let world = World::new(true).await;
    let index = &world.image.digest;
    world.attach_clean(index).await;
    let mut undated = report(index, "amd64", 9, true);
    undated.as_object_mut().unwrap().remove("CreatedAt");
    world.attach(&undated).await.unwrap();
    let verdict = world.verdict().await;
    assert_eq!(verdict.word(), "refused", "{verdict:?}");
}

#[tokio::test]
async fn a_list_of_referrers_does_not_hide_a_report_by_what_it_says_of_it() {
    let world = World::new(false).await;
    let index = &world.image.digest;
    world.attach_clean(index).await;
    let newer = report(index, "amd64", 9, true).to_string();
    let layers = vec![(REPORT_TYPE.to_owned(), Bytes::from(newer))];
    let attached = world
        .writer
        .attach(&world.image, REPORT_TYPE, layers, BTreeMap::new());
    let attached = attached.await.unwrap();
    let entries: Vec<_> = world
        .referrers()
        .await
        .into_iter()
        .map(|mut entry| {
            if entry.digest == attached.digest {
                entry.artifact_type = Some("application/vnd.oci.empty.v1+json".to_owned());
            }
            entry
        })
        .collect();
    let list = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
    let tag = index.fallback_tag().parse::<Tag>().unwrap().into();
    let written = world.writer.put_manifest(&tag, INDEX, list.to_string().into());
    written.await.unwrap();
    let verdict = world.verdict().await;
    assert_eq!(verdict.word(), "refused", "{verdict:?}");
    assert_eq!(world.summary().await.unwrap().counts.critical, 1);
}

#[tokio::test]
async fn a_report_of_secrets_alone_examined_nothing() {
    let world = World::new(true).await;
    let index = &world.image.digest;
    for architecture in ["amd64", "arm64"] {
        let mut secrets = report(index, architecture, 8, false);
        secrets["Results"] = json!([{"Target": "/app/.env", "Class": "secret", "Secrets": []}]);
        world.attach(&secrets).await.unwrap();
    }
    let verdict = world.verdict().await;
    assert!(
        verdict
            .reason()
            .starts_with("nothing was examined in linux/amd64"),
        "{verdict:?}"
    );
    assert_eq!(world.summary().await.unwrap().gaps, ["nothing was examined"]);
}
