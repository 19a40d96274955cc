//! How images are signed in an environment, and whose signatures count there.

use std::path::PathBuf;

use super::section::Section;
use super::value::Value;
use super::{ConfigError, SignSettings, SignatureSettings, keys};
use crate::domain::{Endpoint, SignatureForms, SignerIdentity, Verifier, VerifierError, verifier_names};

/// The audience of ID tokens that Fulcio asks for unless it is told otherwise.
const AUDIENCE: &str = "sigstore";

/// What signs the images of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerSettings {
    /// A key.
    Key(SignSettings),
    /// An identity, by the certificates of a Fulcio.
    Keyless(KeylessSettings),
}

/// The services that keyless signing goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeylessSettings {
    /// The certificate authority.
    pub fulcio: Endpoint,
    /// The timestamp authority.
    pub timestamp: Endpoint,
    /// The transparency log; none where timestamps are enough.
    pub rekor: Option<Endpoint>,
    /// Whom the ID token is meant for; `sigstore` unless said otherwise.
    pub audience: String,
}

/// Whose signatures count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifySettings {
    /// Those of the owner of this public key.
    Key(PathBuf),
    /// Those of an identity.
    Identity {
        /// Who, by which issuer.
        identity: SignerIdentity,
        /// The file with the root that certificates come from; that of the public Sigstore if there is none.
        root: Option<PathBuf>,
    },
}

impl SignerSettings {
    /// The key, where one signs.
    pub const fn key(&self) -> Option<&SignSettings> {
        match self {
            Self::Key(key) => Some(key),
            Self::Keyless(_) => None,
        }
    }

    /// For a plan: `with keys/prod.key`.
    pub fn words(&self) -> String {
        match self {
            Self::Key(sign) => format!("with {}", sign.key.display()),
            Self::Keyless(keyless) => format!("with a certificate from {}", keyless.fulcio),
        }
    }
}

impl VerifySettings {
    /// The file that they go by, if there is one.
    pub fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::Key(path) => Some(path),
            Self::Identity { root, .. } => root.as_ref(),
        }
    }

    /// For what was verified: `with keys/prod.pub`, `by IDENTITY`.
    pub fn words(&self) -> String {
        match self {
            Self::Key(path) => format!("with {}", path.display()),
            Self::Identity { identity, .. } => format!("by {identity}"),
        }
    }
}

/// `sign` and `verify` of an environment.
pub(super) fn signing(
    section: &Section<'_>,
) -> Result<(Option<SignerSettings>, Option<VerifySettings>), ConfigError> {
    let signer = section.get("sign").map(|value| signer(&value)).transpose()?;
    let verify = match section.get("verify") {
        Some(value) => Some(verify(&value)?),
        None => signer
            .as_ref()
            .and_then(SignerSettings::key)
            .map(|sign| VerifySettings::Key(sign.key.with_extension("pub"))),
    };
    if let (Some(SignerSettings::Keyless(_)), Some(value)) = (&signer, section.get("sign"))
        && !matches!(verify, Some(VerifySettings::Identity { .. }))
    {
        return Err(value.advise(
            "with `keyless` requires `verify` with an identity",
            Some("set `verify = { identity = \"…\", issuer = \"…\" }` to the job that signs".to_owned()),
        ));
    }
    Ok((signer, verify))
}

fn signer(value: &Value<'_>) -> Result<SignerSettings, ConfigError> {
    let section = value.section(keys::SIGN)?;
    let Some(keyless) = section.get("keyless") else {
        return Ok(SignerSettings::Key(SignSettings {
            key: section.require("key")?.sensitive_path()?,
            password_file: section.sensitive_path("password_file")?,
        }));
    };
    for (key, why) in [
        ("key", "cannot be combined with `keyless`: one of them signs"),
        ("password_file", "is for `key`, and there is none with `keyless`"),
        ("format", "is for `key`: a certificate is left in bundles only"),
    ] {
        if let Some(value) = section.get(key) {
            return Err(value.mistake(why));
        }
    }
    let section = keyless.section(keys::KEYLESS)?;
    Ok(SignerSettings::Keyless(KeylessSettings {
        fulcio: service(&section.require("fulcio")?)?,
        timestamp: service(&section.require("timestamp")?)?,
        rekor: section.get("rekor").map(|value| service(&value)).transpose()?,
        audience: section.text("audience")?.unwrap_or_else(|| AUDIENCE.to_owned()),
    }))
}

/// The address of a service of Sigstore, which is the same for all that is signed in the environment.
fn service(value: &Value<'_>) -> Result<Endpoint, ConfigError> {
    let endpoint: Endpoint = value.parse()?;
    if endpoint.as_str().contains(['{', '?']) {
        return Err(value.mistake("must be an address without `?` and without names in braces"));
    }
    Ok(endpoint)
}

fn verify(value: &Value<'_>) -> Result<VerifySettings, ConfigError> {
    let section = value.section(keys::VERIFY)?;
    let identity = section.get("identity");
    let pattern = section.get("identity_regexp");
    let subject = match (&identity, &pattern) {
        (None, None) => {
            if let Some(value) = ["issuer", "trusted_root"]
                .into_iter()
                .find_map(|key| section.get(key))
            {
                return Err(value.mistake("requires `identity` or `identity_regexp`"));
            }
            return Ok(VerifySettings::Key(section.require("key")?.path()?));
        }
        (Some(_), Some(pattern)) => {
            return Err(
                pattern.mistake("cannot be combined with `identity`: one of them says who is trusted")
            );
        }
        (Some(exact), None) => exact,
        (None, Some(pattern)) => pattern,
    };
    if let Some(key) = section.get("key") {
        return Err(key.mistake("cannot be combined with an identity: one of them says who is trusted"));
    }
    let issuer = section.require("issuer")?.text()?;
    let text = subject.text()?;
    let identity = if pattern.is_some() {
        SignerIdentity::matching(&text, issuer)
            .map_err(|why| subject.mistake(format_args!("is not a regular expression: {why}")))?
    } else {
        SignerIdentity::exact(text, issuer)
    };
    Ok(VerifySettings::Identity {
        identity,
        root: section.path("trusted_root")?,
    })
}

/// In which form signatures are left, by `sign`, and who verifies them, by `verifiers`.
pub(super) fn signatures(section: &Section<'_>) -> Result<SignatureSettings, ConfigError> {
    let sign = section
        .get("sign")
        .map(|value| value.section(keys::SIGN))
        .transpose()?;
    let forms = sign.as_ref().and_then(|sign| sign.get("format"));
    let forms = forms.map(|value| value.choice(&SignatureForms::ALL.map(|forms| (forms.name(), forms))));
    let verifiers = section
        .get("verifiers")
        .map_or(Ok(Vec::new()), Value::one_or_many)?;
    Ok(SignatureSettings {
        forms: forms.transpose()?,
        platforms: sign.map_or(Ok(false), |sign| sign.flag("platforms"))?,
        verifiers: verifiers.iter().map(verifier).collect::<Result<_, _>>()?,
    })
}

fn verifier(value: &Value<'_>) -> Result<Verifier, ConfigError> {
    value.string()?.parse().map_err(|error: VerifierError| {
        let known = format!("these are known: {}", verifier_names().join(", "));
        value.advise(&error, Some(known))
    })
}
