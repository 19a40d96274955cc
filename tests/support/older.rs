//! Signatures and attestations in the form of cosign 2: under a tag that is made of the digest that they are about.

use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};
use sigstore::crypto::SigningScheme;
use sigstore::crypto::signing_key::SigStoreKeyPair;
use sigstore::crypto::signing_key::ecdsa::ECDSAKeys;
use windlass::domain::{Digest, Tag, Target};
use windlass::registry::{Descriptor, Writer};

/// The tag for what cosign 2 attaches to `subject`: `sig` or `att`.
pub fn tag(subject: &Digest, suffix: &str) -> Tag {
    format!("sha256-{}.{suffix}", subject.hex()).parse().unwrap()
}

/// Puts a manifest of one layer under such a tag.
pub async fn put(writer: &Writer, tag: Tag, media_type: &str, notes: Value, content: String) {
    let layer = writer.put_blob(Bytes::from(content)).await.unwrap();
    let config = writer.put_blob(Bytes::from_static(b"{}")).await.unwrap();
    let manifest_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": manifest_type,
        "config": Descriptor::new("application/vnd.oci.image.config.v1+json", config.digest, config.size),
        "layers": [{
            "mediaType": media_type, "digest": layer.digest, "size": layer.size, "annotations": notes,
        }],
    });
    let name = Target::Tag(tag);
    writer
        .put_manifest(&name, manifest_type, manifest.to_string().into())
        .await
        .unwrap();
}

/// Signs `subject` as `cosign sign` of version 2 does, with the key in `folder`.
pub async fn sign(writer: &Writer, subject: &Digest, folder: &Path) {
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let keys = ECDSAKeys::from_encrypted_pem(&read("cosign.key"), &read("password")).unwrap();
    let signer = SigStoreKeyPair::ECDSA(keys)
        .to_sigstore_signer(&SigningScheme::ECDSA_P256_SHA256_ASN1)
        .unwrap();
    let payload = json!({
        "critical": {
            "identity": { "docker-reference": writer.repository().to_string() },
            "image": { "docker-manifest-digest": subject }, "type": "cosign container image signature",
        },
        "optional": null,
    })
    .to_string();
    let signature = base64(&signer.sign(payload.as_bytes()).unwrap());
    let notes = json!({ "dev.cosignproject.cosign/signature": signature });
    let media_type = "application/vnd.dev.cosign.simplesigning.v1+json";
    put(writer, tag(subject, "sig"), media_type, notes, payload).await;
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
