//! An image of one platform.

#[path = "document.rs"]
mod document;

use bytes::Bytes;
use serde_json::{Value, json};
use windlass::registry::{Descriptor, Writer};

use document::{CONFIG, INDEX, MANIFEST, put};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Pushes an index with one image of linux/amd64 and one layer in it; the index.
pub async fn push(writer: &Writer, config: &Value) -> Descriptor {
    let layer = writer.put_blob(Bytes::from_static(b"a layer")).await.unwrap();
    let config = writer.put_blob(Bytes::from(config.to_string())).await.unwrap();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": Descriptor::new(CONFIG, config.digest, config.size),
        "layers": [Descriptor::new(LAYER, layer.digest, layer.size)],
    });
    let manifest = put(writer, MANIFEST, &manifest).await;
    let index = json!({
        "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [{
            "mediaType": MANIFEST, "digest": manifest.digest, "size": manifest.size,
            "platform": { "os": "linux", "architecture": "amd64" },
        }],
    });
    put(writer, INDEX, &index).await
}
