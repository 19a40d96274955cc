//! Statements about an image other than that it is signed: attached as cosign's `attest` does, and read back.

use serde::Serialize;
use serde_json::value::RawValue;

use super::bundle::{self, Opened, Statement};
use super::{PublicKey, SignError, SigningKey, attach, bundle_of, bundles_of};
use crate::domain::{Digest, clean_line};
use crate::registry::{Descriptor, Reader, Writer};

/// Larger bundles are not read into memory, in bytes: base64 of a scan report of 100 MB, with room to spare.
const LIMIT: u64 = 140_000_000;

/// A statement that is attached to an image.
#[derive(Debug)]
pub struct Attestation {
    /// The referrer that carries it.
    pub referrer: Digest,
    /// What it says it is about.
    pub subjects: Vec<Digest>,
    /// What it says, as JSON.
    pub predicate: Box<RawValue>,
}

/// Signs the statement that `predicate`, of the kind `predicate_type`, is true of `subject`, and attaches it.
pub async fn attest(
    writer: &Writer,
    subject: &Descriptor,
    predicate_type: &str,
    predicate: &(impl Serialize + Sync),
    key: &SigningKey,
) -> Result<Descriptor, SignError> {
    let bytes = bundle::make_about(&subject.digest, predicate_type, predicate, key)?;
    Ok(attach(writer, subject, bytes, predicate_type).await?)
}

/// The statements of one kind that are attached to `digest`: those that `key` signed, or without a key all of them, of
/// which none is verified.
///
/// # Errors
/// When the registry fails, or, without a key, a bundle cannot be understood. With one, what it did not sign does not
/// count, whatever it is: else anybody could hinder a good attestation by attaching rubbish.
pub async fn attestations(
    reader: &Reader,
    digest: &Digest,
    predicate_type: &str,
    key: Option<&PublicKey>,
) -> Result<Vec<Attestation>, SignError> {
    let mut found = Vec::new();
    for candidate in bundles_of(reader, digest, predicate_type).await? {
        let read = match bundle_of(reader, &candidate, LIMIT).await {
            Ok(Some(bytes)) => open(&bytes, predicate_type, key),
            Ok(None) => continue,
            Err(error) if error.is_of_one_manifest() => Err(error.to_string()),
            Err(error) => return Err(error.into()),
        };
        match read {
            Ok(Some(statement)) => found.push(Attestation {
                referrer: candidate.digest,
                subjects: statement.subjects().collect(),
                predicate: statement.predicate.unwrap_or_default(),
            }),
            Ok(None) => {}
            Err(_) if key.is_some() => {}
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

/// The statement of a bundle, if it is of that kind, and by that key.
fn open(
    bytes: &[u8],
    predicate_type: &str,
    key: Option<&PublicKey>,
) -> Result<Option<Statement<Box<RawValue>>>, String> {
    let bundle = Opened::read(bytes)?;
    if key.is_some_and(|key| !bundle.is_signed_by(key)) {
        return Ok(None);
    }
    let Some(statement) = bundle.statement::<Box<RawValue>>().transpose()? else {
        return Ok(None);
    };
    if !statement.is_known() || statement.predicate_type != predicate_type {
        return Ok(None);
    }
    if statement.predicate.is_none() {
        return Err("its statement has no predicate".to_owned());
    }
    Ok(Some(statement))
}
