//! Entries in the transparency log Rekor, version 2
//! (<https://github.com/sigstore/rekor-tiles/blob/main/CLIENTS.md>): a `hashedrekord` of what was signed, the signature and the
//! certificate. The answer is the entry with its proof of inclusion.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::service::{Service, below};
use crate::http::Request;
use crate::sign::error::SignError;

/// Enters the signature of `message` by the key of `certificate`; the entry as a bundle holds it (`TransparencyLogEntry` of
/// `sigstore_rekor.proto`).
pub(super) async fn enter(
    rekor: &Url,
    message: &[u8],
    signature: &[u8],
    certificate: &[u8],
) -> Result<Value, SignError> {
    let url = below(rekor, "api/v2/log/entries");
    let service = Service::new("Rekor", &url)?;
    let body = json!({ "hashedRekordRequestV002": {
        "digest": STANDARD.encode(Sha256::digest(message)),
        "signature": {
            "content": STANDARD.encode(signature),
            "verifier": {
                "x509Certificate": { "rawBytes": STANDARD.encode(certificate) },
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            },
        },
    }});
    let request = Request::post(url, body.to_string().into_bytes(), None, Service::LIMIT);
    let answer = service.ask(&request).await?;
    match serde_json::from_slice(&answer) {
        Ok(entry @ Value::Object(_)) => Ok(entry),
        _ => Err(service.failure("its answer is no entry of a log")),
    }
}
