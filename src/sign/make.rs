//! Bundles that are made here: Sigstore's v0.3 around a DSSE envelope around an in-toto statement.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::bundle::{MEDIA_TYPE, Opened, PAYLOAD_TYPE, SIGN_PREDICATE, STATEMENTS, encoding};
use super::error::SignError;
use super::signature::Signature;
use super::signer::Signer;
use super::trusted::Judgement;
use crate::domain::Digest;

/// Makes the bundle that signs `digest`.
pub(super) async fn make(digest: &Digest, signer: &Signer) -> Result<Vec<u8>, SignError> {
    make_about(digest, SIGN_PREDICATE, &serde_json::json!({}), signer).await
}

/// Makes the bundle that signs a statement about `digest`.
pub(super) async fn make_about(
    digest: &Digest,
    predicate_type: &str,
    predicate: &(impl Serialize + Sync),
    signer: &Signer,
) -> Result<Vec<u8>, SignError> {
    let statement = statement(digest, predicate_type, predicate)?;
    let signature = signer.sign(&encoding(PAYLOAD_TYPE, &statement)).await?;
    let bundle = serde_json::json!({
        "mediaType": MEDIA_TYPE,
        "dsseEnvelope": envelope_of(&statement, &signature),
        "verificationMaterial": signature.material,
    });
    let bytes = bundle.to_string().into_bytes();
    if signer.is_keyless() {
        prove(&bytes, signer)?;
    }
    Ok(bytes)
}

/// That a bundle holds here, before anybody sees it: with a key that is sure, with a certificate it rests on what several
/// services answered.
fn prove(bytes: &[u8], signer: &Signer) -> Result<(), SignError> {
    let fail = |why: String| Err(SignError::NotProved(why));
    match Opened::read(bytes).map(|opened| signer.trusted().judge(&opened)) {
        Ok(Judgement::Trusted) => Ok(()),
        Ok(Judgement::Other(who)) => fail(format!(
            "the certificate is of {}, and {} is trusted",
            who.as_deref().unwrap_or("nobody"),
            signer.trusted()
        )),
        Ok(Judgement::Tampered) => fail("the certificate is of another key".to_owned()),
        Ok(Judgement::Unproven(why)) | Err(why) => fail(why),
    }
}

/// Makes the envelope of a statement about `digest` that is signed with a key.
pub(super) async fn envelope(
    digest: &Digest,
    predicate_type: &str,
    predicate: &(impl Serialize + Sync),
    signer: &Signer,
) -> Result<serde_json::Value, SignError> {
    let statement = statement(digest, predicate_type, predicate)?;
    let signature = signer.sign(&encoding(PAYLOAD_TYPE, &statement)).await?;
    Ok(envelope_of(&statement, &signature))
}

fn envelope_of(statement: &[u8], signature: &Signature) -> serde_json::Value {
    serde_json::json!({
        "payload": STANDARD.encode(statement),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{ "sig": STANDARD.encode(&signature.bytes) }],
    })
}

/// The in-toto statement that `predicate` is true of `digest`.
fn statement(
    digest: &Digest,
    predicate_type: &str,
    predicate: &impl Serialize,
) -> Result<Vec<u8>, SignError> {
    #[derive(Serialize)]
    struct Said<'a, P> {
        #[serde(rename = "_type")]
        kind: &'a str,
        subject: [serde_json::Value; 1],
        #[serde(rename = "predicateType")]
        predicate_type: &'a str,
        predicate: &'a P,
    }
    let said = Said {
        kind: STATEMENTS[0],
        subject: [serde_json::json!({ "digest": { digest.algorithm().name(): digest.hex() } })],
        predicate_type,
        predicate,
    };
    serde_json::to_vec(&said).map_err(|error| SignError::Crypto {
        action: "encode what is to be signed",
        why: error.to_string(),
    })
}
