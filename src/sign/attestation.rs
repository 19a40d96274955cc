//! Statements about an image other than that it is signed: attached as cosign's `attest` does, and read back.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use serde_json::value::RawValue;

use super::bundle::{Opened, Statement};
use super::{SignError, Signer, TrustedSigner, attach, bundle_of, bundles_of, make};
use crate::domain::{Digest, SignatureForms, clean_line};
use crate::registry::{Content, Descriptor, OldTag, Reader, Writer};

/// Larger bundles are not read into memory, in bytes: base64 of a scan report of 100 MB, with room to spare.
const LIMIT: u64 = 140_000_000;
/// How many are read at the same time; those of 140 MB one by one would take long, all of them together too much room.
const AT_ONCE: usize = 4;
/// Media type of a statement in cosign's older form.
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

/// A statement that is attached to an image.
#[derive(Debug)]
pub struct Attestation {
    /// The referrer that carries it.
    pub referrer: Digest,
    /// The SHA-256 of what was signed.
    pub statement: Digest,
    /// What it says it is about.
    pub subjects: Vec<Digest>,
    /// What it says, as JSON.
    pub predicate: Box<RawValue>,
}

impl Attestation {
    fn new(referrer: Digest, bundle: &Opened, statement: Statement<Box<RawValue>>) -> Self {
        Self {
            referrer,
            statement: Digest::of(bundle.payload()),
            subjects: statement.subjects().collect(),
            predicate: statement.predicate.unwrap_or_default(),
        }
    }
}

/// A statement to be signed.
pub struct NewStatement<'a, P> {
    /// Its kind, as a URI.
    pub predicate_type: &'a str,
    /// What it says.
    pub predicate: P,
    /// What statements of its kind about the same image differ in: the platform, for instance.
    pub about: String,
    /// What it comes down to, without the circumstances that differ each time that it is made. One that an earlier
    /// attempt could not list is enough if it comes down to the same.
    pub statement: Option<String>,
}

impl<'a, P> NewStatement<'a, P> {
    /// A statement that is told from others by its kind alone.
    pub const fn new(predicate_type: &'a str, predicate: P) -> Self {
        Self {
            predicate_type,
            predicate,
            about: String::new(),
            statement: None,
        }
    }
}

/// Signs that `new` is true of `subject`, and attaches it in each of the `forms`; what was attached last. With a certificate it is a
/// bundle in any case, as a signature is.
pub async fn attest(
    writer: &Writer,
    subject: &Descriptor,
    new: NewStatement<'_, impl Serialize + Sync>,
    signer: &Signer,
    forms: SignatureForms,
) -> Result<Descriptor, SignError> {
    if forms.has_tag() && !signer.is_keyless() {
        let envelope = make::envelope(&subject.digest, new.predicate_type, &new.predicate, signer).await?;
        let annotations = [
            ("dev.cosignproject.cosign/signature", ""),
            ("predicateType", new.predicate_type),
        ];
        let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let added = writer
            .add_in_old_form(
                &subject.digest,
                OldTag::Attestation,
                ENVELOPE,
                envelope.to_string().into(),
                BTreeMap::from(annotations),
            )
            .await?;
        if !forms.has_bundle() {
            return Ok(added);
        }
    }
    let bytes = make::make_about(&subject.digest, new.predicate_type, &new.predicate, signer).await?;
    let about = format!("{} by {}", new.about, signer.trusted());
    Ok(attach(writer, subject, bytes, new.predicate_type, (about, new.statement)).await?)
}

/// The statements of one kind that are attached to `digest`, in either of cosign's forms: those that who is trusted signed, or where
/// nobody is named all of them, of which none is verified.
///
/// # Errors
/// When the registry fails, or, where nobody is named, a bundle cannot be understood. Otherwise what others signed does not
/// count, whatever it is: else anybody could hinder a good attestation by attaching rubbish.
pub async fn attestations(
    reader: &Reader,
    digest: &Digest,
    predicate_type: &str,
    trusted: Option<&TrustedSigner>,
) -> Result<Vec<Attestation>, SignError> {
    let mut found = Vec::new();
    let read = opened(reader, digest, predicate_type, LIMIT, usize::MAX).await?;
    for (referrer, bundle) in read {
        let opened = bundle.and_then(|bundle| {
            let statement = open(&bundle, predicate_type, trusted)?;
            Ok(statement.map(|statement| Attestation::new(referrer, &bundle, statement)))
        });
        match opened {
            Ok(Some(attestation)) => found.push(attestation),
            Ok(None) => {}
            Err(_) if trusted.is_some() => {}
            Err(why) => {
                return Err(SignError::Malformed {
                    image: reader.repository().at(digest.clone()).to_string(),
                    why: clean_line(&why),
                });
            }
        }
    }
    Ok(found)
}

/// A statement that is attached to an image, and that nobody has verified: who has to have signed it may depend on what it says.
pub struct Claim {
    /// What it says.
    pub attestation: Attestation,
    bundle: Opened,
}

impl Claim {
    /// Whether who is trusted signed it.
    pub fn is_signed_by(&self, trusted: &TrustedSigner) -> bool {
        trusted.has_signed(&self.bundle)
    }
}

/// All statements of one kind that are attached to `digest`, in either form; each is read once. What cannot be understood claims
/// nothing.
///
/// # Errors
/// When the registry fails.
pub async fn claims(reader: &Reader, digest: &Digest, predicate_type: &str) -> Result<Vec<Claim>, SignError> {
    let read = opened(reader, digest, predicate_type, LIMIT, usize::MAX).await?;
    let claims = read.into_iter().filter_map(|one| claim(one, predicate_type));
    Ok(claims.collect())
}

