//! Keys, bundles and verification, as cosign understands them. Cosign decides what is right: the interop tests have it
//! verify what is signed here, and the other way round.

mod attestation;
mod bundle;
mod certified;
mod check;
mod error;
mod key;
mod keyless;
mod make;
mod pem;
mod signature;
mod signer;
mod simple;
mod trusted;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;

pub use attestation::{
    Attestation, Claim, NewStatement, SignedStatements, attest, attestations, attestations_by, claims,
};
pub use bundle::MEDIA_TYPE as BUNDLE;
pub use certified::TrustedIdentity;
pub use error::SignError;
#[cfg(test)]
pub(crate) use key::fresh_key;
pub use key::{KeyPair, PublicKey, SigningKey};
pub use keyless::{KeylessServices, KeylessSigner, TokenSource};
pub use pem::why_no_private_key;
pub use signer::Signer;
pub use trusted::TrustedSigner;

use secrecy::SecretString;

use crate::domain::{Digest, SignatureForms};
use crate::registry::{Content, Descriptor, Evidence, OldTag, Reader, RegistryError, Writer};
use check::Finding;

/// The annotation that tells signatures from attestations without fetching them.
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
/// More than the bundle of any signature has, in bytes.
const BUNDLE_LIMIT: u64 = 1024 * 1024;

/// The password of a key, from `COSIGN_PASSWORD`. An empty variable is unset: a key with an empty password needs an empty
/// password file.
pub fn password_variable() -> Option<SecretString> {
    let password = std::env::var("COSIGN_PASSWORD").ok()?;
    (!password.is_empty()).then(|| password.into())
}

/// What signing came to.
#[derive(Debug, Clone)]
pub enum Signed {
    /// Signatures were attached, in each form that was missing.
    New(Vec<Descriptor>),
    /// It had been signed by the same before.
    Already,
}

/// A verification that succeeded.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// What carries a good signature by who is trusted.
    pub signatures: Vec<Digest>,
}

/// Signs `subject` and attaches the signature in each of the `forms`, unless it is signed by the same already. A signature by a
/// certificate is left as a bundle in any case: the tags have no room for timestamps.
pub async fn sign(
    writer: &Writer,
    subject: &Descriptor,
    signer: &Signer,
    forms: SignatureForms,
) -> Result<Signed, SignError> {
    let mut new = Vec::new();
    if forms.has_bundle() || signer.is_keyless() {
        new.extend(sign_by_bundle(writer, subject, signer).await?);
    }
    if let Signer::Key(key, _) = signer
        && forms.has_tag()
    {
        new.extend(sign_by_tag(writer, &subject.digest, key).await?);
    }
    Ok(if new.is_empty() {
        Signed::Already
    } else {
        Signed::New(new)
    })
}

async fn sign_by_tag(
    writer: &Writer,
    digest: &Digest,
    key: &SigningKey,
) -> Result<Option<Descriptor>, SignError> {
    let mut found = Tally::default();
    found.read_older_form(writer, digest, key.public()).await?;
    if !found.good.is_empty() {
        return Ok(None);
    }
    let (payload, annotations) = simple::make(writer.repository(), digest, key)?;
    let added = writer
        .add_in_old_form(
            digest,
            OldTag::Signature,
            simple::PAYLOAD,
            payload.into(),
            annotations,
        )
        .await?;
    Ok(Some(added))
}

async fn sign_by_bundle(
    writer: &Writer,
    subject: &Descriptor,
    signer: &Signer,
) -> Result<Option<Descriptor>, SignError> {
    // Whatever else is attached does not hinder a good signature, nor does one in the older form, which not everybody
    // reads.
    let mut found = Tally::default();
    found
        .read_bundles(writer, &subject.digest, signer.trusted())
        .await?;
    if !found.good.is_empty() {
        return Ok(None);
    }
    let bytes = make::make(&subject.digest, signer).await?;
    let about = format!("by {}", signer.trusted());
    let attached = attach(
        writer,
        subject,
        bytes,
        bundle::SIGN_PREDICATE,
        (about, Some("signed".to_owned())),
    )
    .await?;
    Ok(Some(attached))
}

/// Attaches a bundle as cosign does. It has another signature each time that it is made: `about` and `statement` tell
/// whether one that an earlier attempt left is the same.
async fn attach(
    writer: &Writer,
    subject: &Descriptor,
    bundle: Vec<u8>,
    predicate_type: &str,
    (about, statement): (String, Option<String>),
) -> Result<Descriptor, RegistryError> {
    let annotations = [
        ("dev.sigstore.bundle.content", "dsse-envelope"),
        (PREDICATE_TYPE, predicate_type),
    ];
    let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let layers = vec![(bundle::MEDIA_TYPE.to_owned(), Bytes::from(bundle))];
    let evidence = Evidence::new(bundle::MEDIA_TYPE, layers, BTreeMap::from(annotations))
        .about(format!("{predicate_type} {about}"))
        .stating(statement);
    writer.attach_evidence(subject, evidence).await
}

