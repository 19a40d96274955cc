//! The registry client against the embedded registry: bytes unchanged, whole, and honest about what goes wrong.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{Digest, Exit, Repository, Tag, Target, WriteAccess};
use windlass::registry::copy::{self, CopyProgress, How};
use windlass::registry::{Descriptor, Registries, RegistryError, Settings, TagOutcome, TagRule, Writer};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

async fn registry(options: Options) -> EmbeddedRegistry {
    EmbeddedRegistry::start(options).await.unwrap()
}

fn repository(registry: &EmbeddedRegistry, path: &str) -> Repository {
    format!("{}/{path}", registry.host()).parse().unwrap()
}

fn registries() -> Registries {
    Registries::new(Settings::default()).unwrap()
}

/// A blob with its true size and digest.
async fn blob(writer: &Writer, media_type: &str, bytes: Vec<u8>) -> Descriptor {
    let descriptor = writer.put_blob(Bytes::from(bytes)).await.unwrap();
    Descriptor::new(media_type, descriptor.digest, descriptor.size)
}

/// An index of two platforms with two layers each, one of them shared, and a referrer of its own. Its digest.
async fn image(writer: &Writer) -> Digest {
    let mut entries = Vec::new();
    let shared = blob(writer, "application/vnd.oci.image.layer.v1.tar", vec![7; 300_000]).await;
    for architecture in ["amd64", "arm64"] {
        let text = format!(
            r#"{{"os":"linux","architecture":"{architecture}","config":{{"Labels":{{"org.opencontainers.image.revision":"2b2e927c0ffee0123456789abcdef0123456789a"}}}}}}"#
        );
        let config = blob(
            writer,
            "application/vnd.oci.image.config.v1+json",
            text.into_bytes(),
        )
        .await;
        let own = blob(
            writer,
            "application/vnd.oci.image.layer.v1.tar",
            architecture.repeat(9000).into_bytes(),
        )
        .await;
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [shared, own],
        })
        .to_string();
        let digest = Digest::of(manifest.as_bytes());
        let size = manifest.len();
        writer
            .put_manifest(&digest.clone().into(), MANIFEST, manifest.into())
            .await
            .unwrap();
        entries.push(serde_json::json!({
            "mediaType": MANIFEST, "digest": digest, "size": size,
            "platform": {"os": "linux", "architecture": architecture},
        }));
    }
    // White space that no serialiser would keep: the bytes must pass as they are.
    let index = format!(
        "{{ \"schemaVersion\":2,\n\"mediaType\":\"{INDEX}\", \"manifests\": {} }}\n",
        serde_json::json!(entries)
    );
    let digest = Digest::of(index.as_bytes());
    writer
        .put_manifest(&digest.clone().into(), INDEX, index.into())
        .await
        .unwrap();
    let subject = writer.resolve(&digest.clone().into()).await.unwrap().unwrap();
    let note = BTreeMap::from([("note".to_owned(), "kept".to_owned())]);
    let layers = vec![("text/plain".to_owned(), Bytes::from_static(b"clean"))];
    writer
        .attach(&subject, "application/vnd.example.report", layers, note)
        .await
        .unwrap();
    digest
}

async fn copied(
    source: &Writer,
    target: &Writer,
    digest: &Digest,
) -> Result<Vec<CopyProgress>, RegistryError> {
    let told = Mutex::new(Vec::new());
    let plan = copy::plan(source, target, digest).await?;
    copy::run(
        &plan,
        source,
        target,
        &|p| told.lock().unwrap().push(p),
        &CancellationToken::new(),
    )
    .await?;
    Ok(told.into_inner().unwrap())
}

#[tokio::test]
async fn a_whole_index_with_its_referrers_arrives_unchanged_and_a_second_copy_moves_nothing() {
    let (from, to) = (
        registry(Options::default()).await,
        registry(Options::default()).await,
    );
    let all = registries();
    let source = all.writer(&repository(&from, "dev/app"), access());
    let target = all.writer(&repository(&to, "app"), access());
    let digest = image(&source).await;

    copied(&source, &target, &digest).await.unwrap();
    let by_digest = Target::Digest(digest.clone());
    let (sent, arrived) = (
        source.manifest(&by_digest).await.unwrap(),
        target.manifest(&by_digest).await.unwrap(),
    );
    assert_eq!(sent.bytes(), arrived.bytes());
    let summary = target.image(&digest).await.unwrap();
    let platforms: Vec<_> = summary
        .platforms
        .iter()
        .map(|(platform, _)| platform.to_string())
        .collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!(
        summary.revision.as_deref(),
        Some("2b2e927c0ffee0123456789abcdef0123456789a")
    );
    let referrers = target
        .referrers(&digest, Some("application/vnd.example.report"))
        .await
        .unwrap();
    assert_eq!(referrers[0].annotations["note"], "kept");
    assert!(target.tags().await.unwrap().is_empty(), "a copy never tags");

    let again = copy::plan(&source, &target, &digest).await.unwrap();
    assert_eq!((again.bytes, again.blobs.len()), (0, 0));
    assert!(again.manifests.iter().all(|manifest| manifest.present));
}

