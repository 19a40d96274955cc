//! What a repository holds, and what goes with one of its manifests: for whoever decides what nobody needs any more.
//!
//! Registries list tags only. What has no tag is found by what names it (an index) or by what it is attached to (a referrer,
//! by the API or the index at the fallback tag; signatures of the old form by their tags).

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;

use super::concurrency::together;
use super::copy::cosign;
use super::error::RegistryError;
use super::images::ConfigDocument;
use super::manifest::{Content, Descriptor, Manifest};
use super::reader::Reader;
use super::referrers::fallback_tag;
use crate::domain::{Digest, Tag, Target};

/// The annotation with the time of what is attached (OCI image specification, "Pre-Defined Annotation Keys").
const CREATED: &str = "org.opencontainers.image.created";
/// The endings of the tags of what cosign attaches in the old form.
const OLD_FORMS: [&str; 3] = ["sig", "att", "sbom"];
/// More manifests than go with any image.
const MAX_PARTS: usize = 10_000;

/// A manifest, as far as it matters who needs it.
#[derive(Debug, Clone)]
pub struct StoredManifest {
    /// Its digest.
    pub digest: Digest,
    /// The manifests that it names.
    pub children: Vec<Descriptor>,
    /// The blobs that it needs, with their sizes; itself among them.
    pub blobs: Vec<(Digest, u64)>,
    /// The configuration, where it is an image.
    pub config: Option<Descriptor>,
    /// The manifest that it is attached to.
    pub subject: Option<Digest>,
    /// What kind of artifact it is; text from outside.
    pub artifact_type: Option<String>,
    /// When it says that it was made.
    pub created: Option<Timestamp>,
}

/// What goes with a manifest that is deleted.
#[derive(Debug, Clone, Default)]
pub struct GoesWith {
    /// The manifests that it names, those of nested indexes too, and what is attached to it and to these.
    pub manifests: Vec<StoredManifest>,
    /// The tags of old forms and of lists of referrers that point to some of them.
    pub tags: Vec<Tag>,
}

/// What an image says of how it came about.
#[derive(Debug, Clone, Default)]
pub struct BuiltAs {
    /// When.
    pub created: Option<Timestamp>,
    /// From which commit.
    pub revision: Option<String>,
}

impl StoredManifest {
    fn new(manifest: &Manifest) -> Self {
        let described = manifest.descriptor();
        let own = (described.digest.clone(), described.size);
        let blobs = manifest.blobs().map(|blob| (blob.digest.clone(), blob.size));
        let children = manifest.children().iter().filter(|child| child.is_manifest());
        Self {
            digest: described.digest.clone(),
            children: children.cloned().collect(),
            blobs: std::iter::once(own).chain(blobs).collect(),
            config: match manifest.content() {
                Content::Image { config, .. } => Some(config.as_ref().clone()),
                Content::Index { .. } => None,
            },
            subject: manifest.subject().cloned(),
            artifact_type: described.artifact_type.clone(),
            created: described
                .annotations
                .get(CREATED)
                .and_then(|text| text.parse().ok()),
        }
    }
}

/// The digest in hexadecimal that a tag of an old form, or of a list of referrers, is about; none for any other tag.
pub fn attached_to(tag: &Tag) -> Option<&str> {
    let text = tag.as_str();
    let text = OLD_FORMS
        .iter()
        .find_map(|ending| text.strip_suffix(ending)?.strip_suffix('.'))
        .unwrap_or(text);
    let hex = text
        .strip_prefix("sha256-")
        .or_else(|| text.strip_prefix("sha512-"))?;
    let is_hex = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then_some(hex)
}

