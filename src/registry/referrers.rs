//! What is attached to a digest: signatures, reports, attestations. By the referrers API where there is one, else by
//! the index at the fallback tag (OCI distribution 1.1, "Listing Referrers" and "Referrers Tag Schema").

use std::collections::BTreeMap;

use bytes::Bytes;
use oci_client::manifest::OCI_IMAGE_INDEX_MEDIA_TYPE;
use reqwest::{Method, header};

use super::error::RegistryError;
use super::manifest::{Descriptor, MANIFEST_LIMIT, Manifest};
use super::reader::{Reader, next_page};
use super::writer::Writer;
use crate::domain::{Digest, ImageError, Tag, Target};

/// How often the fallback index is written again when another writer was faster.
const FALLBACK_ATTEMPTS: usize = 5;

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

    /// Through the API; none where the registry has none.
    async fn by_api(
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
        loop {
            let answer = self.send(call).await?;
            match answer.status() {
                200 => {}
                // Registries without the API answer 404; some with 400 or 405 for a path that they do not know.
                404 | 400 | 405 if found.is_empty() => return Ok(None),
                _ => return Err(answer.into_error(&what).await),
            }
            // A catch-all that answers every path is not the API.
            if !answer.header("content-type").is_some_and(|t| t.contains("json")) {
                return Ok(None);
            }
            let next = next_page(&answer);
            let host = answer.host().to_owned();
            let bytes = answer.bytes(MANIFEST_LIMIT, &what).await?;
            let page = Manifest::parse(bytes.clone(), Digest::of(&bytes), None).map_err(|why| {
                RegistryError::Malformed {
                    host,
                    what: what.clone(),
                    why,
                }
            })?;
            let before = found.len();
            found.extend(page.children().iter().cloned());
            match next {
                Some(next) if found.len() > before => call = self.absolute(Method::GET, next),
                _ => return Ok(Some(found)),
            }
        }
    }

    /// From the index at `sha256-<hex>`. GitLab may resolve such a name to the subject itself: an index is taken only
    /// if it is another one than the subject.
    async fn by_fallback_tag(&self, digest: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let index = match self.manifest(&Target::Tag(fallback_tag(digest)?)).await {
            Ok(index) => index,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if index.descriptor().digest == *digest {
            return Ok(Vec::new());
        }
        Ok(index.children().to_vec())
    }
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
        let document = serde_json::json!({
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
        self.put_referrer(&subject.digest, &descriptor, bytes).await?;
        Ok(descriptor)
    }

    /// Puts the manifest of a referrer by digest, unchanged, and sees to it that it can be found.
    pub(super) async fn put_referrer(
        &self,
        subject: &Digest,
        descriptor: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), RegistryError> {
        let target = Target::Digest(descriptor.digest.clone());
        let keeps_referrers = self.put_manifest(&target, &descriptor.media_type, bytes).await?;
        if keeps_referrers {
            Ok(())
        } else {
            self.list_in_fallback(subject, descriptor).await
        }
    }

    /// Reads the fallback index, adds the entry, writes it and reads it again: registries know no conditional write,
    /// so a lost update can only be found out afterwards.
    async fn list_in_fallback(&self, subject: &Digest, entry: &Descriptor) -> Result<(), RegistryError> {
        let tag = fallback_tag(subject)?;
        for _ in 0..FALLBACK_ATTEMPTS {
            let mut entries = self.by_fallback_tag(subject).await?;
            if entries.iter().any(|known| known.digest == entry.digest) {
                return Ok(());
            }
            entries.push(entry.clone());
            let document = serde_json::json!({
                "schemaVersion": 2,
                "mediaType": OCI_IMAGE_INDEX_MEDIA_TYPE,
                "manifests": entries,
            });
            let bytes = Bytes::from(document.to_string());
            self.put_manifest(&Target::Tag(tag.clone()), OCI_IMAGE_INDEX_MEDIA_TYPE, bytes)
                .await?;
        }
        Err(RegistryError::Malformed {
            host: self.repository().host().to_owned(),
            what: format!("{}:{tag}", self.repository()),
            why: "loses what is written to it: others write to it at the same time, or it keeps nothing"
                .to_owned(),
        })
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
