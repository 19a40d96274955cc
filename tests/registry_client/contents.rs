//! What a manifest says of its parts, and what a registry keeps of it: where the two do not agree, nothing is called done.

use serde_json::json;
use tokio_util::sync::CancellationToken;
use windlass::demo::registry::Options;
use windlass::domain::{Digest, Exit, Tag, Target};
use windlass::registry::copy::{self, CopyOptions};
use windlass::registry::{Descriptor, RegistryError, Writer};

use crate::raw::RawServer;
use crate::world::{MANIFEST, access, blob, copied, journey, registries, repository};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// Puts a manifest of one layer, as `layer` describes it.
async fn manifest(writer: &Writer, layer: &serde_json::Value) -> Digest {
    let config = blob(
        writer,
        CONFIG,
        br#"{"os":"linux","architecture":"amd64"}"#.to_vec(),
    )
    .await;
    let text =
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] }).to_string();
    let digest = Digest::of(text.as_bytes());
    let target = Target::Digest(digest.clone());
    writer.put_manifest(&target, MANIFEST, text.into()).await.unwrap();
    digest
}

#[tokio::test]
async fn a_size_that_a_manifest_has_wrong_is_no_trouble_that_passes() {
    let journey = journey(Options::default(), Options::default()).await;
    let layer = blob(&journey.source, LAYER, b"a layer".to_vec()).await;
    let wrong = Descriptor::new(LAYER, layer.digest, layer.size + 1);
    let digest = manifest(&journey.source, &json!(wrong)).await;
    let error = copied(&journey.source, &journey.target, &digest)
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Failed, "{error}");
    assert!(journey.target.resolve(&digest.into()).await.unwrap().is_none());
}

#[tokio::test]
async fn an_ordinary_layer_that_may_be_had_elsewhere_too_is_copied_from_the_registry() {
    let journey = journey(Options::default(), Options::default()).await;
    let layer = blob(&journey.source, LAYER, b"a layer".to_vec()).await;
    let elsewhere = json!({
        "mediaType": LAYER, "digest": layer.digest, "size": layer.size, "urls": ["https://elsewhere.invalid/layer"],
    });
    let digest = manifest(&journey.source, &elsewhere).await;
    copied(&journey.source, &journey.target, &digest).await.unwrap();
    let bytes = journey.target.blob(&layer.digest, layer.size).await.unwrap();
    assert_eq!(&bytes[..], b"a layer");
}

#[tokio::test]
async fn a_tag_that_is_put_without_a_word_of_its_digest_is_asked_for_it() {
    let text = |config: &[u8]| {
        let config = Descriptor::new(CONFIG, Digest::of(config), config.len() as u64);
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] }).to_string()
    };
    let put = |kept: String, text: String| async move {
        let server = RawServer::start(move |line| {
            if line.starts_with("PUT") {
                (201, String::new(), Vec::new())
            } else {
                let head = format!("content-type: {MANIFEST}\r\n");
                (200, head, kept.as_bytes().to_vec())
            }
        })
        .await;
        let writer = registries().writer(&repository(&server.host, "app"), access());
        let tag: Tag = "v1".parse().unwrap();
        writer
            .put_manifest(&Target::Tag(tag), MANIFEST, text.into())
            .await
    };
    put(text(b"{}"), text(b"{}")).await.unwrap();
    let error = put(text(b"other"), text(b"{}")).await.unwrap_err();
    assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error}");
}

#[tokio::test]
async fn an_ordinary_layer_that_the_source_lost_fails_the_copy_even_with_foreign_layers() {
    let from = Options {
        accept_sparse: true,
        ..Options::default()
    };
    let journey = journey(from, Options::default()).await;
    let lost = Descriptor::new(LAYER, Digest::of(b"lost"), 4);
    // That it may be had elsewhere makes no foreign layer of it.
    let elsewhere = json!({
        "mediaType": LAYER, "digest": lost.digest, "size": 4, "urls": ["https://elsewhere.invalid/layer"],
    });
    for layer in [json!(lost), elsewhere] {
        let digest = manifest(&journey.source, &layer).await;
        let options = CopyOptions {
            foreign_layers: true,
            ..CopyOptions::default()
        };
        let root = digest.clone().into();
        let plan = copy::plan(&journey.source, &journey.target, &root, &options)
            .await
            .unwrap();
        let (source, target) = (&journey.source, &journey.target);
        let error = copy::run(&plan, source, target, &|_| {}, &CancellationToken::new())
            .await
            .unwrap_err();
        assert_eq!(error.exit(), Exit::Failed, "{error}");
        assert!(error.to_string().contains(&lost.digest.short()), "{error}");
        assert!(journey.target.resolve(&root).await.unwrap().is_none());
    }
}
