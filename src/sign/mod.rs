//! Keys, bundles and verification, as cosign understands them. Cosign decides what is right: the interop tests have it
//! verify what is signed here, and the other way round.

mod attestation;
mod bundle;
mod error;
mod key;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;

pub use attestation::{Attestation, attest, attestations};
pub use error::SignError;
pub use key::{KeyPair, PublicKey, SigningKey};

use crate::domain::Digest;
use crate::registry::{Content, Descriptor, Reader, RegistryError, Writer};
use bundle::Finding;

/// The annotation that tells signatures from attestations without fetching them.
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
/// More than the bundle of any signature has, in bytes.
const BUNDLE_LIMIT: u64 = 1024 * 1024;

/// What signing came to.
#[derive(Debug, Clone)]
pub enum Signed {
    /// A signature was attached.
    New(Box<Descriptor>),
    /// This key had signed it before.
    Already,
}

/// A verification that succeeded.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// The referrers that carry a good signature by the key.
    pub signatures: Vec<Digest>,
}

/// Signs `subject` and attaches the signature, unless this key has signed it before.
pub async fn sign(writer: &Writer, subject: &Descriptor, key: &SigningKey) -> Result<Signed, SignError> {
    match verify(writer, &subject.digest, key.public()).await {
        Ok(_) => return Ok(Signed::Already),
        Err(SignError::Registry(error)) => return Err(error.into()),
        // Whatever else is attached does not hinder a good signature.
        Err(_) => {}
    }
    let bytes = bundle::make(&subject.digest, key)?;
    let attached = attach(writer, subject, bytes, bundle::SIGN_PREDICATE).await?;
    Ok(Signed::New(Box::new(attached)))
}

/// Attaches a bundle as cosign does.
async fn attach(
    writer: &Writer,
    subject: &Descriptor,
    bundle: Vec<u8>,
    predicate_type: &str,
) -> Result<Descriptor, RegistryError> {
    let annotations = [
        ("dev.sigstore.bundle.content", "dsse-envelope"),
        (PREDICATE_TYPE, predicate_type),
    ];
    let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let layers = vec![(bundle::MEDIA_TYPE.to_owned(), Bytes::from(bundle))];
    writer
        .attach(subject, bundle::MEDIA_TYPE, layers, BTreeMap::from(annotations))
        .await
}

/// Verifies that `digest` is signed by `key`: one good signature is enough, and the refusal says which of all that can be
/// wrong it is.
pub async fn verify(reader: &Reader, digest: &Digest, key: &PublicKey) -> Result<Verified, SignError> {
    let image = reader.repository().at(digest.clone()).to_string();
    let mut signatures = Vec::new();
    let mut by_others = 0;
    let mut worst = None;
    for candidate in signatures_of(reader, digest).await? {
        let checked = match bundle_of(reader, &candidate, BUNDLE_LIMIT).await {
            Ok(Some(bytes)) => bundle::check(&bytes, digest, key),
            Ok(None) => continue,
            // One referrer that is broken does not hide a good signature beside it.
            Err(error) if is_of_one_referrer(&error) => Err(error.to_string()),
            Err(error) => return Err(error.into()),
        };
        match checked {
            Ok(Finding::Good) => signatures.push(candidate.digest),
            Ok(Finding::OtherStatement) => {}
            Ok(Finding::OtherKey) => by_others += 1,
            Ok(Finding::Tampered) => worst = Some(SignError::Tampered { image: image.clone() }),
            Ok(Finding::OtherDigest(found)) => {
                worst = Some(SignError::OtherDigest {
                    image: image.clone(),
                    found,
                    wanted: digest.clone(),
                });
            }
            Err(why) => {
                let why = crate::domain::clean_line(&why);
                worst = worst.or(Some(SignError::Malformed {
                    image: image.clone(),
                    why,
                }));
            }
        }
    }
    match (signatures.is_empty(), worst, by_others) {
        (false, _, _) => Ok(Verified { signatures }),
        (true, Some(error), _) => Err(error),
        (true, None, 0) => Err(SignError::NoSignature { image }),
        (true, None, found) => Err(SignError::OtherKey { image, found }),
    }
}

/// The bundles attached to `digest` that are, or may be, signatures; nothing is verified. One request as a rule.
pub async fn signatures_of(reader: &Reader, digest: &Digest) -> Result<Vec<Descriptor>, SignError> {
    bundles_of(reader, digest, bundle::SIGN_PREDICATE).await
}

/// The bundles attached to `digest` whose statement is, or may be, of this kind: where the kind is written beside them,
/// the others need not be fetched.
async fn bundles_of(
    reader: &Reader,
    digest: &Digest,
    predicate_type: &str,
) -> Result<Vec<Descriptor>, SignError> {
    let mut found = reader.referrers(digest, Some(bundle::MEDIA_TYPE)).await?;
    found.retain(|entry| {
        let predicate = entry.annotations.get(PREDICATE_TYPE);
        predicate.is_none_or(|predicate| predicate == predicate_type)
    });
    Ok(found)
}

/// Whether only the referrer that was read is in order or not, rather than the registry.
const fn is_of_one_referrer(error: &RegistryError) -> bool {
    matches!(
        error,
        RegistryError::NotFound { .. }
            | RegistryError::TooLarge { .. }
            | RegistryError::DigestMismatch { .. }
            | RegistryError::Malformed { .. }
    )
}

/// The bundle that a referrer carries; none if it turns out to be something else, since entries of a fallback index may
/// not say what they are.
async fn bundle_of(
    reader: &Reader,
    referrer: &Descriptor,
    limit: u64,
) -> Result<Option<Bytes>, RegistryError> {
    let manifest = reader.manifest(&referrer.digest.clone().into()).await?;
    if manifest.descriptor().artifact_type.as_deref() != Some(bundle::MEDIA_TYPE) {
        return Ok(None);
    }
    let Content::Image { layers, .. } = manifest.content() else {
        return Ok(None);
    };
    match layers.first() {
        Some(layer) => Ok(Some(reader.blob(&layer.digest, limit).await?)),
        None => Ok(None),
    }
}
