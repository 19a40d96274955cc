//! Sigstore's bundle v0.3 around a DSSE envelope around an in-toto statement: what cosign 3 writes, taken apart.
//! See the protobuf specifications of sigstore (`sigstore_bundle.proto`), the DSSE protocol and in-toto's Statement v1.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::certified::CertifiedBundle;
use super::key::PublicKey;
use crate::domain::Digest;

/// Media type of the bundle, as artifact type and as its layer's type.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The predicate of a plain signature.
pub(super) const SIGN_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";
/// The media type of a statement in an envelope.
pub(super) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The versions of statements, the one that is written first.
pub(super) const STATEMENTS: [&str; 2] = [
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
    /// Bundles of before v0.3 have the whole chain.
    x509_certificate_chain: Option<IgnoredAny>,
    certificate: Option<IgnoredAny>,
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
    pub(super) fn is_signature(&self) -> bool {
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
    certified: Option<Result<CertifiedBundle, String>>,
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<Vec<u8>>,
}

impl Opened {
    /// Takes a bundle apart; the error says why it cannot be understood.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let bundle: Bundle = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let envelope = bundle.dsse_envelope.ok_or("it has no DSSE envelope")?;
        let material = bundle.verification_material;
        let has_certificate = material.certificate.is_some() || material.x509_certificate_chain.is_some();
        Ok(Self {
            certified: has_certificate.then(|| CertifiedBundle::read(bytes)),
            ..Self::of_envelope(&envelope, material.public_key)?
        })
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
            certified: None,
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

    /// The bundle, where a certificate says who signed it.
    pub(super) const fn certified(&self) -> Option<&Result<CertifiedBundle, String>> {
        self.certified.as_ref()
    }

    /// Whether it says that it is by this key.
    pub(super) fn is_hinted_at(&self, key: &PublicKey) -> bool {
        self.hint.as_deref() == Some(key.hint())
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

/// DSSE's pre-authentication encoding: what is really signed.
pub(super) fn encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    message
}
