//! Signatures in cosign's older form: a payload as a layer of the manifest at `sha256-<hex>.sig`, its signature beside it
//! as an annotation (<https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::check::Finding;
use super::error::SignError;
use super::key::{PublicKey, SigningKey};
use crate::domain::{Digest, Repository, clean_line};
use crate::registry::{Content, Descriptor, Manifest};

/// Media type of the payload.
pub(super) const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const KIND: &str = "cosign container image signature";
/// More than any payload has, in bytes.
pub(super) const PAYLOAD_LIMIT: u64 = 1024 * 1024;

/// What such a payload says (containers/image, "simple signing").
#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// The layers of `manifest` that are signatures.
pub(super) fn signatures(manifest: &Manifest) -> impl Iterator<Item = &Descriptor> {
    let layers = match manifest.content() {
        Content::Image { layers, .. } => layers.as_slice(),
        Content::Index { .. } => &[],
    };
    layers.iter().filter(|layer| layer.media_type == PAYLOAD)
}

/// The payload that says that the image `digest` in `repository` is signed, and the annotations of its layer.
pub(super) fn make(
    repository: &Repository,
    digest: &Digest,
    key: &SigningKey,
) -> Result<(Vec<u8>, BTreeMap<String, String>), SignError> {
    let payload = serde_json::json!({
        "critical": {
            "identity": { "docker-reference": repository.to_string() },
            "image": { "docker-manifest-digest": digest.to_string() },
            "type": KIND,
        },
        "optional": null,
    });
    let payload = payload.to_string().into_bytes();
    let signature = STANDARD.encode(key.sign(&payload)?);
    Ok((payload, BTreeMap::from([(SIGNATURE.to_owned(), signature)])))
}

/// Looks at one; the error says why it cannot be understood. The signature is checked before the payload is believed.
pub(super) fn check(
    layer: &Descriptor,
    payload: &[u8],
    digest: &Digest,
    key: &PublicKey,
) -> Result<Finding, String> {
    let signature = layer.annotations.get(SIGNATURE);
    let signature = signature.ok_or("its layer has no annotation with a signature")?;
    let signature = STANDARD
        .decode(signature.trim())
        .map_err(|_| "its signature is not base64")?;
    if !key.verifies(&signature, payload) {
        // It names no key, so that one by another key and one that was tampered with look the same.
        return Ok(Finding::Other(None));
    }
    let payload: Payload = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    if payload.critical.kind != KIND {
        return Ok(Finding::OtherStatement);
    }
    if payload.critical.image.digest == digest.to_string() {
        Ok(Finding::Good)
    } else {
        Ok(Finding::OtherDigest(clean_line(&payload.critical.image.digest)))
    }
}

#[cfg(test)]
mod tests {
    use crate::sign::key::fresh_key as key;

    use super::*;

    #[test]
    fn an_older_signature_holds_for_its_digest_and_key_only() {
        let (mine, other) = (key(), key());
        let (digest, another) = (Digest::of(b"image"), Digest::of(b"another"));
        let payload = |digest: &Digest, kind: &str| {
            serde_json::json!({ "critical": { "identity": { "docker-reference": "" }, "type": kind,
                "image": { "docker-manifest-digest": digest.to_string() } }, "optional": null })
            .to_string()
        };
        let signed = |text: &str, key: &SigningKey| {
            let mut layer = Descriptor::new(PAYLOAD, Digest::of(text.as_bytes()), text.len() as u64);
            let signature = STANDARD.encode(key.sign(text.as_bytes()).unwrap());
            layer.annotations.insert(SIGNATURE.to_owned(), signature);
            layer
        };
        let good = payload(&digest, KIND);
        let found = |text: &str, layer: &Descriptor| check(layer, text.as_bytes(), &digest, mine.public());
        assert_eq!(found(&good, &signed(&good, &mine)), Ok(Finding::Good));
        assert_eq!(found(&good, &signed(&good, &other)), Ok(Finding::Other(None)));
        let elsewhere = payload(&another, KIND);
        assert_eq!(
            found(&elsewhere, &signed(&good, &mine)),
            Ok(Finding::Other(None)),
            "tampered with"
        );
        assert_eq!(
            found(&elsewhere, &signed(&elsewhere, &mine)),
            Ok(Finding::OtherDigest(another.to_string()))
        );
        let odd = payload(&digest, "atomic container signature");
        assert_eq!(found(&odd, &signed(&odd, &mine)), Ok(Finding::OtherStatement));
        let mut bare = signed(&good, &mine);
        bare.annotations.clear();
        assert!(found(&good, &bare).is_err());
    }
}