#[tokio::test]
async fn within_one_registry_layers_are_mounted() {
    let one = registry(Options::default()).await;
    let all = registries();
    let source = all.writer(&repository(&one, "dev/app"), access());
    let target = all.writer(&repository(&one, "stage/app"), access());
    let digest = image(&source).await;
    let told = copied(&source, &target, &digest).await.unwrap();
    let hows: Vec<_> = told
        .iter()
        .filter_map(|p| match p {
            CopyProgress::BlobDone { how, .. } => Some(*how),
            _ => None,
        })
        .collect();
    assert!(
        !hows.is_empty() && hows.iter().all(|how| *how == How::Mounted),
        "{hows:?}"
    );
}

#[tokio::test]
async fn referrers_are_found_at_the_target_that_has_no_referrers_api() {
    let from = registry(Options::default()).await;
    let to = registry(Options {
        referrers_api: false,
        ..Options::default()
    })
    .await;
    let all = registries();
    let source = all.writer(&repository(&from, "dev/app"), access());
    let target = all.writer(&repository(&to, "app"), access());
    let digest = image(&source).await;
    copied(&source, &target, &digest).await.unwrap();
    assert_eq!(target.referrers(&digest, None).await.unwrap().len(), 1);
    assert_eq!(
        target.tags().await.unwrap(),
        [digest.fallback_tag().parse::<Tag>().unwrap()]
    );
    // And back again, from the fallback tag to an API.
    let home = all.writer(&repository(&from, "back/app"), access());
    copied(&target, &home, &digest).await.unwrap();
    assert_eq!(home.referrers(&digest, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_child_that_is_gone_at_the_target_is_healed() {
    let (from, to) = (
        registry(Options::default()).await,
        registry(Options::default()).await,
    );
    let all = registries();
    let source = all.writer(&repository(&from, "dev/app"), access());
    let target = all.writer(&repository(&to, "app"), access());
    let digest = image(&source).await;
    copied(&source, &target, &digest).await.unwrap();
    let child = source.manifest(&digest.clone().into()).await.unwrap().children()[0]
        .digest
        .clone();
    let url = format!("http://{}/v2/app/manifests/{child}", to.host());
    assert!(
        reqwest::Client::new()
            .delete(url)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    assert!(target.resolve(&child.clone().into()).await.unwrap().is_none());
    copied(&source, &target, &digest).await.unwrap();
    assert!(target.resolve(&child.into()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_cancelled_copy_is_completed_by_the_next_one() {
    let (from, to) = (
        registry(Options::default()).await,
        registry(Options::default()).await,
    );
    let all = registries();
    let source = all.writer(&repository(&from, "dev/app"), access());
    let target = all.writer(&repository(&to, "app"), access());
    let digest = image(&source).await;
    let plan = copy::plan(&source, &target, &digest).await.unwrap();
    let cancel = CancellationToken::new();
    let stop_at_first = |progress: CopyProgress| {
        if matches!(progress, CopyProgress::BlobDone { .. }) {
            cancel.cancel();
        }
    };
    let error = copy::run(&plan, &source, &target, &stop_at_first, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Interrupted);
    assert!(target.resolve(&digest.clone().into()).await.unwrap().is_none());
    copied(&source, &target, &digest).await.unwrap();
    assert!(target.resolve(&digest.into()).await.unwrap().is_some());
}

#[tokio::test]
async fn an_immutable_tag_stays_where_it_is() {
    let one = registry(Options::default()).await;
    let writer = registries().writer(&repository(&one, "app"), access());
    let first = image(&writer).await;
    let tag: Tag = "sha-2b2e927".parse().unwrap();
    assert_eq!(
        writer.tag(&first, &tag, TagRule::Immutable).await.unwrap(),
        TagOutcome::Set
    );
    assert_eq!(
        writer.tag(&first, &tag, TagRule::Immutable).await.unwrap(),
        TagOutcome::AlreadyThere
    );
    let child = writer.manifest(&first.clone().into()).await.unwrap().children()[0]
        .digest
        .clone();
    let error = writer.tag(&child, &tag, TagRule::Immutable).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    assert_eq!(writer.resolve(&tag.into()).await.unwrap().unwrap().digest, first);
}

#[tokio::test]
async fn a_registry_that_is_down_is_named() {
    let gone = registry(Options::default()).await;
    let repository = repository(&gone, "app");
    gone.shutdown().await;
    let tag: Tag = "latest".parse().unwrap();
    let error = registries()
        .reader(&repository)
        .resolve(&tag.into())
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(repository.host()), "{error}");
}
