//! Bundles that a certificate of Fulcio says the signer of: verified whole by `sigstore-verify`, offline, against a trusted root
//! (`sigstore_trustroot.proto`), as the client specification of Sigstore has it
//! (<https://github.com/sigstore/architecture-docs/blob/main/client-spec.md>, section 4: verification).

use std::path::Path;
use std::sync::Arc;

use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::{Bundle, Sha256Hash, SignatureContent};
use sigstore_verify::{
    CertificateError, CertificatePolicy, Error, TimestampError, VerificationPolicy, Verifier,
};

use super::error::SignError;
use crate::domain::{SignerIdentity, clean_line};

/// More than any trusted root has, in bytes; that of the public Sigstore has 10,000.
const MAX_ROOT_SIZE: u64 = 4 * 1024 * 1024;
/// What the public root is called in errors.
const PUBLIC_ROOT: &str = "the root of the public Sigstore";

/// An identity that is trusted, with the root that certificates have to come from.
#[derive(Clone)]
pub struct TrustedIdentity {
    identity: SignerIdentity,
    verifier: Arc<Verifier>,
    policy: VerificationPolicy,
}

/// Whom a certificate names that holds.
pub(super) struct Certified {
    pub(super) subject: String,
    pub(super) issuer: String,
}

/// Why a certificate, or what comes with it, proves nothing.
pub(super) enum CertifiedError {
    /// The signature is not by the key of the certificate.
    Tampered,
    /// Anything else: why.
    Unproven(String),
}

/// A bundle with a certificate. Nothing in it is believed yet.
pub(super) struct CertifiedBundle(Box<Bundle>);

impl TrustedIdentity {
    /// `identity`, by certificates from the root in the file `root`; from that of the public Sigstore, as it was when this version
    /// was made, if there is none.
    ///
    /// # Errors
    /// When the file cannot be read, or is no trusted root.
    pub fn load(identity: SignerIdentity, root: Option<&Path>) -> Result<Self, SignError> {
        let text = root.map(read).transpose()?;
        let name = root.map_or_else(|| PUBLIC_ROOT.to_owned(), |path| path.display().to_string());
        Self::from_json(
            identity,
            text.as_deref().unwrap_or(SIGSTORE_PRODUCTION_TRUSTED_ROOT),
            name,
        )
    }

    fn from_json(identity: SignerIdentity, text: &str, name: String) -> Result<Self, SignError> {
        let no_root = |why: String| SignError::NoRoot {
            what: name,
            why: clean_line(&why),
        };
        let root = match TrustedRoot::from_json(text) {
            Ok(root) => root,
            Err(error) => return Err(no_root(error.to_string())),
        };
        if root.certificate_authorities.is_empty() {
            return Err(no_root("it names no certificate authority".to_owned()));
        }
        // The proofs that a root names logs for are required. There is no option: a root without logs, as the one that GitHub has for
        // private repositories, rests on timestamps alone, and every signature has to have one of them.
        let mut policy = VerificationPolicy::any_identity();
        if root.tlogs.is_empty() {
            policy = policy.skip_tlog_unsafe();
        }
        if root.ctlogs.is_empty() {
            policy = policy.skip_sct();
        }
        match Verifier::new(&root) {
            Ok(verifier) => Ok(Self {
                identity,
                verifier: Arc::new(verifier),
                policy,
            }),
            Err(error) => Err(no_root(error.to_string())),
        }
    }

    /// The identity.
    pub const fn identity(&self) -> &SignerIdentity {
        &self.identity
    }

    /// Whether the root names a log that signatures have to be in.
    pub fn has_log(&self) -> bool {
        self.policy.verifies_tlog()
    }

    /// Whether the root names a log that certificates have to be in.
    pub fn has_certificate_log(&self) -> bool {
        matches!(
            self.policy.certificate(),
            CertificatePolicy::Verify { verify_sct: true, .. }
        )
    }

    /// Who signed `bundle`, whose payload was read as `payload`, by everything that can be checked: the certificate comes from the
    /// root and was valid when the signature was made, as a timestamp or a log proves; the log has the signature; and the signature
    /// is of the payload. Whether that is the identity that is trusted is for the caller to say.
    pub(super) fn signer(
        &self,
        bundle: &CertifiedBundle,
        payload: &[u8],
    ) -> Result<Certified, CertifiedError> {
        let unproven = |why: &str| CertifiedError::Unproven(why.to_owned());
        let SignatureContent::DsseEnvelope(envelope) = &bundle.0.content else {
            return Err(unproven("it has no DSSE envelope"));
        };
        if envelope.payload.as_bytes() != payload {
            return Err(unproven("its payload can be read in two ways"));
        }
        // Which digest is asked for is checked by the caller, as for keys; here one that the statement names itself is enough.
        let subject = first_subject(payload).ok_or_else(|| unproven("its statement names no SHA-256"))?;
        let verified = self.verifier.verify(subject, &bundle.0, &self.policy);
        let verified = verified.map_err(|error| match error {
            Error::SignatureInvalid(_) => CertifiedError::Tampered,
            error => CertifiedError::Unproven(words(&error)),
        })?;
        let subject = verified.identity().map(|subject| subject.as_str().to_owned());
        Ok(Certified {
            subject: subject.ok_or_else(|| unproven("its certificate names nobody"))?,
            issuer: verified.issuer().unwrap_or_default().to_owned(),
        })
    }
}

impl CertifiedBundle {
    /// Reads one; the error says why it cannot be understood.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let bundle = Bundle::from_json(text).map_err(|error| clean_line(&error.to_string()))?;
        Ok(Self(Box::new(bundle)))
    }
}

fn read(path: &Path) -> Result<String, SignError> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_ROOT_SIZE).read_to_string(&mut text))
        .map_err(|source| SignError::Unreadable {
            what: "the trusted root",
            path: path.to_owned(),
            source,
        })?;
    Ok(text)
}

/// The first SHA-256 that an in-toto statement says it is about.
fn first_subject(payload: &[u8]) -> Option<Sha256Hash> {
    #[derive(serde::Deserialize)]
    struct Statement {
        subject: Vec<Subject>,
    }
    #[derive(serde::Deserialize)]
    struct Subject {
        digest: Hashes,
    }
    #[derive(serde::Deserialize)]
    struct Hashes {
        sha256: Option<String>,
    }
    let statement: Statement = serde_json::from_slice(payload).ok()?;
    let mut hashes = statement
        .subject
        .into_iter()
        .filter_map(|subject| subject.digest.sha256);
    Sha256Hash::from_hex(&hashes.next()?).ok()
}

fn words(error: &Error) -> String {
    clean_line(&match error {
        Error::Certificate(CertificateError::ChainInvalid(why)) if why.contains("UnknownIssuer") => {
            "its certificate does not come from the trusted root".to_owned()
        }
        Error::Certificate(CertificateError::ChainInvalid(why)) if why.contains("Expired") => {
            "its certificate had expired when it was made".to_owned()
        }
        Error::Timestamp(TimestampError::NoVerifiedTimestamp(_)) => {
            "no timestamp proves when it was made".to_owned()
        }
        error => error.to_string(),
    })
}
