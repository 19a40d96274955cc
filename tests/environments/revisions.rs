//! Images that were not built from one commit.

use crate::plan::planned;
use serde_json::json;
use windlass::registry::TagRule;

use super::*;
use document::{CONFIG, INDEX, MANIFEST, put};
use windlass::registry::Descriptor;

#[tokio::test(flavor = "multi_thread")]
async fn an_index_whose_images_name_different_commits_is_refused() {
    let (_world, engine) = world().await;
    let dev = writer(&engine, "dev");
    let commits = ["develop", "develop~1"].map(|name| engine.repository().unwrap().commit(name).unwrap().sha);
    let mut entries = Vec::new();
    for (commit, architecture) in commits.iter().zip(["amd64", "arm64"]) {
        let config = json!({
            "os": "linux", "architecture": architecture,
            "config": { "Labels": { "org.opencontainers.image.revision": commit } },
        });
        let config = dev.put_blob(config.to_string().into()).await.unwrap();
        let config = Descriptor::new(CONFIG, config.digest, config.size);
        let image = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] });
        let image = put(&dev, MANIFEST, &image).await;
        entries.push(json!({
            "mediaType": MANIFEST, "digest": image.digest, "size": image.size,
            "platform": { "os": "linux", "architecture": architecture },
        }));
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    let index = put(&dev, INDEX, &index).await;
    let tag = engine.tag_of(&commits[0]).unwrap();
    dev.tag(&index.digest, &tag, TagRule::Mutable).await.unwrap();

    let plan = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    let (word, why) = reason(&plan, "revision");
    assert_eq!(word, "refused");
    assert!(why.contains("were not built from one commit"), "{why}");
    for commit in &commits {
        assert!(why.contains(commit.short()), "{why}");
    }
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_without_a_label_goes_by_its_tag_only_where_that_is_allowed() {
    let (world, engine) = world().await;
    let dev = writer(&engine, "dev");
    let commit = engine.resolve("develop").await.unwrap().sha;
    // As someone else's pipeline builds it.
    let config = json!({ "os": "linux", "architecture": "amd64", "config": {} });
    let config = dev.put_blob(config.to_string().into()).await.unwrap();
    let config = Descriptor::new(CONFIG, config.digest, config.size);
    let image = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] });
    let image = put(&dev, MANIFEST, &image).await;
    let tag = engine.tag_of(&commit).unwrap();
    dev.tag(&image.digest, &tag, TagRule::Mutable).await.unwrap();

    let command = promote(tag.as_str(), "stage", None, false);
    let plan = planned(&engine, &command).await.unwrap();
    let (verdict, why) = reason(&plan, "revision");
    assert_eq!(verdict, "unknown");
    assert!(why.contains("`image_revision = \"tag\"` in [git]"), "{why}");

    let engine = changed(
        &world,
        "[[service]]",
        "[git]\nimage_revision = \"tag\"\n\n[[service]]",
    );
    let plan = planned(&engine, &command).await.unwrap();
    let (verdict, why) = reason(&plan, "revision");
    assert_eq!(verdict, "allowed");
    assert!(
        why.contains(tag.as_str()) && why.contains(commit.short()),
        "{why}"
    );
}
