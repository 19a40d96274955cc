//! What is attached to a digest: signatures, reports, attestations. By the referrers API where there is one, else by
//! the index at the fallback tag (OCI distribution 1.1, "Listing Referrers" and "Referrers Tag Schema").

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::Bytes;
use oci_client::manifest::OCI_IMAGE_INDEX_MEDIA_TYPE;
use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::copy::cosign::Reserved;
use super::error::RegistryError;
use super::manifest::{Descriptor, MANIFEST_LIMIT, Manifest};
use super::reader::Reader;
use super::writer::Writer;
use crate::domain::{Algorithm, Digest, ImageError, Tag, Target};

/// How often the fallback index is written again when another writer was faster.
const FALLBACK_ATTEMPTS: usize = 5;
/// More pages of referrers than any digest has.
const MOST_PAGES: usize = 200;

impl Reader {
    /// The referrers of `digest`, all or those of one artifact type. "None" is only ever said by the registry: an
    /// error on the way is an error.
    pub async fn referrers(
        &self,
        digest: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        let mut found = match self.by_api(digest, artifact_type).await? {
            Some(found) => found,
            None => self.by_fallback_tag(digest).await?,
        };
        if let Some(wanted) = artifact_type {
            // Not every registry filters, and entries without a type tell it only in their manifest.
            found.retain(|entry| entry.artifact_type.as_deref().is_none_or(|kind| kind == wanted));
        }
        Ok(found)
    }

