//! Keys as cosign keeps them: the private one encrypted with a password (scrypt and a secretbox),
//! the public one in PEM.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use sigstore::crypto::signing_key::ecdsa::ECDSAKeys;
use sigstore::crypto::signing_key::{SigStoreKeyPair, SigStoreSigner};
use sigstore::crypto::{CosignVerificationKey, Signature, SigningScheme};
use sigstore::errors::SigstoreError;

use super::error::SignError;
use super::pem;

/// The schemes that a key pair may fit, the one that cosign makes first.
const SCHEMES: [SigningScheme; 4] = [
    SigningScheme::ECDSA_P256_SHA256_ASN1,
    SigningScheme::ECDSA_P384_SHA384_ASN1,
    SigningScheme::ECDSA_P521_SHA512_ASN1,
    SigningScheme::ED25519,
];

/// A private key, opened.
pub struct SigningKey {
    signer: SigStoreSigner,
    public: PublicKey,
}

/// A new pair, as it is written to files.
pub struct KeyPair {
    /// `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----`
    pub private_pem: String,
    /// `-----BEGIN PUBLIC KEY-----`
    pub public_pem: String,
}

/// A public key.
#[derive(Clone)]
pub struct PublicKey {
    key: CosignVerificationKey,
    hint: String,
}

impl SigningKey {
    /// Makes a pair on the curve P-256, as cosign does, and encrypts the private part.
    pub fn generate(password: &SecretString) -> Result<KeyPair, SignError> {
        let fail = |error: SigstoreError| SignError::Crypto {
            action: "create a key",
            why: error.to_string(),
        };
        let pair = SCHEMES[0]
            .create_signer()
            .and_then(|signer| signer.to_sigstore_keypair())
            .map_err(fail)?;
        let private = pair
            .private_key_to_encrypted_pem(password.expose_secret().as_bytes())
            .map_err(fail)?;
        // sigstore ends lines as Windows does; cosign's files are those of Unix.
        let unix = |pem: &str| pem.replace("\r\n", "\n");
        Ok(KeyPair {
            private_pem: unix(&private),
            public_pem: unix(&pair.public_key_to_pem().map_err(fail)?),
        })
    }

    /// Opens the key at `path`. Takes about a tenth of a second of one core, by design of scrypt.
    pub fn load(path: &Path, password: &SecretString) -> Result<Self, SignError> {
        let bytes = std::fs::read(path).map_err(|source| SignError::Unreadable {
            what: "the key",
            path: path.to_owned(),
            source,
        })?;
        let no_key = |why: String| SignError::NoKey {
            what: path.display().to_string(),
            why,
        };
        if let Some(why) = pem::why_no_private_key(&bytes) {
            return Err(no_key(why));
        }
        let pair = match open(&bytes, password.expose_secret().as_bytes()) {
            Ok(pair) => pair,
            Err(Unopened::WrongPassword) => return Err(SignError::WrongPassword(path.to_owned())),
            Err(Unopened::Broken(why)) => return Err(no_key(why)),
        };
        let signer = SCHEMES
            .iter()
            .find_map(|scheme| pair.to_sigstore_signer(scheme).ok())
            .ok_or_else(|| no_key("its type is not supported".to_owned()))?;
        let public = pair
            .public_key_to_pem()
            .map_err(|error| no_key(error.to_string()))?;
        Ok(Self {
            signer,
            public: PublicKey::from_pem(&public, "the key")?,
        })
    }

    /// Signs `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.signer.sign(message).map_err(|error| SignError::Crypto {
            action: "sign",
            why: error.to_string(),
        })
    }

    /// Signs a text; the signature is in base64.
    pub fn sign_text(&self, text: &str) -> Result<String, SignError> {
        Ok(STANDARD.encode(self.sign(text.as_bytes())?))
    }

    /// Its public half.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }
}

/// Why an encrypted key does not open.
enum Unopened {
    WrongPassword,
    Broken(String),
}

/// Opens an encrypted key. Cosign makes ECDSA keys; only one that opens and is of another kind is tried again as such,
/// since each try derives the key from the password anew.
fn open(pem: &[u8], password: &[u8]) -> Result<SigStoreKeyPair, Unopened> {
    match ECDSAKeys::from_encrypted_pem(pem, password) {
        Ok(keys) => Ok(SigStoreKeyPair::ECDSA(keys)),
        // sigstore 0.15 calls a secretbox that does not open a failure to encrypt.
        Err(SigstoreError::PrivateKeyEncryptError(_)) => Err(Unopened::WrongPassword),
        Err(
            error @ (SigstoreError::FromPEMError(_)
            | SigstoreError::SerdeJsonError(_)
            | SigstoreError::PrivateKeyDecryptError(_)),
        ) => {
            tracing::debug!(%error, "a private key cannot be read");
            Err(Unopened::Broken("its content is damaged".to_owned()))
        }
        Err(_) => SigStoreKeyPair::from_encrypted_pem(pem, password)
            .map_err(|error| Unopened::Broken(error.to_string())),
    }
}

