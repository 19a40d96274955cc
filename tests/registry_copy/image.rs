//! The image that is copied.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use windlass::domain::{Digest, Tag};
use windlass::registry::Writer;

use crate::eye::signature_tag;
use crate::world::{INDEX, MANIFEST, REPORT, blob};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// Puts an index of two platforms, which share a layer, with a referrer and a signature in cosign's old form. Its digest.
pub async fn image(writer: &Writer) -> Digest {
    let shared = blob(writer, LAYER, vec![7; 60_000]).await;
    let own = blob(writer, LAYER, b"its own".repeat(2_000)).await;
    let mut entries = Vec::new();
    for (architecture, layers) in [("amd64", json!([shared, own])), ("arm64", json!([shared]))] {
        let text = json!({"os": "linux", "architecture": architecture}).to_string();
        let config = blob(writer, CONFIG, text.into_bytes()).await;
        let (digest, size) = put(writer, MANIFEST, manifest(&json!(config), &layers)).await;
        entries.push(json!({
            "mediaType": MANIFEST, "digest": digest, "size": size,
            "platform": {"os": "linux", "architecture": architecture},
        }));
    }
    // White space that no serialiser would keep: the bytes must pass as they are.
    let list = json!(entries);
    let index = format!("{{ \"schemaVersion\":2,\n\"mediaType\":\"{INDEX}\", \"manifests\": {list} }}\n");
    let (digest, _) = put(writer, INDEX, index).await;
    let subject = writer.resolve(&digest.clone().into()).await.unwrap().unwrap();
    let layers = vec![("text/plain".to_owned(), Bytes::from_static(b"signed"))];
    writer
        .attach(&subject, REPORT, layers, BTreeMap::new())
        .await
        .unwrap();

    let config = blob(writer, CONFIG, b"{}".to_vec()).await;
    let layer = blob(writer, "text/plain", b"signed".to_vec()).await;
    let tag: Tag = signature_tag(&digest).parse().unwrap();
    let signature = manifest(&json!(config), &json!([layer]));
    writer
        .put_manifest(&tag.into(), MANIFEST, signature.into())
        .await
        .unwrap();
    digest
}

pub fn manifest(config: &Value, layers: &Value) -> String {
    json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}).to_string()
}

pub async fn put(writer: &Writer, media_type: &str, manifest: String) -> (Digest, usize) {
    let (digest, size) = (Digest::of(manifest.as_bytes()), manifest.len());
    let name = digest.clone().into();
    writer
        .put_manifest(&name, media_type, manifest.into())
        .await
        .unwrap();
    (digest, size)
}
