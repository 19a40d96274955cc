//! Manifests and descriptors: the bytes as they came, and what is understood of them.

use std::collections::BTreeMap;

use bytes::Bytes;
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
};
use serde::{Deserialize, Serialize};

use crate::domain::{Digest, Platform, clean_line};

/// The most bytes of a manifest, as the OCI distribution specification 1.1 advises.
pub const MANIFEST_LIMIT: u64 = 4 * 1024 * 1024;

/// The media types that are asked for, best first.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json, */*;q=0.1";

/// A pointer to content: what it is, which, and how large (OCI image specification 1.1, "Descriptor").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type of the content.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The platform, on an entry of an index.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "platform_object",
        deserialize_with = "platform"
    )]
    pub platform: Option<Platform>,
    /// The kind of artifact, on a referrer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Annotations; text from outside.
    #[serde(
        default,
        deserialize_with = "null_is_empty",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
    /// Where else the content may be had.
    #[serde(
        default,
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub urls: Vec<String>,
}

/// A list or map that is `null` is empty: Go writes it so.
fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of which it matters whether it is there, be it as `null`.
#[derive(Default)]
enum Entries {
    #[default]
    Absent,
    Null,
    List(Vec<Descriptor>),
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::List))
    }
}

/// The platform of an index entry is an object in JSON, and a text here.
fn platform<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Platform>, D::Error> {
    #[derive(Deserialize)]
    struct Object {
        #[serde(default)]
        os: String,
        #[serde(default)]
        architecture: String,
        #[serde(default)]
        variant: Option<String>,
    }
    let object = Option::<Object>::deserialize(deserializer)?;
    let clean = |text: String| clean_line(&text);
    Ok(object.map(|o| Platform {
        os: clean(o.os),
        architecture: clean(o.architecture),
        variant: o.variant.map(clean).filter(|variant| !variant.is_empty()),
    }))
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
fn platform_object<S: serde::Serializer>(
    platform: &Option<Platform>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Object<'a> {
        architecture: &'a str,
        os: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        variant: Option<&'a str>,
    }
    let object = platform.as_ref().map(|platform| Object {
        architecture: &platform.architecture,
        os: &platform.os,
        variant: platform.variant.as_deref(),
    });
    object.serialize(serializer)
}

/// All sizes together; what a hostile manifest says may not even fit a number.
pub(super) fn total(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.fold(0, u64::saturating_add)
}

impl Descriptor {
    /// A descriptor without anything optional.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            platform: None,
            artifact_type: None,
            annotations: BTreeMap::new(),
            urls: Vec::new(),
        }
    }

    /// Whether the content is another index or manifest.
    pub fn is_manifest(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            OCI_IMAGE_INDEX_MEDIA_TYPE
                | OCI_IMAGE_MEDIA_TYPE
                | IMAGE_MANIFEST_LIST_MEDIA_TYPE
                | IMAGE_MANIFEST_MEDIA_TYPE
        )
    }

    /// Whether the content is the manifest of one image or artifact: it names blobs and no further manifests.
    pub fn is_image(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            OCI_IMAGE_MEDIA_TYPE | IMAGE_MANIFEST_MEDIA_TYPE
        )
    }

    /// Whether the content is a layer that registries need not store, because it may not be distributed.
    pub fn is_foreign(&self) -> bool {
        // Addresses beside an ordinary layer are only further places where it may be had (OCI image specification 1.1,
        // "Descriptor", and "Non-Distributable Layers").
        self.media_type.contains(".foreign.") || self.media_type.contains(".nondistributable.")
    }

    /// Whether an index entry is marked as an attestation that buildx put beside the images.
    pub(super) fn is_marked_as_attestation(&self) -> bool {
        self.annotations
            .get("vnd.docker.reference.type")
            .is_some_and(|kind| kind == "attestation-manifest")
    }

    /// Whether an index entry is an attestation that buildx put beside the images, not an image.
    pub fn is_attestation(&self) -> bool {
        self.is_marked_as_attestation() || self.platform.as_ref().is_some_and(Platform::is_unknown)
    }
}

/// A manifest: the bytes unchanged, and what they say.
#[derive(Debug, Clone)]
pub struct Manifest {
    pub(super) bytes: Bytes,
    pub(super) descriptor: Descriptor,
    pub(super) content: Content,
    pub(super) subject: Option<Digest>,
}