impl PublicKey {
    /// Reads the PEM file at `path`.
    pub fn load(path: &Path) -> Result<Self, SignError> {
        let bytes = std::fs::read(path).map_err(|source| SignError::Unreadable {
            what: "the key",
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&bytes, &path.display().to_string())
    }

    /// Reads `pem`; `what` names it in errors.
    pub fn from_pem(pem: &str, what: &str) -> Result<Self, SignError> {
        Self::parse(pem.as_bytes(), what)
    }

    fn parse(bytes: &[u8], what: &str) -> Result<Self, SignError> {
        let no_key = |why: String| SignError::NoKey {
            what: what.to_owned(),
            why,
        };
        if let Some(why) = pem::why_no_public_key(bytes) {
            return Err(no_key(why));
        }
        let key = CosignVerificationKey::try_from_pem(bytes).map_err(|error| {
            tracing::debug!(%error, "a public key cannot be read");
            no_key("its content is damaged, or not an ECDSA, RSA or Ed25519 key".to_owned())
        })?;
        let (CosignVerificationKey::RSA_PSS_SHA256(der)
        | CosignVerificationKey::RSA_PKCS1_SHA256(der)
        | CosignVerificationKey::ECDSA_P256_SHA256_ASN1(der)
        | CosignVerificationKey::ECDSA_P384_SHA384_ASN1(der)
        | CosignVerificationKey::ECDSA_P521_SHA512_ASN1(der)
        | CosignVerificationKey::ED25519(der)) = &key;
        let hint = STANDARD.encode(Sha256::digest(der));
        Ok(Self { key, hint })
    }

    /// How bundles name it: base64 of the SHA-256 of its DER form.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// Whether `signature`, in base64, is one of `text` by this key.
    pub fn signed_text(&self, text: &str, signature: &str) -> bool {
        let signature = STANDARD.decode(signature).ok();
        signature.is_some_and(|signature| self.verifies(&signature, text.as_bytes()))
    }

    /// Whether `signature` of `message` is by this key.
    pub(super) fn verifies(&self, signature: &[u8], message: &[u8]) -> bool {
        self.key
            .verify_signature(Signature::Raw(signature), message)
            .is_ok()
    }
}

/// A key that nobody else has, for tests.
#[cfg(test)]
pub(crate) fn fresh_key() -> SigningKey {
    let folder = tempfile::tempdir().unwrap();
    let password = SecretString::from("x");
    let path = folder.path().join("k.key");
    std::fs::write(&path, SigningKey::generate(&password).unwrap().private_pem).unwrap();
    SigningKey::load(&path, &password).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_pair_opens_with_its_password_only_and_verifies_what_it_signed() {
        let folder = tempfile::tempdir().unwrap();
        let password = SecretString::from("anchors aweigh");
        let pair = SigningKey::generate(&password).unwrap();
        let path = folder.path().join("cosign.key");
        std::fs::write(&path, &pair.private_pem).unwrap();
        let key = SigningKey::load(&path, &password).unwrap();
        assert!(!format!("{}{}", pair.private_pem, pair.public_pem).contains('\r'));
        let public = PublicKey::from_pem(&pair.public_pem, "test").unwrap();
        assert_eq!(key.public().hint(), public.hint());
        let signature = key.sign(b"message").unwrap();
        assert!(public.verifies(&signature, b"message"));
        assert!(!public.verifies(&signature, b"massage"));
        let error = SigningKey::load(&path, &SecretString::from("wrong"))
            .err()
            .unwrap();
        assert!(matches!(error, SignError::WrongPassword(_)), "{error}");
    }

    #[test]
    fn what_is_no_key_is_told_from_a_wrong_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for (pem, why) in [
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "encrypted form",
            ),
            (
                "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nbm90IEpTT04=\n\
                 -----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
                "damaged",
            ),
            (
                "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\ncut off",
                "truncated",
            ),
        ] {
            std::fs::write(&path, pem).unwrap();
            let error = SigningKey::load(&path, &SecretString::from("")).err().unwrap();
            assert!(matches!(error, SignError::NoKey { .. }), "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
        assert!(PublicKey::from_pem("hello", "x").is_err());
    }
}
