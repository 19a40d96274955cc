//! Sigstore's bundle v0.3 around a DSSE envelope around an in-toto statement: what cosign 3 writes for a key, and reads.
//! See the protobuf specifications of sigstore (`sigstore_bundle.proto`), the DSSE protocol and in-toto's Statement v1.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::error::SignError;
use super::key::{PublicKey, SigningKey};
use crate::domain::Digest;

/// Media type of the bundle, as artifact type and as its layer's type.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The predicate of a plain signature.
pub(super) const SIGN_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENTS: [&str; 2] = [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    verification_material: Material,
    dsse_envelope: Option<Envelope>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    public_key: Option<KeyHint>,
}

#[derive(Deserialize)]
struct KeyHint {
    #[serde(default)]
    hint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Deserialize)]
struct EnvelopeSignature {
    sig: String,
}

/// What an in-toto statement says of its subjects.
#[derive(Deserialize)]
pub(super) struct Statement<P> {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    pub(super) predicate_type: String,
    pub(super) predicate: Option<P>,
}

impl<P> Statement<P> {
    /// Whether it is of a version that is understood.
    pub(super) fn is_known(&self) -> bool {
        STATEMENTS.contains(&self.kind.as_str())
    }

    /// Whether it says no more than that its subject is signed.
    fn is_signature(&self) -> bool {
        self.is_known() && self.predicate_type == SIGN_PREDICATE
    }

    /// What it is about.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Digest> {
        let digests = self.subject.iter().flat_map(|subject| &subject.digest);
        digests.filter_map(|(name, hex)| format!("{name}:{hex}").parse().ok())
    }
}

#[derive(Deserialize)]
struct Subject {
    digest: BTreeMap<String, String>,
}

/// A bundle, taken apart. Nothing in it is believed yet.
pub(super) struct Opened {
    hint: Option<String>,
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<Vec<u8>>,
}

impl Opened {
    /// Takes a bundle apart; the error says why it cannot be understood.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let bundle: Bundle = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let envelope = bundle.dsse_envelope.ok_or("it has no DSSE envelope")?;
        Self::of_envelope(&envelope, bundle.verification_material.public_key)
    }

    /// The same for an envelope without a bundle around it, as cosign 2 attaches it.
    pub(super) fn read_envelope(bytes: &[u8]) -> Result<Self, String> {
        let envelope = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        Self::of_envelope(&envelope, None)
    }

    fn of_envelope(envelope: &Envelope, key: Option<KeyHint>) -> Result<Self, String> {
        let payload = STANDARD.decode(&envelope.payload);
        let signatures = envelope.signatures.iter().map(|one| STANDARD.decode(&one.sig));
        Ok(Self {
            hint: key.map(|key| key.hint),
            payload: payload.map_err(|_| "its payload is not base64")?,
            payload_type: envelope.payload_type.clone(),
            signatures: signatures
                .collect::<Result<_, _>>()
                .map_err(|_| "its signature is not base64")?,
        })
    }

    /// What is signed.
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Whether one of its signatures is by this key.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        let message = encoding(&self.payload_type, &self.payload);
        self.signatures
            .iter()
            .any(|signature| key.verifies(signature, &message))
    }

    /// What it says; none if that is no in-toto statement.
    pub(super) fn statement<P: DeserializeOwned>(&self) -> Option<Result<Statement<P>, String>> {
        (self.payload_type == PAYLOAD_TYPE)
            .then(|| serde_json::from_slice(&self.payload).map_err(|error| error.to_string()))
    }
}

/// What looking at one bundle came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// A signature of this digest by this key.
    Good,
    /// A statement of another kind: provenance, a scan, a record. No signature.
    OtherStatement,
    /// By another key, as far as the bundle says.
    OtherKey,
    /// It names this key, and the signature does not fit the payload.
    Tampered,
    /// Signed by this key, for something else.
    OtherDigest(String),
}

/// Makes the bundle that signs `digest`.
pub(super) fn make(digest: &Digest, key: &SigningKey) -> Result<Vec<u8>, SignError> {
    make_about(digest, SIGN_PREDICATE, &serde_json::json!({}), key)
}

/// Makes the bundle that signs a statement about `digest`.
pub(super) fn make_about(
    digest: &Digest,
    predicate_type: &str,
    predicate: &impl Serialize,
    key: &SigningKey,
) -> Result<Vec<u8>, SignError> {
    let bundle = serde_json::json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": { "publicKey": { "hint": key.public().hint() } },
        "dsseEnvelope": envelope(digest, predicate_type, predicate, key)?,
    });
    Ok(bundle.to_string().into_bytes())
}

/// Makes the envelope of a signed statement about `digest`.
pub(super) fn envelope(
    digest: &Digest,
    predicate_type: &str,
    predicate: &impl Serialize,
    key: &SigningKey,
) -> Result<serde_json::Value, SignError> {
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
    let statement = serde_json::to_vec(&said).map_err(|error| SignError::Crypto {
        action: "encode what is to be signed",
        why: error.to_string(),
    })?;
    let signature = key.sign(&encoding(PAYLOAD_TYPE, &statement))?;
    Ok(serde_json::json!({
        "payload": STANDARD.encode(&statement),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{ "sig": STANDARD.encode(signature) }],
    }))
}

