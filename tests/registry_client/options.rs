//! What a copy takes along, what it leaves behind, and what it asks on the way.

use std::collections::BTreeMap;

use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::Options;
use windlass::domain::{Digest, Exit, Platform, Tag, Target};
use windlass::registry::copy::{self, BlobState, CopyOptions, CopyOutcome, CopyPlan, Look, ReferrerChoice};
use windlass::registry::{Descriptor, Reader, RegistryError, TagOutcome, TagRule, Writer};

use crate::world::{
    INDEX, Journey, MANIFEST, REPORT, access, blob, journey, planned, registries, repository,
};

/// As `windlass copy` does it: at once, with a tag, the referrers left behind.
fn quick() -> CopyOptions {
    CopyOptions {
        referrers: ReferrerChoice::None,
        tag: Some((tag(), TagRule::Immutable)),
        look: Look::Quick,
        ..CopyOptions::default()
    }
}

fn tag() -> Tag {
    "v1".parse().unwrap()
}

async fn open() -> Journey {
    journey(Options::default(), Options::default()).await
}

async fn copied(
    source: &Reader,
    target: &Writer,
    digest: &Digest,
    options: &CopyOptions,
) -> Result<(CopyPlan, CopyOutcome), RegistryError> {
    let plan = copy::plan(source, target, &digest.clone().into(), options).await?;
    let cancel = tokio_util::sync::CancellationToken::new();
    let outcome = copy::run(&plan, source, target, &|_| (), &cancel).await?;
    Ok((plan, outcome))
}

fn platform(text: &str) -> Platform {
    text.parse().unwrap()
}

/// The image has 5 blobs (a shared layer, two of their own, two configurations) and 3 manifests.
#[tokio::test]
async fn no_request_is_made_that_could_be_left_out() {
    let journey = open().await;
    let (source, target) = (&journey.source, &journey.target);
    let count = || journey.from.requests().len() + journey.to.requests().len();
    let forget = || {
        journey.from.forget_requests();
        journey.to.forget_requests();
    };

    forget();
    let (plan, outcome) = copied(source, target, &journey.digest, &quick()).await.unwrap();
    // Each manifest read and put, each blob opened, read and put, and one look at the tag.
    assert_eq!(count(), 3 * 2 + 5 * 3 + 1, "{:?}", journey.to.requests());
    assert_eq!(plan.asked + outcome.requests, count() as u64);
    assert_eq!(plan.requests, outcome.requests);
    assert_eq!(
        target.resolve(&tag().into()).await.unwrap().unwrap().digest,
        journey.digest
    );

    forget();
    copied(source, target, &journey.digest, &quick()).await.unwrap();
    // The index, the tag, and the two children, so that the success is no hollow one.
    assert_eq!(count(), 4, "{:?}", journey.to.requests());

    let beside = registries().writer(&repository(&journey.from.host(), "beside"), access());
    forget();
    copied(source, &beside, &journey.digest, &quick()).await.unwrap();
    // Each manifest read and put, each blob mounted, and one look at the tag.
    assert_eq!(count(), 3 * 2 + 5 + 1, "{:?}", journey.from.requests());
}

