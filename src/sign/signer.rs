//! What signs: a key, or an identity by certificates that live for minutes.

use super::error::SignError;
use super::key::SigningKey;
use super::keyless::KeylessSigner;
use super::signature::Signature;
use super::trusted::TrustedSigner;

/// What signs.
pub enum Signer {
    /// A private key.
    Key(Box<SigningKey>, TrustedSigner),
    /// An identity that an OIDC issuer vouches for.
    Keyless(Box<KeylessSigner>),
}

impl Signer {
    /// By whom what it signs is.
    pub const fn trusted(&self) -> &TrustedSigner {
        match self {
            Self::Key(_, trusted) => trusted,
            Self::Keyless(signer) => signer.trusted(),
        }
    }

    /// Whether it signs by certificates.
    pub const fn is_keyless(&self) -> bool {
        matches!(self, Self::Keyless(_))
    }

    /// Signs `message`, with what proves it.
    pub(super) async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        match self {
            Self::Key(key, _) => Ok(Signature::by_key(key.sign(message)?, key.public())),
            Self::Keyless(signer) => signer.sign(message).await,
        }
    }
}

impl From<SigningKey> for Signer {
    fn from(key: SigningKey) -> Self {
        let trusted = TrustedSigner::Key(key.public().clone());
        Self::Key(Box::new(key), trusted)
    }
}
