//! Who is trusted to have signed.

use std::fmt;

use super::bundle::Opened;
use super::certified::{CertifiedError, TrustedIdentity};
use super::error::SignError;
use super::key::PublicKey;
use crate::domain::SignerIdentity;

/// Who is trusted to have signed: whoever has a key, or an identity that a certificate names.
#[derive(Clone)]
pub enum TrustedSigner {
    /// The owner of the private half of this key.
    Key(PublicKey),
    /// An identity.
    Identity(Box<TrustedIdentity>),
}

/// What [`TrustedSigner`] says of a bundle. What the bundle says is not looked at, so far.
pub(super) enum Judgement {
    /// Who is trusted signed it.
    Trusted,
    /// Somebody else did, as far as is known: whom a certificate that holds names.
    Other(Option<String>),
    /// It says that it is by who is trusted, and the signature does not fit the payload.
    Tampered,
    /// A certificate whose words count for nothing: why.
    Unproven(String),
}

impl TrustedSigner {
    /// What it says of `bundle`.
    pub(super) fn judge(&self, bundle: &Opened) -> Judgement {
        match self {
            Self::Key(key) if bundle.is_signed_by(key) => Judgement::Trusted,
            Self::Key(key) if bundle.is_hinted_at(key) => Judgement::Tampered,
            Self::Key(_) => Judgement::Other(None),
            Self::Identity(trusted) => match bundle.certified() {
                None => Judgement::Other(None),
                Some(Err(why)) => Judgement::Unproven(why.clone()),
                Some(Ok(certified)) => match trusted.signer(certified, bundle.payload()) {
                    Ok(signer) if trusted.identity().is(&signer.subject, &signer.issuer) => {
                        Judgement::Trusted
                    }
                    Ok(signer) => {
                        Judgement::Other(Some(SignerIdentity::words(&signer.subject, &signer.issuer)))
                    }
                    Err(CertifiedError::Tampered) => Judgement::Tampered,
                    Err(CertifiedError::Unproven(why)) => Judgement::Unproven(why),
                },
            },
        }
    }

    /// Whether who is trusted signed `bundle`.
    pub(super) fn has_signed(&self, bundle: &Opened) -> bool {
        matches!(self.judge(bundle), Judgement::Trusted)
    }

    /// The key, where a key is trusted.
    pub const fn key(&self) -> Option<&PublicKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::Identity(_) => None,
        }
    }

    /// That an image is signed, but by others: `found` signatures, of which these are by identities that are proven.
    pub(super) fn others(&self, image: String, found: usize, identities: &[String]) -> SignError {
        match self {
            Self::Key(_) => SignError::OtherKey { image, found },
            Self::Identity(trusted) => SignError::OtherIdentity {
                image,
                wanted: trusted.identity().to_string(),
                found: match identities {
                    [] => "with a key".to_owned(),
                    [first, ..] => format!("by {first}"),
                },
            },
        }
    }
}

/// A name for it in the annotations of what is attached: the same for the same.
impl fmt::Display for TrustedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key.hint()),
            Self::Identity(trusted) => write!(f, "{}", trusted.identity()),
        }
    }
}