/// Looks at a bundle; the error says why it cannot be understood. The signature is checked before the payload is believed.
pub(super) fn check(bytes: &[u8], digest: &Digest, key: &PublicKey) -> Result<Finding, String> {
    let bundle = Opened::read(bytes)?;
    let statement = bundle.statement::<IgnoredAny>();
    if !bundle.is_signed_by(key) {
        // What an unverified payload claims to be decides nothing but the words of the refusal.
        return Ok(match statement {
            _ if bundle.hint.is_some_and(|hint| hint == key.hint()) => Finding::Tampered,
            None => Finding::OtherStatement,
            Some(Ok(statement)) if !statement.is_signature() => Finding::OtherStatement,
            Some(_) => Finding::OtherKey,
        });
    }
    let Some(statement) = statement.transpose()?.filter(Statement::is_signature) else {
        return Ok(Finding::OtherStatement);
    };
    let named = statement.subject.iter().any(|subject| {
        subject
            .digest
            .get(digest.algorithm().name())
            .is_some_and(|hex| hex == digest.hex())
    });
    if named {
        return Ok(Finding::Good);
    }
    let found = statement.subject.iter().flat_map(|s| &s.digest).next();
    Ok(Finding::OtherDigest(found.map_or_else(
        || "nothing".to_owned(),
        |(name, hex)| crate::domain::clean_line(&format!("{name}:{hex}")),
    )))
}

/// DSSE's pre-authentication encoding: what is really signed.
fn encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::key::fresh_key as key;

    /// `bundle` with one field of its envelope replaced.
    fn with(bundle: &[u8], field: &str, value: &str) -> Vec<u8> {
        let mut document: serde_json::Value = serde_json::from_slice(bundle).unwrap();
        document["dsseEnvelope"][field] = value.into();
        document.to_string().into_bytes()
    }

    /// A bundle by `key` around any statement.
    fn signed(statement: &str, key: &SigningKey) -> Vec<u8> {
        let bundle = with(
            &make(&Digest::of(b"image"), key).unwrap(),
            "payload",
            &STANDARD.encode(statement),
        );
        let signature = key.sign(&encoding(PAYLOAD_TYPE, statement.as_bytes())).unwrap();
        let mut document: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
        document["dsseEnvelope"]["signatures"][0]["sig"] = STANDARD.encode(signature).into();
        document.to_string().into_bytes()
    }

    #[test]
    fn each_thing_that_can_be_wrong_is_told_apart() {
        let (mine, other) = (key(), key());
        let (digest, another) = (Digest::of(b"image"), Digest::of(b"another"));
        let bundle = make(&digest, &mine).unwrap();
        let check = |bundle: &[u8], digest| check(bundle, digest, mine.public());
        assert_eq!(check(&bundle, &digest), Ok(Finding::Good));
        assert_eq!(
            check(&make(&digest, &other).unwrap(), &digest),
            Ok(Finding::OtherKey)
        );
        assert_eq!(
            check(&bundle, &another),
            Ok(Finding::OtherDigest(digest.to_string()))
        );
        let forged: serde_json::Value = serde_json::from_slice(&make(&another, &other).unwrap()).unwrap();
        let payload = forged["dsseEnvelope"]["payload"].as_str().unwrap();
        assert_eq!(
            check(&with(&bundle, "payload", payload), &another),
            Ok(Finding::Tampered)
        );
        assert_eq!(
            check(&with(&bundle, "payloadType", "text/plain"), &digest),
            Ok(Finding::Tampered)
        );
        for broken in [
            &b"{}"[..],
            b"<html>",
            &with(&bundle, "payload", "%"),
            &signed("{}", &mine),
        ] {
            assert!(check(broken, &digest).is_err());
        }
    }

    #[test]
    fn an_attestation_is_no_signature_whoever_made_it() {
        let (mine, other) = (key(), key());
        let digest = Digest::of(b"image");
        for (kind, predicate, finding) in [
            (
                STATEMENTS[1],
                "https://slsa.dev/provenance/v1",
                Finding::OtherStatement,
            ),
            (STATEMENTS[1], SIGN_PREDICATE, Finding::Good),
            (
                "https://in-toto.io/Statement/v9",
                SIGN_PREDICATE,
                Finding::OtherStatement,
            ),
        ] {
            let statement = serde_json::json!({
                "_type": kind, "predicateType": predicate, "predicate": {},
                "subject": [{"name": "x", "digest": {"sha256": digest.hex()}}],
            });
            let bundle = signed(&statement.to_string(), &mine);
            assert_eq!(check(&bundle, &digest, mine.public()), Ok(finding));
        }
        let provenance = r#"{"_type":"https://in-toto.io/Statement/v1","predicateType":"x","subject":[]}"#;
        let theirs = signed(provenance, &other);
        assert_eq!(
            check(&theirs, &digest, mine.public()),
            Ok(Finding::OtherStatement)
        );
    }
}
