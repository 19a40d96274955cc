//! Documents in a registry: a manifest or an index, by its digest.

use bytes::Bytes;
use serde_json::Value;
use windlass::domain::Digest;
use windlass::registry::{Descriptor, Writer};

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

pub async fn put(writer: &Writer, media_type: &str, document: &Value) -> Descriptor {
    let bytes = Bytes::from(document.to_string());
    let descriptor = Descriptor::new(media_type, Digest::of(&bytes), bytes.len() as u64);
    let target = descriptor.digest.clone().into();
    writer.put_manifest(&target, media_type, bytes).await.unwrap();
    descriptor
}