/// What claims to be a statement of that kind; none where it cannot be understood.
fn claim((referrer, bundle): (Digest, Result<Opened, String>), predicate_type: &str) -> Option<Claim> {
    let bundle = bundle.ok()?;
    let statement = open(&bundle, predicate_type, None).ok()??;
    let attestation = Attestation::new(referrer, &bundle, statement);
    Some(Claim { attestation, bundle })
}

/// What was found where the signatures of several count.
#[derive(Debug, Default)]
pub struct SignedStatements {
    /// Each statement that one of them signed, with their place among them.
    pub signed: Vec<(usize, Attestation)>,
    /// How many are signed by others, or cannot be read.
    pub others: usize,
}

/// The statements of one kind that are attached to `digest`, in either form, and that one of the `trusted` signed. Each is read once, is
/// at most so many bytes long, and of more than `most` nobody knows which matter.
///
/// # Errors
/// When the registry fails, or there are more.
pub async fn attestations_by(
    reader: &Reader,
    digest: &Digest,
    predicate_type: &str,
    trusted: &[impl Borrow<TrustedSigner> + Sync],
    (limit, most): (u64, usize),
) -> Result<SignedStatements, SignError> {
    let mut found = SignedStatements::default();
    for one in opened(reader, digest, predicate_type, limit, most).await? {
        let signed = claim(one, predicate_type).and_then(|claim| {
            let mut trusted = trusted.iter();
            let signer = trusted.position(|trusted| claim.is_signed_by(trusted.borrow()))?;
            Some((signer, claim.attestation))
        });
        match signed {
            Some(signed) => found.signed.push(signed),
            None => found.others += 1,
        }
    }
    Ok(found)
}

/// What may be statements of that kind, taken apart, each with what carries it.
async fn opened(
    reader: &Reader,
    digest: &Digest,
    predicate_type: &str,
    limit: u64,
    most: usize,
) -> Result<Vec<(Digest, Result<Opened, String>)>, SignError> {
    let candidates = bundles_of(reader, digest, predicate_type).await?;
    let older = older_attestations(reader, digest, predicate_type, limit, most).await?;
    if candidates.len().saturating_add(older.len()) > most {
        return Err(SignError::TooMany {
            image: reader.repository().at(digest.clone()).to_string(),
            kind: predicate_type.to_owned(),
            most,
        });
    }
    let reading = candidates.into_iter().map(|candidate| async move {
        match bundle_of(reader, &candidate, limit).await {
            Ok(Some(bytes)) => Ok(Some((candidate.digest, Opened::read(&bytes)))),
            Ok(None) => Ok(None),
            Err(error) if error.is_of_one_manifest() => Ok(Some((candidate.digest, Err(error.to_string())))),
            Err(error) => Err(SignError::from(error)),
        }
    });
    let read: Vec<_> = stream::iter(reading).buffered(AT_ONCE).try_collect().await?;
    Ok(read.into_iter().flatten().chain(older).collect())
}

/// The envelopes of cosign's older form, each with the manifest that holds it: layers of the manifest at `sha256-<hex>.att`
/// (<https://github.com/sigstore/cosign/blob/main/specs/ATTESTATION_SPEC.md>).
async fn older_attestations(
    reader: &Reader,
    digest: &Digest,
    predicate_type: &str,
    limit: u64,
    most: usize,
) -> Result<Vec<(Digest, Result<Opened, String>)>, SignError> {
    let Some(manifest) = reader.cosign_attestation(digest).await? else {
        return Ok(Vec::new());
    };
    let Content::Image { layers, .. } = manifest.content() else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for layer in layers.iter().filter(|layer| layer.media_type == ENVELOPE) {
        let kind = layer.annotations.get("predicateType");
        if kind.is_some_and(|kind| !is_kind(kind, predicate_type)) {
            continue;
        }
        // One more than are read is enough to know that there are too many.
        if found.len() > most {
            break;
        }
        let opened = match reader.blob(&layer.digest, limit).await {
            Ok(bytes) => Opened::read_envelope(&bytes),
            Err(error) if error.is_of_one_manifest() => Err(error.to_string()),
            Err(error) => return Err(error.into()),
        };
        found.push((manifest.descriptor().digest.clone(), opened));
    }
    Ok(found)
}

/// Whether a statement is of the kind that is wanted. Early versions of cosign left out the scheme.
fn is_kind(found: &str, wanted: &str) -> bool {
    found == wanted || wanted.strip_prefix("https://") == Some(found)
}

/// The statement of a bundle, if it is of that kind, and by who is trusted.
fn open(
    bundle: &Opened,
    predicate_type: &str,
    trusted: Option<&TrustedSigner>,
) -> Result<Option<Statement<Box<RawValue>>>, String> {
    // The kind before the signature: a certificate takes longer to judge than a statement of another kind to be left out.
    let Some(statement) = bundle.statement::<Box<RawValue>>().transpose()? else {
        return Ok(None);
    };
    if !statement.is_known() || !is_kind(&statement.predicate_type, predicate_type) {
        return Ok(None);
    }
    if trusted.is_some_and(|trusted| !trusted.has_signed(bundle)) {
        return Ok(None);
    }
    if statement.predicate.is_none() {
        return Err("its statement has no predicate".to_owned());
    }
    Ok(Some(statement))
}