#[tokio::test]
async fn a_child_that_is_gone_behind_a_tag_that_is_right_is_healed() {
    let journey = open().await;
    let (source, target) = (&journey.source, &journey.target);
    copied(source, target, &journey.digest, &quick()).await.unwrap();
    let index = source.manifest(&journey.digest.clone().into()).await.unwrap();
    let child = index.children()[1].digest.clone();
    delete(&format!("http://{}/v2/app/manifests/{child}", journey.to.host())).await;
    copied(source, target, &journey.digest, &quick()).await.unwrap();
    assert!(target.resolve(&child.into()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_deep_copy_finds_the_blob_that_is_gone() {
    let journey = open().await;
    let (source, target) = (&journey.source, &journey.target);
    copied(source, target, &journey.digest, &quick()).await.unwrap();
    let index = source.manifest(&journey.digest.clone().into()).await.unwrap();
    let image = source
        .manifest(&index.children()[0].digest.clone().into())
        .await
        .unwrap();
    let layer = image.blobs().last().unwrap().clone();
    delete(&format!(
        "http://{}/v2/app/blobs/{}",
        journey.to.host(),
        layer.digest
    ))
    .await;

    let (plan, _) = copied(source, target, &journey.digest, &quick()).await.unwrap();
    assert!(plan.blobs.is_empty(), "manifests that are there are believed");
    let deep = CopyOptions {
        deep: true,
        ..quick()
    };
    let (plan, _) = copied(source, target, &journey.digest, &deep).await.unwrap();
    let absent: Vec<_> = plan
        .blobs
        .iter()
        .filter(|blob| blob.state == BlobState::Absent)
        .collect();
    assert_eq!(absent.len(), 1);
    target.blob(&layer.digest, layer.size).await.unwrap();
}

async fn delete(url: &str) {
    let answer = reqwest::Client::new().delete(url).send().await.unwrap();
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
}

#[tokio::test]
async fn some_platforms_are_another_digest() {
    let journey = open().await;
    let (source, target) = (&journey.source, &journey.target);
    let index = source.manifest(&journey.digest.clone().into()).await.unwrap();
    let only = |platforms: &[&str]| CopyOptions {
        platforms: platforms.iter().map(|text| platform(text)).collect(),
        tag: None,
        ..quick()
    };

    let (plan, _) = copied(source, target, &journey.digest, &only(&["linux/arm64"]))
        .await
        .unwrap();
    assert_eq!(plan.root, index.children()[1].digest);
    assert_eq!(plan.part_of.as_ref(), Some(&journey.digest));

    let three = three_platforms(source, &index.children()[0]).await;
    let two = only(&["linux/arm64", "linux/amd64"]);
    let (plan, _) = copied(source, target, &three, &two).await.unwrap();
    let arrived = target.manifest(&plan.root.clone().into()).await.unwrap();
    let there: Vec<_> = arrived
        .children()
        .iter()
        .map(|child| child.platform.clone().unwrap().to_string())
        .collect();
    assert_eq!(there, ["linux/amd64", "linux/arm64"]);
    assert_ne!(plan.root, three);

    let error = copied(source, target, &journey.digest, &only(&["windows/amd64"]))
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound);
    assert!(
        error.to_string().contains("available: linux/amd64, linux/arm64"),
        "{error}"
    );
    let error = copied(
        source,
        target,
        &index.children()[0].digest,
        &only(&["linux/amd64"]),
    )
    .await
    .unwrap_err();
    assert!(
        error.to_string().contains("is a single-platform image"),
        "{error}"
    );
}

/// An index that gives the image of `one` platform to three of them.
async fn three_platforms(writer: &Writer, one: &Descriptor) -> Digest {
    let entry = |architecture: &str| {
        serde_json::json!({
            "mediaType": MANIFEST, "digest": one.digest, "size": one.size,
            "platform": {"os": "linux", "architecture": architecture},
        })
    };
    let entries = ["amd64", "arm64", "riscv64"].map(entry);
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).to_string();
    put(writer, INDEX, index).await
}

async fn put(writer: &Writer, media_type: &str, text: String) -> Digest {
    let digest = Digest::of(text.as_bytes());
    writer
        .put_manifest(&digest.clone().into(), media_type, text.into())
        .await
        .unwrap();
    digest
}

#[tokio::test]
async fn referrers_come_along_by_type_or_not_at_all() {
    const OTHER: &str = "application/vnd.example.other";
    let journey = open().await;
    let source = &journey.source;
    let subject = source
        .resolve(&journey.digest.clone().into())
        .await
        .unwrap()
        .unwrap();
    let layers = vec![("text/x-layer".to_owned(), "other".into())];
    source
        .attach(&subject, OTHER, layers, BTreeMap::new())
        .await
        .unwrap();
    let types = |kind: &str| ReferrerChoice::Types(vec![kind.to_owned()]);
    for (path, choice, expected) in [
        ("all", ReferrerChoice::All, vec![REPORT, OTHER]),
        ("none", ReferrerChoice::None, vec![]),
        ("by-type", types(REPORT), vec![REPORT]),
        ("by-layer", types("text/x-layer"), vec![OTHER]),
    ] {
        let target = registries().writer(&repository(&journey.to.host(), path), access());
        let options = CopyOptions {
            referrers: choice,
            ..quick()
        };
        copied(source, &target, &journey.digest, &options).await.unwrap();
        let found = target.referrers(&journey.digest, None).await.unwrap();
        let mut kinds: Vec<_> = found
            .iter()
            .filter_map(|one| one.artifact_type.as_deref())
            .collect();
        kinds.sort_by_key(|kind| *kind == OTHER);
        assert_eq!(kinds, expected, "{path}");
    }
}

#[tokio::test]
async fn a_foreign_layer_is_refused_unless_it_is_asked_for_and_then_left_where_it_is() {
    let journey = open().await;
    let source = &journey.source;
    let config = blob(source, "application/vnd.oci.image.config.v1+json", b"{}".to_vec()).await;
    let here = blob(
        source,
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        b"here".to_vec(),
    )
    .await;
    let mut elsewhere = Descriptor::new(here.media_type.clone(), Digest::of(b"elsewhere"), 9);
    elsewhere.urls = vec!["https://example.com/layer".to_owned()];
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [here, elsewhere],
    });
    let digest = put(source, MANIFEST, manifest.to_string()).await;
    let error = planned(source, &journey.target, &digest).await.unwrap_err();
    assert!(error.to_string().contains("--foreign-layers"), "{error}");
    let options = CopyOptions {
        foreign_layers: true,
        ..quick()
    };
    let (plan, _) = copied(source, &journey.target, &digest, &options).await.unwrap();
    let moved: Vec<_> = plan.blobs.iter().map(|blob| &blob.digest).collect();
    assert!(moved.contains(&&here.digest) && !moved.contains(&&elsewhere.digest));
}

