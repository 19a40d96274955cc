//! A signature, with what proves whose it is.

use serde_json::Value;

use super::key::PublicKey;

/// A signature, with what proves whose it is.
pub(super) struct Signature {
    /// The signature.
    pub(super) bytes: Vec<u8>,
    /// What proves whose it is: `VerificationMaterial` of `sigstore_bundle.proto`, in the JSON form of protocol buffers.
    pub(super) material: Value,
}

impl Signature {
    /// One by a key, which the bundle names and does not hold.
    pub(super) fn by_key(bytes: Vec<u8>, key: &PublicKey) -> Self {
        Self {
            bytes,
            material: serde_json::json!({ "publicKey": { "hint": key.hint() } }),
        }
    }
}
