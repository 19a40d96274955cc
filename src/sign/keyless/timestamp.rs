//! Timestamps of signatures (RFC 3161, over HTTP as its section 3.4 has it): a certificate of Fulcio is valid for minutes, and the
//! timestamp proves that the signature is of these minutes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::der;
use super::service::Service;
use crate::http::Request;
use crate::sign::error::SignError;

/// The media type of a request.
const QUERY: &str = "application/timestamp-query";
/// That of an answer.
const REPLY: &str = "application/timestamp-reply";

/// A timestamp of `signature` by the authority at `url`, as a bundle holds it (`RFC3161SignedTimestamp` of
/// `sigstore_common.proto`).
pub(super) async fn timestamp(url: &Url, signature: &[u8]) -> Result<Value, SignError> {
    let service = Service::new("the timestamp authority", url)?;
    let query = der::timestamp_request(&Sha256::digest(signature));
    let mut request = Request::post(url.clone(), query, None, Service::LIMIT);
    request.content_type = QUERY;
    request.accept = REPLY;
    let answer = service.ask(&request).await?;
    Ok(json!({ "signedTimestamp": STANDARD.encode(answer) }))
}
