//! Adding to what cosign keeps of a digest in its old form: a manifest at a tag, of which each layer is one signature or
//! attestation (<https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>).

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;

use super::copy::cosign::old_tag;
use super::error::RegistryError;
use super::manifest::{Content, Descriptor};
use super::writer::Writer;
use crate::domain::{Digest, Target};

const IMAGE_MANIFEST: &str = oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;
const IMAGE_CONFIG: &str = oci_client::manifest::IMAGE_CONFIG_MEDIA_TYPE;
/// How often it is tried again where somebody else adds something at the same time.
const TRIES: usize = 4;

/// Which of the old tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldTag {
    /// `sha256-….sig`
    Signature,
    /// `sha256-….att`
    Attestation,
}

impl OldTag {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Signature => "sig",
            Self::Attestation => "att",
        }
    }
}

impl Writer {
    /// Adds a layer with its annotations to what is at the old tag of `digest`; what others left there stays. Returns the
    /// manifest that holds it now.
    ///
    /// # Errors
    /// When the registry fails, when the digest is not a SHA-256, for which there is no such tag, or when others change
    /// what is there each time.
    pub async fn add_in_old_form(
        &self,
        digest: &Digest,
        tag: OldTag,
        media_type: &str,
        bytes: Bytes,
        annotations: BTreeMap<String, String>,
    ) -> Result<Descriptor, RegistryError> {
        let broken = |why: &str| RegistryError::Broken {
            host: self.repository().host().to_owned(),
            request: format!("the {} tag of {}", tag.suffix(), digest.short()),
            why: why.to_owned(),
        };
        let name = old_tag(digest, tag.suffix()).ok_or_else(|| broken("only a SHA-256 digest has one"))?;
        let target = Target::Tag(name);
        let mut layer = Descriptor::new(media_type, Digest::of(&bytes), bytes.len() as u64);
        layer.annotations = annotations;
        self.put_blob(bytes).await?;
        for _ in 0..TRIES {
            let mut layers = self.layers_at(&target).await?;
            layers.push(layer.clone());
            let (descriptor, manifest) = self.put_config(&layers).await?;
            self.put_manifest(&target, IMAGE_MANIFEST, manifest).await?;
            // A tag can be written over: somebody else may have added to what was there before.
            let now = self.layers_at(&target).await?;
            if now
                .iter()
                .any(|there| there.digest == layer.digest && there.annotations == layer.annotations)
            {
                return Ok(descriptor);
            }
        }
        Err(broken("others wrote over it each time"))
    }

    async fn layers_at(&self, target: &Target) -> Result<Vec<Descriptor>, RegistryError> {
        match self.manifest(target).await {
            Ok(manifest) => Ok(match manifest.content() {
                Content::Image { layers, .. } => layers.clone(),
                Content::Index { .. } => Vec::new(),
            }),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Puts the configuration that such a manifest has, one of an image without files; the manifest.
    async fn put_config(&self, layers: &[Descriptor]) -> Result<(Descriptor, Bytes), RegistryError> {
        const NEVER: &str = "0001-01-01T00:00:00Z";
        let digests: Vec<_> = layers.iter().map(|layer| layer.digest.to_string()).collect();
        let history: Vec<_> = layers.iter().map(|_| json!({ "created": NEVER })).collect();
        let config = json!({
            "architecture": "", "created": NEVER, "history": history, "os": "",
            "rootfs": { "type": "layers", "diff_ids": digests }, "config": {},
        });
        let config = Bytes::from(config.to_string());
        let described = Descriptor::new(IMAGE_CONFIG, Digest::of(&config), config.len() as u64);
        self.put_blob(config).await?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": IMAGE_MANIFEST, "config": described, "layers": layers,
        });
        let bytes = Bytes::from(manifest.to_string());
        let descriptor = Descriptor::new(IMAGE_MANIFEST, Digest::of(&bytes), bytes.len() as u64);
        Ok((descriptor, bytes))
    }
}
