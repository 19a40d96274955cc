//! What can be wrong with keys and signatures, each with its own words.

use std::path::PathBuf;

use crate::domain::{Digest, Exit};
use crate::registry::RegistryError;

/// Why something could not be signed or verified.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A file of a key, or of a trusted root, that cannot be read.
    #[error("could not read {what} {path}: {source}")]
    Unreadable {
        /// `the key`, `the trusted root`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a key.
    #[error("{what} is not a usable key: {why}")]
    NoKey {
        /// The file, or `the key`.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not a trusted root.
    #[error("{what} is not a usable trusted root: {why}")]
    NoRoot {
        /// The file.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing in the environment says who signs.
    #[error("no identity to sign with: this process has no ID token")]
    NoIdentity,
    /// A service of keyless signing did not do what was asked.
    #[error("{name} at {host} failed: {why}")]
    Service {
        /// `Fulcio`, `Rekor`, `the timestamp authority`.
        name: &'static str,
        /// Its address, without the path.
        host: String,
        /// What it answered.
        why: String,
        /// Whether it said that this is not allowed.
        denied: bool,
    },
    /// A keyless signature that was made, and would not verify.
    #[error("the new signature does not verify, so nothing was attached: {0}")]
    NotProved(String),
    /// The password does not open the key.
    #[error("wrong password for the key {0}")]
    WrongPassword(PathBuf),
    /// The cryptography itself failed.
    #[error("could not {action}: {why}")]
    Crypto {
        /// `sign`, `make a key`.
        action: &'static str,
        /// Why.
        why: String,
    },
    /// Nothing is attached.
    #[error("{image} carries no signature")]
    NoSignature {
        /// The image.
        image: String,
    },
    /// Signed, but by others.
    #[error("{image} is signed with a different key ({found} found, none with this one)")]
    OtherKey {
        /// The image.
        image: String,
        /// How many signatures there are.
        found: usize,
    },
    /// Signed, but not by the identity that is trusted.
    #[error("{image} is not signed by {wanted}, but {found}")]
    OtherIdentity {
        /// The image.
        image: String,
        /// The identity that is trusted.
        wanted: String,
        /// `by SOMEBODY`, `with a key`.
        found: String,
    },
    /// A keyless signature whose proofs do not hold.
    #[error("a keyless signature of {image} does not verify: {why}")]
    Unproven {
        /// The image.
        image: String,
        /// What does not hold.
        why: String,
    },
    /// The signature says it is by this key, and does not fit what it signs.
    #[error("a signature of {image} names this signer but does not match its content: it was tampered with")]
    Tampered {
        /// The image.
        image: String,
    },
    /// A good signature, for something else.
    #[error("the signature attached to {image} was made for {found}, not for {wanted}")]
    OtherDigest {
        /// The image.
        image: String,
        /// What the statement names.
        found: String,
        /// What was asked for.
        wanted: Digest,
    },
    /// A bundle that cannot be understood.
    #[error("a signature or attestation of {image} is malformed: {why}")]
    Malformed {
        /// The image.
        image: String,
        /// What is wrong with it.
        why: String,
    },
    /// More than anybody leaves, so that nobody knows which matter.
    #[error("more than {most} statements of the type {kind} are attached to {image}")]
    TooMany {
        /// The image.
        image: String,
        /// Their type.
        kind: String,
        /// How many are read.
        most: usize,
    },
}

impl SignError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Registry(error) => error.exit(),
            Self::Unreadable { .. } | Self::NoKey { .. } | Self::NoRoot { .. } | Self::WrongPassword(_) => {
                Exit::Usage
            }
            Self::NoIdentity | Self::Service { denied: true, .. } => Exit::NotAuthorised,
            Self::Crypto { .. } | Self::Service { .. } => Exit::Failed,
            Self::NoSignature { .. }
            | Self::NotProved(_)
            | Self::OtherKey { .. }
            | Self::OtherIdentity { .. }
            | Self::Unproven { .. }
            | Self::Tampered { .. }
            | Self::OtherDigest { .. }
            | Self::Malformed { .. }
            | Self::TooMany { .. } => Exit::Refused,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Registry(error) => return error.hint(),
            Self::Unreadable { what: "the key", .. } => {
                "check the path in windlass.toml, or create a key pair with `windlass keygen`"
            }
            Self::Unreadable { .. } => "check the path in windlass.toml",
            Self::NoRoot { .. } => {
                "name a trusted_root.json of the Sigstore that signs, as `cosign trusted-root create` writes it"
            }
            Self::NoIdentity => {
                "give the job of GitHub Actions `permissions: id-token: write`; elsewhere set SIGSTORE_ID_TOKEN to an ID token"
            }
            Self::Service { denied: true, .. } => {
                "check that the service accepts the issuer and the audience of the ID token, and that it has not expired"
            }
            Self::Service { .. } => "check the address in windlass.toml, and whether the service is up",
            Self::NotProved(_) => {
                "check `verify` in windlass.toml: identity, issuer and trusted_root are those of the Sigstore and the job that sign"
            }
            Self::OtherIdentity { .. } => {
                "find out who signed it and why, or change `verify` in windlass.toml if that is who should"
            }
            Self::Unproven { .. } => {
                "check that trusted_root is of the Sigstore that signs; if it is, do not run this image"
            }
            Self::NoKey { .. } => {
                "create a key in cosign's format with `windlass keygen` or `cosign generate-key-pair`"
            }
            Self::WrongPassword(_) => "check COSIGN_PASSWORD or the password file",
            Self::Crypto { .. } => return None,
            Self::NoSignature { .. } => {
                "sign it with `windlass sign`, or promote it to an environment that signs"
            }
            Self::OtherKey { .. } => {
                "verify with the public key of the signer, and find out why it is not this one"
            }
            Self::Tampered { .. } | Self::OtherDigest { .. } => {
                "do not run this image: someone attached a signature that does not belong to it"
            }
            Self::TooMany { .. } => "find out who attached them, and delete them with `windlass registry rm`",
            Self::Malformed { .. } => "inspect the referrer with `cosign tree` or another tool",
        };
        Some(text.to_owned())
    }
}