impl Reader {
    /// What `target` is; none if it is not there. One request.
    pub async fn stored(&self, target: &Target) -> Result<Option<StoredManifest>, RegistryError> {
        match self.manifest(target).await {
            Ok(manifest) => Ok(Some(StoredManifest::new(&manifest))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same of several, in their order. One request each. What concerns one manifest alone is its own error.
    pub async fn stored_all(
        &self,
        targets: Vec<Target>,
    ) -> Result<Vec<Result<Option<StoredManifest>, RegistryError>>, RegistryError> {
        let asking = targets.into_iter().map(|target| async move {
            match self.stored(&target).await {
                Err(error) if error.is_of_one_manifest() => Ok(Err(error)),
                other => Ok(Ok(other?)),
            }
        });
        together(asking.collect()).await
    }

    /// All that goes with `root`, which nothing of `stays` does; `tags` are all tags of the repository. What is listed as
    /// attached counts only if it says so itself, as anybody may write such a list. For each manifest one request that reads
    /// it, and one for what is attached to it.
    pub async fn goes_with(
        &self,
        root: &StoredManifest,
        tags: &HashSet<Tag>,
        stays: &BTreeSet<Digest>,
    ) -> Result<GoesWith, RegistryError> {
        let mut found = GoesWith::default();
        let mut seen = HashSet::from([root.digest.clone()]);
        let mut open = vec![root.clone()];
        while let Some(manifest) = open.pop() {
            let mut more = Vec::new();
            for child in &manifest.children {
                if !stays.contains(&child.digest) && seen.insert(child.digest.clone()) {
                    more.push((child.digest.clone(), None));
                }
            }
            let (listed, leaves) = tokio::try_join!(
                self.listed_for(&manifest.digest, tags),
                self.by_tags(&manifest.digest, tags)
            )?;
            for (tag, leaf) in leaves {
                // Where a registry takes such a name for the subject itself, it is no list.
                if leaf.digest == manifest.digest || stays.contains(&leaf.digest) {
                    continue;
                }
                found.tags.push(tag);
                if seen.insert(leaf.digest.clone()) {
                    found.manifests.push(leaf);
                }
            }
            for entry in listed {
                if !stays.contains(&entry.digest) && seen.insert(entry.digest.clone()) {
                    more.push((entry.digest, Some(&manifest.digest)));
                }
            }
            if seen.len() > MAX_PARTS {
                return Err(RegistryError::Malformed {
                    host: self.repository().host().to_owned(),
                    what: self.name(&Target::Digest(root.digest.clone())),
                    why: format!("has more than {MAX_PARTS} manifests with it"),
                });
            }
            let reading = more.into_iter().map(|(digest, subject)| async move {
                let stored = self.stored(&Target::Digest(digest)).await?;
                Ok(stored
                    .filter(|stored| subject.is_none_or(|subject| stored.subject.as_ref() == Some(subject))))
            });
            let read = together(reading.collect()).await?.into_iter().flatten();
            for part in read {
                found.manifests.push(part.clone());
                open.push(part);
            }
        }
        Ok(found)
    }

    /// What is listed as attached to `digest`.
    async fn listed_for(
        &self,
        digest: &Digest,
        tags: &HashSet<Tag>,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        if let Some(listed) = self.by_api(digest).await? {
            return Ok(listed);
        }
        if tags.contains(&fallback_tag(digest)?) {
            self.by_fallback_tag(digest).await
        } else {
            Ok(Vec::new())
        }
    }

    /// What tags say is about `digest`: in cosign's old form, and the list of its referrers.
    async fn by_tags(
        &self,
        digest: &Digest,
        tags: &HashSet<Tag>,
    ) -> Result<Vec<(Tag, StoredManifest)>, RegistryError> {
        let old = OLD_FORMS
            .iter()
            .filter_map(|ending| cosign::old_tag(digest, ending));
        let names = old
            .chain([fallback_tag(digest)?])
            .filter(|tag| tags.contains(tag));
        let reading = names.map(|tag| async move {
            let stored = self.stored(&Target::Tag(tag.clone())).await?;
            Ok(stored.map(|stored| (tag, stored)))
        });
        Ok(together(reading.collect()).await?.into_iter().flatten().collect())
    }

    /// What an image says of how it came about, by its configuration; nothing where it says nothing. One request.
    pub async fn built_as(&self, config: Option<&Descriptor>) -> Result<BuiltAs, RegistryError> {
        let Some(config) = config else {
            return Ok(BuiltAs::default());
        };
        match self.config_bytes(config).await {
            Ok(bytes) => {
                let document = bytes
                    .map(|bytes| ConfigDocument::parse(&bytes))
                    .unwrap_or_default();
                Ok(BuiltAs {
                    created: document.created(),
                    revision: document.revision(),
                })
            }
            Err(error) if error.is_not_found() => Ok(BuiltAs::default()),
            Err(error) => Err(error),
        }
    }
}

impl GoesWith {
    /// The configuration of the first image in `root` and what goes with it.
    pub fn image_config<'m>(&'m self, root: &'m StoredManifest) -> Option<&'m Descriptor> {
        let manifests = std::iter::once(root).chain(&self.manifests);
        let images = manifests.filter(|manifest| manifest.subject.is_none());
        let mut configs = images.filter_map(|manifest| manifest.config.as_ref());
        configs.find(|config| is_image_config(&config.media_type))
    }
}

fn is_image_config(kind: &str) -> bool {
    kind == oci_client::manifest::IMAGE_CONFIG_MEDIA_TYPE
        || kind == oci_client::manifest::IMAGE_DOCKER_CONFIG_MEDIA_TYPE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tags_of_old_forms_and_lists_are_about_a_digest() {
        let hex = "a".repeat(64);
        for (tag, about) in [
            (format!("sha256-{hex}"), true),
            (format!("sha256-{hex}.sig"), true),
            (format!("sha256-{hex}.att"), true),
            (format!("sha256-{hex}.sbom"), true),
            (format!("sha512-{hex}"), true),
            (format!("sha256-{hex}.cosign"), false),
            (format!("sha256-{}", &hex[1..]), false),
            (format!("sha-{}", &hex[..7]), false),
            ("latest".to_owned(), false),
        ] {
            let parsed: Tag = tag.parse().unwrap();
            assert_eq!(attached_to(&parsed).is_some(), about, "{tag}");
        }
    }
}