/// What a manifest is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An index (OCI) or manifest list (Docker).
    Index {
        /// The entries.
        manifests: Vec<Descriptor>,
    },
    /// An image or another artifact.
    Image {
        /// The configuration.
        config: Box<Descriptor>,
        /// The layers.
        layers: Vec<Descriptor>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    schema_version: Option<u8>,
    media_type: Option<String>,
    #[serde(default)]
    manifests: Entries,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    artifact_type: Option<String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

impl Manifest {
    /// Understands `bytes`, which came with the header `content_type`. The error says what is wrong with them, in words
    /// that may be shown.
    pub(super) fn parse(bytes: Bytes, digest: Digest, content_type: Option<&str>) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(&bytes)
            .map_err(|error| format!("is not a manifest: {}", clean_line(&error.to_string())))?;
        if document.schema_version == Some(1) {
            return Err(
                "has Docker schema 1, which has no stable digest and cannot be promoted: rebuild it"
                    .to_owned(),
            );
        }
        let header = content_type.map(|t| t.split(';').next().unwrap_or(t).trim().to_owned());
        let (content, usual) = match (document.manifests, document.config) {
            (Entries::List(manifests), None) => (Content::Index { manifests }, OCI_IMAGE_INDEX_MEDIA_TYPE),
            (Entries::Null, None) => {
                let manifests = Vec::new();
                (Content::Index { manifests }, OCI_IMAGE_INDEX_MEDIA_TYPE)
            }
            (Entries::Absent | Entries::Null, Some(config)) => (
                Content::Image {
                    config: Box::new(config),
                    layers: document.layers.unwrap_or_default(),
                },
                OCI_IMAGE_MEDIA_TYPE,
            ),
            (Entries::List(_), Some(_)) => {
                return Err("is both an index and an image, which is not allowed".to_owned());
            }
            (Entries::Absent, None) => return Err("is JSON, but neither an index nor an image".to_owned()),
        };
        let named = document.media_type.filter(|kind| !kind.is_empty());
        let media_type = named.or(header).unwrap_or_else(|| usual.to_owned());
        let mut descriptor = Descriptor::new(media_type, digest, bytes.len() as u64);
        let kind = document.artifact_type.filter(|kind| !kind.is_empty());
        descriptor.artifact_type = kind.or_else(|| match &content {
            Content::Image { config, .. } => Some(config.media_type.clone()),
            Content::Index { .. } => None,
        });
        descriptor.annotations = document.annotations.unwrap_or_default();
        Ok(Self {
            bytes,
            descriptor,
            content,
            subject: document.subject.map(|subject| subject.digest),
        })
    }

    /// The bytes, exactly as the registry has them.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Digest, size and media type, and the artifact type and annotations that the manifest gives itself.
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The digest that it refers to, where it is a referrer.
    pub const fn subject(&self) -> Option<&Digest> {
        self.subject.as_ref()
    }

    /// What it is made of.
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// The manifests that an index names; none for an image.
    pub fn children(&self) -> &[Descriptor] {
        match &self.content {
            Content::Index { manifests } => manifests,
            Content::Image { .. } => &[],
        }
    }

    /// The configuration of an image; none for an index.
    pub(super) fn config(&self) -> Option<&Descriptor> {
        match &self.content {
            Content::Image { config, .. } => Some(config),
            Content::Index { .. } => None,
        }
    }

    /// The blobs that an image needs: its configuration and its layers; none for an index.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let (config, layers) = match &self.content {
            Content::Image { config, layers } => (Some(config), layers.as_slice()),
            Content::Index { .. } => (None, [].as_slice()),
        };
        config.map(AsRef::as_ref).into_iter().chain(layers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest, String> {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        Manifest::parse(
            bytes,
            Digest::of(text.as_bytes()),
            Some("application/vnd.oci.image.index.v1+json"),
        )
    }

    #[test]
    fn an_index_names_its_platforms_and_buildx_attestations_are_none() {
        let digest = Digest::of(b"x");
        let text = format!(
            r#"{{"schemaVersion":2,"manifests":[
            {{"mediaType":"{OCI_IMAGE_MEDIA_TYPE}","digest":"{digest}","size":1,"platform":{{"os":"linux","architecture":"arm64","variant":"v8"}}}},
            {{"mediaType":"{OCI_IMAGE_MEDIA_TYPE}","digest":"{digest}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}}}}]}}"#
        );
        let manifest = parse(&text).unwrap();
        assert_eq!(
            manifest.children()[0].platform.as_ref().unwrap().to_string(),
            "linux/arm64/v8"
        );
        assert!(!manifest.children()[0].is_attestation());
        assert!(manifest.children()[1].is_attestation());
        assert_eq!(manifest.blobs().count(), 0);
        // Written again, as into a fallback index, an entry is what it was.
        let again = serde_json::to_value(&manifest.children()[0]).unwrap();
        assert_eq!(again["platform"]["architecture"], "arm64");
        assert_eq!(
            serde_json::from_value::<Descriptor>(again).unwrap(),
            manifest.children()[0]
        );
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_its_reason() {
        for (text, why) in [
            ("<html>", "is not a manifest"),
            ("{}", "neither an index nor an image"),
            (r#"{"schemaVersion":1,"name":"x"}"#, "schema 1"),
            (
                r#"{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"latest","size":1}]}"#,
                "not a digest",
            ),
            (
                r#"{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"sha256:00","size":-1}]}"#,
                "is not a manifest",
            ),
            (
                r#"{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"\u001b[31m","size":1}]}"#,
                "not a digest",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{error}");
            assert!(!error.contains('\u{1b}'), "{error:?}");
        }
    }
}
