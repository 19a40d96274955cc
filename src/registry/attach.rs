//! Attaching evidence to a digest.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;

use super::error::RegistryError;
use super::manifest::Descriptor;
use super::unlisted::Unlisted;
use super::writer::Writer;
use crate::domain::{Digest, Target};

const IMAGE_MANIFEST: &str = oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;

/// An artifact to be attached, whose bytes may differ each time that it is made: by a signature, or by the time in it.
pub struct Evidence {
    artifact_type: String,
    layers: Vec<(String, Bytes)>,
    annotations: BTreeMap<String, String>,
    about: Option<String>,
    statement: Option<String>,
}

impl Evidence {
    /// Evidence with these layers, each with its media type.
    pub fn new(
        artifact_type: &str,
        layers: Vec<(String, Bytes)>,
        annotations: BTreeMap<String, String>,
    ) -> Self {
        Self {
            artifact_type: artifact_type.to_owned(),
            layers,
            annotations,
            about: None,
            statement: None,
        }
    }

    /// What the same evidence has in common each time that it is made. What an earlier attempt could not list is then
    /// listed first: where the list still cannot be written, nothing more is left behind in the registry.
    #[must_use]
    pub fn about(mut self, about: String) -> Self {
        self.about = Some(about);
        self
    }

    /// What it states, where that is all that matters: what an earlier attempt left is enough if it states the same.
    #[must_use]
    pub fn stating(mut self, statement: Option<String>) -> Self {
        self.statement = statement;
        self
    }
}

impl Writer {
    /// Attaches an artifact whose bytes are the same each time that it is made.
    pub async fn attach(
        &self,
        subject: &Descriptor,
        artifact_type: &str,
        layers: Vec<(String, Bytes)>,
        annotations: BTreeMap<String, String>,
    ) -> Result<Descriptor, RegistryError> {
        self.attach_evidence(subject, Evidence::new(artifact_type, layers, annotations))
            .await
    }

    /// Attaches evidence to `subject`: its layers, an empty configuration and a manifest that names the subject.
    /// Where the registry does not say that it keeps the referrers itself, the fallback index is kept here.
    pub async fn attach_evidence(
        &self,
        subject: &Descriptor,
        evidence: Evidence,
    ) -> Result<Descriptor, RegistryError> {
        let unlisted = evidence.about.as_ref().and_then(|about| {
            let folder = self.transport.settings().unlisted.as_deref()?;
            let about = format!("{} {about}", evidence.artifact_type);
            Some(Unlisted::new(folder, self.repository(), &subject.digest, &about))
        });
        if let Some(unlisted) = &unlisted
            && let Some((earlier, statement)) = unlisted.read()
            && self.list_earlier(&subject.digest, &earlier).await?
        {
            unlisted.forget();
            if statement.is_some() && statement == evidence.statement {
                return Ok(earlier);
            }
        }
        let (descriptor, bytes) = self.put_parts(subject, &evidence).await?;
        let target = Target::Digest(descriptor.digest.clone());
        if !self.put_manifest(&target, &descriptor.media_type, bytes).await? {
            // From here on, until it is listed, nobody finds it: not even a process that goes on after this one.
            if let Some(unlisted) = &unlisted {
                unlisted.remember(&descriptor, evidence.statement.as_deref());
            }
            self.list_in_fallback(&subject.digest, std::slice::from_ref(&descriptor))
                .await?;
            if let Some(unlisted) = &unlisted {
                unlisted.forget();
            }
        }
        Ok(descriptor)
    }

    /// Lists what an earlier attempt left unlisted; `false` if the registry does not have it any more.
    async fn list_earlier(&self, subject: &Digest, earlier: &Descriptor) -> Result<bool, RegistryError> {
        let target = Target::Digest(earlier.digest.clone());
        if self.resolve(&target).await?.is_none() {
            return Ok(false);
        }
        self.list_in_fallback(subject, std::slice::from_ref(earlier))
            .await?;
        Ok(true)
    }

    /// Puts what the manifest of `evidence` consists of; the manifest.
    async fn put_parts(
        &self,
        subject: &Descriptor,
        evidence: &Evidence,
    ) -> Result<(Descriptor, Bytes), RegistryError> {
        let mut described = Vec::with_capacity(evidence.layers.len());
        for (media_type, bytes) in &evidence.layers {
            let descriptor = Descriptor::new(media_type.clone(), Digest::of(bytes), bytes.len() as u64);
            self.put_blob(bytes.clone()).await?;
            described.push(descriptor);
        }
        self.put_blob(Bytes::from_static(b"{}")).await?;
        let document = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "artifactType": evidence.artifact_type,
            "config": Descriptor::new("application/vnd.oci.empty.v1+json", Digest::of(b"{}"), 2),
            "layers": described,
            "subject": Descriptor::new(subject.media_type.clone(), subject.digest.clone(), subject.size),
            "annotations": evidence.annotations,
        });
        let bytes = Bytes::from(document.to_string());
        let mut descriptor = Descriptor::new(IMAGE_MANIFEST, Digest::of(&bytes), bytes.len() as u64);
        descriptor.artifact_type = Some(evidence.artifact_type.clone());
        descriptor.annotations.clone_from(&evidence.annotations);
        Ok((descriptor, bytes))
    }
}