#[tokio::test]
async fn sha512_passes_as_it_is() {
    let journey = open().await;
    let (source, target) = (&journey.source, &journey.target);
    let sha512 = |bytes: &[u8]| {
        let mut hasher = windlass::domain::Hasher::new(windlass::domain::Algorithm::Sha512);
        hasher.update(bytes);
        hasher.finish()
    };
    let layer = Descriptor::new("text/plain", sha512(b"long digest"), 11);
    let url = format!(
        "http://{}/v2/dev/app/blobs/uploads/?digest={}",
        journey.from.host(),
        layer.digest
    );
    let posted = reqwest::Client::new()
        .post(url)
        .body("long digest")
        .send()
        .await
        .unwrap();
    assert_eq!(posted.status(), 201);
    let config = blob(source, "application/vnd.oci.image.config.v1+json", b"{}".to_vec()).await;
    let image = serde_json::json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
    });
    let image = put(source, MANIFEST, image.to_string()).await;
    let untagged = CopyOptions { tag: None, ..quick() };
    copied(source, target, &image, &untagged).await.unwrap();
    assert_eq!(target.blob(&layer.digest, 11).await.unwrap(), "long digest");

    let index = source.manifest(&journey.digest.clone().into()).await.unwrap();
    let name = Target::Digest(sha512(index.bytes()));
    source
        .put_manifest(&name, INDEX, index.bytes().clone())
        .await
        .unwrap();
    let plan = copy::plan(source, target, &name, &quick()).await.unwrap();
    let cancel = tokio_util::sync::CancellationToken::new();
    copy::run(&plan, source, target, &|_| (), &cancel).await.unwrap();
    assert_eq!(target.manifest(&name).await.unwrap().bytes(), index.bytes());
}

#[tokio::test]
async fn the_tag_comes_last_and_one_that_is_taken_stays() {
    let journey = open().await;
    let (source, target) = (&journey.source, &journey.target);
    let index = source.manifest(&journey.digest.clone().into()).await.unwrap();
    let other = index.children()[0].digest.clone();
    copied(source, target, &other, &quick()).await.unwrap();
    let error = copied(source, target, &journey.digest, &quick())
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    let moving = CopyOptions {
        tag: Some((tag(), TagRule::Mutable)),
        ..CopyOptions::default()
    };
    let (plan, _) = copied(source, target, &journey.digest, &moving).await.unwrap();
    assert_eq!(plan.tag.unwrap().replaces, Some(other));
    let puts: Vec<_> = journey
        .to
        .requests()
        .into_iter()
        .filter(|line| line.method == "PUT")
        .collect();
    assert!(puts.last().unwrap().path.ends_with("/manifests/v1"), "{puts:?}");
    assert_eq!(
        target
            .tag(&journey.digest, &tag(), TagRule::Immutable)
            .await
            .unwrap(),
        TagOutcome::AlreadyThere
    );
}

#[tokio::test]
async fn what_several_images_share_moves_once() {
    let journey = open().await;
    let all = registries();
    let source = all.reader(journey.source.repository());
    let targets =
        ["one", "two", "three"].map(|path| all.writer(&repository(&journey.to.host(), path), access()));
    let options = quick();
    let copying = targets
        .iter()
        .map(|target| copied(&source, target, &journey.digest, &options));
    let done = futures_util::future::try_join_all(copying).await.unwrap();
    let uploads = journey.to.requests();
    let uploads = uploads
        .iter()
        .filter(|line| line.method == "PUT" && line.path.contains("/blobs/uploads/"));
    assert_eq!(uploads.count(), 5, "one for each blob");
    let moved: u64 = done.iter().map(|(_, outcome)| outcome.bytes).sum();
    assert!(moved < 2 * done[0].0.bytes, "{moved}");
}

#[tokio::test]
async fn a_host_that_mounts_nothing_is_not_asked_to_again() {
    let journey = open().await;
    let refused = Effect::Answer {
        status: 405,
        retry_after: None,
    };
    journey.to.inject(Fault::new(refused).on_path("mount=").always());
    let options = quick();
    for path in ["one", "two"] {
        let target = registries().writer(&repository(&journey.to.host(), path), access());
        copied(&journey.source, &target, &journey.digest, &options)
            .await
            .unwrap();
    }
    let target = journey.target.clone();
    copied(&journey.source, &target, &journey.digest, &options)
        .await
        .unwrap();
    journey.to.forget_requests();
    // The tag goes, so that the copy has to look at every blob: without mounts it asks for each, and sends none again.
    delete(&format!("http://{}/v2/app/manifests/v1", journey.to.host())).await;
    let (_, outcome) = copied(&journey.source, &target, &journey.digest, &options)
        .await
        .unwrap();
    assert!(outcome.bytes < 10_000, "{outcome:?}");
    assert!(
        journey
            .to
            .requests()
            .iter()
            .all(|line| !line.path.contains("mount="))
    );
}