    /// All referrers of a `digest` that is there, for whoever asks about many: a registry that has no API for one digest
    /// has none for the next; and if its fallback tags are all known (`reserved`), only those that exist are asked for.
    pub(super) async fn referrers_among(
        &self,
        digest: &Digest,
        reserved: &Reserved,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        let host = self.repository.host();
        let known = &self.transport.known;
        if known.ways(host).referrers_api != Some(false) {
            let found = self.by_api(digest, None).await?;
            known.learn(host, |ways| ways.referrers_api = Some(found.is_some()));
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let is_missing = reserved.as_ref().is_some_and(|names| {
            digest.algorithm() == Algorithm::Sha256 && !names.contains(&digest.fallback_tag())
        });
        if is_missing {
            return Ok(Vec::new());
        }
        self.by_fallback_tag(digest).await
    }

    /// Through the API; none where the registry has none.
    pub(super) async fn by_api(
        &self,
        digest: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let what = format!("the referrers of {}@{}", self.repository, digest.short());
        let mut path = format!("referrers/{digest}");
        if let Some(kind) = artifact_type {
            let kind: String = url::form_urlencoded::byte_serialize(kind.as_bytes()).collect();
            path = format!("{path}?artifactType={kind}");
        }
        let mut call = self
            .call(Method::GET, &path)
            .header(header::ACCEPT, OCI_IMAGE_INDEX_MEDIA_TYPE);
        let mut found = Vec::new();
        for page in 0..MOST_PAGES {
            let answer = self.send(call).await?;
            match answer.status() {
                200 => {}
                // A registry with the API answers 200 for any digest, known or not.
                404 if page == 0 => return Ok(None),
                _ => return Err(answer.into_error(&what).await),
            }
            // A catch-all that answers every path is not the API.
            if page == 0 && !answer.header("content-type").is_some_and(|t| t.contains("json")) {
                return Ok(None);
            }
            let next = answer.next_page();
            let host = answer.host().to_owned();
            let bytes = answer.bytes(MANIFEST_LIMIT, &what).await?;
            let index = Manifest::parse(bytes.clone(), Digest::of(&bytes), None).map_err(|why| {
                RegistryError::Malformed {
                    host,
                    what: what.clone(),
                    why,
                }
            })?;
            found.extend(index.children().iter().cloned());
            match next {
                Some(next) => call = self.absolute(Method::GET, next),
                None => return Ok(Some(found)),
            }
        }
        Err(RegistryError::Malformed {
            host: self.repository().host().to_owned(),
            what,
            why: format!("come in more than {MOST_PAGES} pages"),
        })
    }

    /// From the index at the fallback tag.
    pub(super) async fn by_fallback_tag(&self, digest: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let index = self.fallback_index(digest).await?;
        Ok(index.map_or_else(Vec::new, |index| index.children().to_vec()))
    }

    /// The index at `sha256-<hex>`, if there is one. GitLab may resolve such a name to the subject itself: an index is
    /// taken only if it is another one than the subject.
    async fn fallback_index(&self, digest: &Digest) -> Result<Option<Manifest>, RegistryError> {
        match self.manifest(&Target::Tag(fallback_tag(digest)?)).await {
            Ok(index) if index.descriptor().digest == *digest => Ok(None),
            Ok(index) => Ok(Some(index)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

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
    /// Attaches an artifact to `subject`: its layers, an empty configuration and a manifest that names the subject.
    /// Where the registry does not say that it keeps the referrers itself, the fallback index is kept here.
    pub async fn attach(
        &self,
        subject: &Descriptor,
        artifact_type: &str,
        layers: Vec<(String, Bytes)>,
        annotations: BTreeMap<String, String>,
    ) -> Result<Descriptor, RegistryError> {
        let mut described = Vec::with_capacity(layers.len());
        for (media_type, bytes) in layers {
            let descriptor = Descriptor::new(media_type, Digest::of(&bytes), bytes.len() as u64);
            self.put_blob(bytes).await?;
            described.push(descriptor);
        }
        self.put_blob(Bytes::from_static(b"{}")).await?;
        let document = json!({
            "schemaVersion": 2,
            "mediaType": oci_client::manifest::OCI_IMAGE_MEDIA_TYPE,
            "artifactType": artifact_type,
            "config": Descriptor::new("application/vnd.oci.empty.v1+json", Digest::of(b"{}"), 2),
            "layers": described,
            "subject": Descriptor::new(subject.media_type.clone(), subject.digest.clone(), subject.size),
            "annotations": annotations,
        });
        let bytes = Bytes::from(document.to_string());
        let mut descriptor = Descriptor::new(
            oci_client::manifest::OCI_IMAGE_MEDIA_TYPE,
            Digest::of(&bytes),
            bytes.len() as u64,
        );
        descriptor.artifact_type = Some(artifact_type.to_owned());
        descriptor.annotations = annotations;
        // Where the registry does not keep the referrers itself, their list is kept here.
        let target = Target::Digest(descriptor.digest.clone());
        if !self.put_manifest(&target, &descriptor.media_type, bytes).await? {
            self.list_in_fallback(&subject.digest, std::slice::from_ref(&descriptor))
                .await?;
        }
        Ok(descriptor)
    }

    /// Adds the entries that the fallback index lacks.
    pub(super) async fn list_in_fallback(
        &self,
        subject: &Digest,
        entries: &[Descriptor],
    ) -> Result<(), RegistryError> {
        self.change_fallback(subject, |listed| {
            let is_unlisted = |entry: &&Descriptor| listed.iter().all(|known| known.digest != entry.digest);
            let unlisted: Vec<_> = entries
                .iter()
                .filter(is_unlisted)
                .map(|entry| json!(entry))
                .collect();
            (!unlisted.is_empty()).then_some(|manifests: &mut Vec<Value>| manifests.extend(unlisted))
        })
        .await
    }

    /// The other way: takes the entry of `digest` out, if there is one, and returns it.
    pub(super) async fn unlist_in_fallback(
        &self,
        subject: &Digest,
        digest: &Digest,
    ) -> Result<Option<Descriptor>, RegistryError> {
        let mut taken_out = None;
        self.change_fallback(subject, |listed| {
            let entry = listed.iter().find(|entry| entry.digest == *digest)?;
            taken_out.get_or_insert_with(|| entry.clone());
            let digest = digest.to_string();
            Some(move |manifests: &mut Vec<Value>| {
                manifests.retain(|entry| entry["digest"] != digest.as_str())
            })
        })
        .await?;
        Ok(taken_out)
    }

    /// Reads the fallback index, changes it as `change` says of what it lists, writes it and reads it again, until there is
    /// nothing left to change: registries know no conditional write, so a lost update can only be found out afterwards.
    async fn change_fallback<C>(
        &self,
        subject: &Digest,
        mut change: impl FnMut(&[Descriptor]) -> Option<C>,
    ) -> Result<(), RegistryError>
    where
        C: FnOnce(&mut Vec<Value>),
    {
        let tag = fallback_tag(subject)?;
        let _turn = turn(subject).lock().await;
        let odd = |why: &str| RegistryError::Malformed {
            host: self.repository().host().to_owned(),
            what: format!("{}:{tag}", self.repository()),
            why: why.to_owned(),
        };
        for _ in 0..FALLBACK_ATTEMPTS {
            let known = self.fallback_index(subject).await?;
            let Some(change) = change(known.as_ref().map_or(&[], Manifest::children)) else {
                return Ok(());
            };
            // What others wrote stays as they wrote it, also what is not understood here.
            let mut index = match &known {
                Some(index) => serde_json::from_slice(index.bytes()).unwrap_or_default(),
                None => json!({
                    "schemaVersion": 2,
                    "mediaType": OCI_IMAGE_INDEX_MEDIA_TYPE,
                    "manifests": [],
                }),
            };
            let Some(manifests) = index["manifests"].as_array_mut() else {
                return Err(odd("is no index, though it has the name of one of referrers"));
            };
            change(manifests);
            let media_type = known.as_ref().map_or(OCI_IMAGE_INDEX_MEDIA_TYPE, |known| {
                known.descriptor().media_type.as_str()
            });
            let bytes = Bytes::from(index.to_string());
            self.put_manifest(&Target::Tag(tag.clone()), media_type, bytes)
                .await?;
        }
        Err(odd(
            "loses what is written to it: others write to it at the same time, or it keeps nothing",
        ))
    }
}

fn fallback_tag(digest: &Digest) -> Result<Tag, RegistryError> {
    digest
        .fallback_tag()
        .parse()
        .map_err(|error: ImageError| RegistryError::Malformed {
            host: String::new(),
            what: digest.to_string(),
            why: error.to_string(),
        })
}