/// Verifies that `digest` is signed by who is trusted, by a key in either of cosign's forms: one good signature is enough, and the
/// refusal says which of all that can be wrong it is.
pub async fn verify(
    reader: &Reader,
    digest: &Digest,
    trusted: &TrustedSigner,
) -> Result<Verified, SignError> {
    let mut found = Tally::default();
    found.read_bundles(reader, digest, trusted).await?;
    if let Some(key) = trusted.key()
        && found.good.is_empty()
    {
        found.read_older_form(reader, digest, key).await?;
    }
    let image = reader.repository().at(digest.clone()).to_string();
    match (found.good.is_empty(), found.worst, found.by_others) {
        (false, _, _) => Ok(Verified {
            signatures: found.good,
        }),
        (true, Some(error), _) => Err(error),
        (true, None, 0) => Err(SignError::NoSignature { image }),
        (true, None, others) => Err(trusted.others(image, others, &found.identities)),
    }
}

/// What looking at the signatures of an image came to so far.
#[derive(Default)]
struct Tally {
    /// What carries a good signature.
    good: Vec<Digest>,
    by_others: usize,
    /// Those of the others who are known by a certificate that holds.
    identities: Vec<String>,
    worst: Option<SignError>,
}

impl Tally {
    async fn read_bundles(
        &mut self,
        reader: &Reader,
        digest: &Digest,
        trusted: &TrustedSigner,
    ) -> Result<(), SignError> {
        for candidate in bundles_of(reader, digest, bundle::SIGN_PREDICATE).await? {
            let checked = match bundle_of(reader, &candidate, BUNDLE_LIMIT).await {
                Ok(Some(bytes)) => check::check(&bytes, digest, trusted),
                Ok(None) => continue,
                // One referrer that is broken does not hide a good signature beside it.
                Err(error) if error.is_of_one_manifest() => Err(error.to_string()),
                Err(error) => return Err(error.into()),
            };
            self.count(reader, digest, candidate.digest, checked);
        }
        Ok(())
    }

    async fn read_older_form(
        &mut self,
        reader: &Reader,
        digest: &Digest,
        key: &PublicKey,
    ) -> Result<(), SignError> {
        let Some(manifest) = reader.cosign_signature(digest).await? else {
            return Ok(());
        };
        for layer in simple::signatures(&manifest) {
            let checked = match reader.blob(&layer.digest, simple::PAYLOAD_LIMIT).await {
                Ok(payload) => simple::check(layer, &payload, digest, key),
                Err(error) if error.is_of_one_manifest() => Err(error.to_string()),
                Err(error) => return Err(error.into()),
            };
            self.count(reader, digest, manifest.descriptor().digest.clone(), checked);
        }
        Ok(())
    }

    /// Takes in what one signature came to, which `carrier` holds.
    fn count(&mut self, reader: &Reader, digest: &Digest, carrier: Digest, checked: Result<Finding, String>) {
        let image = || reader.repository().at(digest.clone()).to_string();
        match checked {
            Ok(Finding::Good) if self.good.contains(&carrier) => {}
            Ok(Finding::Good) => self.good.push(carrier),
            Ok(Finding::OtherStatement) => {}
            Ok(Finding::Other(who)) => {
                self.by_others += 1;
                self.identities.extend(who);
            }
            Ok(Finding::Unproven(why)) => {
                self.worst
                    .get_or_insert_with(|| SignError::Unproven { image: image(), why });
            }
            Ok(Finding::Tampered) => self.worst = Some(SignError::Tampered { image: image() }),
            Ok(Finding::OtherDigest(found)) => {
                self.worst = Some(SignError::OtherDigest {
                    image: image(),
                    found,
                    wanted: digest.clone(),
                });
            }
            Err(why) => {
                let why = crate::domain::clean_line(&why);
                self.worst
                    .get_or_insert_with(|| SignError::Malformed { image: image(), why });
            }
        }
    }
}

/// Whether any bundle is attached to `digest`, of whatever kind and by whomever.
pub async fn has_bundles(reader: &Reader, digest: &Digest) -> Result<bool, RegistryError> {
    let found = reader.referrers(digest, Some(bundle::MEDIA_TYPE)).await?;
    Ok(!found.is_empty())
}

/// What is attached to `digest` that is, or may be, a signature, in either form; nothing is verified. One request as a
/// rule.
pub async fn signatures_of(reader: &Reader, digest: &Digest) -> Result<Vec<Descriptor>, SignError> {
    let mut found = bundles_of(reader, digest, bundle::SIGN_PREDICATE).await?;
    if found.is_empty()
        && let Some(older) = reader.cosign_signature(digest).await?
        && simple::signatures(&older).next().is_some()
    {
        found.push(older.descriptor().clone());
    }
    Ok(found)
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
