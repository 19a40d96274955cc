//! Writing the list of referrers of a digest where the registry does not keep it: the index at the fallback tag (OCI
//! distribution 1.1, "Pushing Manifests with Subject").

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use bytes::Bytes;
use oci_client::manifest::OCI_IMAGE_INDEX_MEDIA_TYPE;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::error::RegistryError;
use super::manifest::Descriptor;
use super::reader::Reader;
use super::referrers::fallback_tag;
use super::writer::Writer;
use crate::domain::{Digest, Target, clean_line};

/// How often the fallback index is written again when another writer was faster.
const FALLBACK_ATTEMPTS: usize = 8;

/// Whose turn it is to change a fallback index, by subject. Of two that read, change and write the same one at once, the
/// second would write over what the first has just seen to be there. Against other processes only the reading again helps.
fn turn(subject: &Digest) -> &'static Mutex<()> {
    static TURNS: [Mutex<()>; 64] = [const { Mutex::const_new(()) }; 64];
    let mut hasher = DefaultHasher::new();
    subject.hash(&mut hasher);
    let place = usize::try_from(hasher.finish() % 64).unwrap_or_default();
    &TURNS[place]
}

impl Writer {
    /// Adds the entries that the fallback index lacks.
    ///
    /// # Errors
    /// [`RegistryError::Unlisted`] where they are not on the list in the end: nobody would find them.
    pub(super) async fn list_in_fallback(
        &self,
        subject: &Digest,
        entries: &[Descriptor],
    ) -> Result<(), RegistryError> {
        let unlisted = |listed: &[Descriptor]| -> Vec<Descriptor> {
            let is_unlisted = |entry: &&Descriptor| listed.iter().all(|known| known.digest != entry.digest);
            entries.iter().filter(is_unlisted).cloned().collect()
        };
        let mut missing = entries.to_vec();
        let changed = self
            .change_fallback(subject, |listed| {
                missing = unlisted(listed);
                let added: Vec<_> = missing.iter().map(|entry| json!(entry)).collect();
                (!added.is_empty()).then_some(|manifests: &mut Vec<Value>| manifests.extend(added))
            })
            .await;
        changed.map_err(|error| error.into_error(self, subject, &missing))
    }

    /// The other way: takes the entry of `digest` out, if there is one, and returns it.
    pub(super) async fn unlist_in_fallback(
        &self,
        subject: &Digest,
        digest: &Digest,
    ) -> Result<Option<Descriptor>, RegistryError> {
        let mut taken_out = None;
        let changed = self
            .change_fallback(subject, |listed| {
                let entry = listed.iter().find(|entry| entry.digest == *digest)?;
                taken_out.get_or_insert_with(|| entry.clone());
                let digest = digest.to_string();
                Some(move |manifests: &mut Vec<Value>| {
                    manifests.retain(|entry| entry["digest"] != digest.as_str())
                })
            })
            .await;
        changed.map_err(|error| error.into_error(self, subject, &[]))?;
        Ok(taken_out)
    }

    /// Reads the fallback index, changes it as `change` says of what it lists, and writes it, until there is nothing left
    /// to change. Registries know no conditional write, so a lost update can only be found out afterwards: what was
    /// written is looked at once more after a pause, in which another writer, who had read before, has written too.
    async fn change_fallback<C>(
        &self,
        subject: &Digest,
        mut change: impl FnMut(&[Descriptor]) -> Option<C>,
    ) -> Result<(), Unchanged>
    where
        C: FnOnce(&mut Vec<Value>),
    {
        let tag = fallback_tag(subject)?;
        let target = Target::Tag(tag);
        let _turn = turn(subject).lock().await;
        let mut has_written = false;
        for _ in 0..FALLBACK_ATTEMPTS {
            if has_written {
                tokio::time::sleep(pause()).await;
            }
            let known = self.fallback_index(subject).await?;
            let Some(change) = change(known.as_ref().map_or(&[], |known| &known.entries)) else {
                return Ok(());
            };
            // What others wrote stays as they wrote it, also what is not understood here.
            let (mut index, media_type) = match &known {
                Some(index) => (
                    serde_json::from_slice(&index.bytes).unwrap_or_default(),
                    index.media_type.as_str(),
                ),
                None => (
                    json!({ "schemaVersion": 2, "mediaType": OCI_IMAGE_INDEX_MEDIA_TYPE }),
                    OCI_IMAGE_INDEX_MEDIA_TYPE,
                ),
            };
            let mut manifests = match index["manifests"].take() {
                Value::Array(manifests) => manifests,
                _ => Vec::new(),
            };
            change(&mut manifests);
            index["manifests"] = manifests.into();
            let bytes = Bytes::from(index.to_string());
            match self.put_manifest(&target, media_type, bytes).await {
                // What stands there instead was written by somebody else: it is read, and changed, anew.
                Ok(_) | Err(RegistryError::DigestMismatch { .. }) => has_written = true,
                // An immutable tag, for instance, which takes the first entry only.
                Err(RegistryError::Status { status, message, .. }) if (400..500).contains(&status) => {
                    return Err(Unchanged::Refused { status, message });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Unchanged::Lost)
    }
}

/// Why a fallback index is not as it should be.
enum Unchanged {
    Failed(RegistryError),
    Refused { status: u16, message: String },
    Lost,
}

impl From<RegistryError> for Unchanged {
    fn from(error: RegistryError) -> Self {
        Self::Failed(error)
    }
}

impl Unchanged {
    fn into_error(self, reader: &Reader, subject: &Digest, missing: &[Descriptor]) -> RegistryError {
        let (is_refused, why) = match self {
            Self::Failed(error) => return error,
            Self::Refused { status, message } if message.is_empty() => {
                (true, format!("it returned {status}"))
            }
            Self::Refused { status, message } => (true, format!("it returned {status}: {message}")),
            Self::Lost => (
                false,
                "others update the list at the same time, or the registry does not store it".to_owned(),
            ),
        };
        RegistryError::Unlisted {
            host: reader.repository().host().to_owned(),
            list: format!("{}:{}", reader.repository(), subject.fallback_tag()),
            entries: missing
                .iter()
                .map(|entry| match &entry.artifact_type {
                    Some(kind) => format!("{} ({})", entry.digest, clean_line(kind)),
                    None => entry.digest.to_string(),
                })
                .collect(),
            is_refused,
            why,
        }
    }
}

/// Before a list is looked at again: with chance, so that two writers do not keep step.
fn pause() -> Duration {
    Duration::from_millis(150).mul_f64(1.0 + 2.0 * rand::random::<f64>())
}
