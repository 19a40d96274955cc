//! What can be run of an image: the images of its index, those of nested indexes as well, each with its own configuration.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bytes::Bytes;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::Deserialize;

use super::error::RegistryError;
use super::manifest::{Content, Descriptor, Manifest, total};
use super::reader::Reader;
use crate::domain::{CommitSha, Digest, Platform, RunnableImage, STANDS_FOR, Target, clean_line};

/// More images than any index has.
const MAX_IMAGES: usize = 256;
/// Deeper than anybody nests indexes.
const MAX_DEPTH: usize = 8;

/// The commit that an image says it was built from (OCI image specification 1.1, "Pre-Defined Annotation Keys").
const REVISION: &str = "org.opencontainers.image.revision";
/// What BuildKit writes into an attestation manifest.
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageSummary {
    /// The platforms with the bytes that each needs, configuration and layers, compressed.
    pub platforms: Vec<(Platform, u64)>,
    /// What can be run: the images of the index and of nested ones, or the image itself.
    pub images: Vec<RunnableImage>,
    /// The indexes that are nested in it.
    pub indexes: Vec<Digest>,
    /// All bytes together, each blob counted once.
    pub size: u64,
    /// `org.opencontainers.image.revision`: the commit that it says it was built from, where all its images agree.
    pub revision: Option<String>,
    /// Why nothing certain can be said of where it comes from: its images name different commits.
    pub disagreement: Option<String>,
    /// When it says that it was built.
    pub created: Option<Timestamp>,
    /// All labels of the first platform but those that its images do not agree on; text from outside, made harmless.
    pub labels: BTreeMap<String, String>,
}

impl ImageSummary {
    /// The commit that it says it was built from, if that is the name of one.
    pub fn commit(&self) -> Option<CommitSha> {
        self.revision.as_deref()?.parse().ok()
    }

    /// All digests by which a platform may name the image `root`, whose summary this is: its own, those of its nested indexes
    /// and of the images in it, and of their configurations.
    pub fn identities(&self, root: &Digest) -> BTreeSet<Digest> {
        let images = self.images.iter();
        let images = images.flat_map(|image| std::iter::once(&image.digest).chain(&image.config));
        let all = std::iter::once(root).chain(&self.indexes).chain(images);
        all.cloned().collect()
    }
}

#[derive(Default, Deserialize)]
pub(super) struct ConfigDocument {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    #[serde(rename = "os.version")]
    os_version: Option<String>,
    created: Option<String>,
    config: Option<ConfigSection>,
}

#[derive(Deserialize)]
struct ConfigSection {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// The manifests of the images that can be run, and the indexes on the way to them.
pub(super) struct Images {
    /// Each with the platform that its index says it is for.
    pub(super) manifests: Vec<(Option<Platform>, Manifest)>,
    indexes: Vec<Digest>,
}

impl Reader {
    /// What the image or index `digest` says of itself: one request for each index, manifest and configuration.
    pub async fn image(&self, digest: &Digest) -> Result<ImageSummary, RegistryError> {
        let images = self.images(digest).await?;
        let configs = self.configs(&images).await?;
        Ok(summary(&images, &configs))
    }

    /// The configuration of each image; none of another artifact.
    pub(super) async fn configs(&self, images: &Images) -> Result<Vec<Option<Bytes>>, RegistryError> {
        let reading = images.manifests.iter().map(|(_, image)| async {
            match image.config() {
                Some(config) => self.config_bytes(config).await,
                None => Ok(None),
            }
        });
        try_join_all(reading).await
    }

    /// The images of `digest`, each once, those of nested indexes included.
    pub(super) async fn images(&self, digest: &Digest) -> Result<Images, RegistryError> {
        let root = self.manifest(&Target::Digest(digest.clone())).await?;
        let mut seen = HashSet::from([digest.clone()]);
        let mut found = Images {
            manifests: Vec::new(),
            indexes: Vec::new(),
        };
        let mut level = vec![(None, root)];
        for _ in 0..MAX_DEPTH {
            let mut entries = Vec::new();
            for (platform, manifest) in level {
                match manifest.content() {
                    Content::Image { .. } => found.manifests.push((platform, manifest)),
                    Content::Index { manifests } => {
                        let of_it = manifests.iter().filter(|entry| may_be_run(entry));
                        entries.extend(of_it.filter(|entry| seen.insert(entry.digest.clone())).cloned());
                        found.indexes.push(manifest.descriptor().digest.clone());
                    }
                }
            }
            if entries.is_empty() {
                found
                    .manifests
                    .retain(|(platform, manifest)| !is_attestation(platform.as_ref(), manifest));
                found.indexes.retain(|index| index != digest);
                return Ok(found);
            }
            if seen.len() > MAX_IMAGES {
                let why = format!("lists {} images, too many for an index", seen.len());
                return Err(self.odd_index(digest, why));
            }
            let fetching = entries.iter().map(|entry| async {
                let manifest = self.manifest(&Target::Digest(entry.digest.clone())).await?;
                Ok::<_, RegistryError>((entry.platform.clone(), manifest))
            });
            level = try_join_all(fetching).await?;
        }
        Err(self.odd_index(digest, format!("nests indexes more than {MAX_DEPTH} deep")))
    }

    fn odd_index(&self, digest: &Digest, why: String) -> RegistryError {
        RegistryError::Malformed {
            host: self.repository().host().to_owned(),
            what: self.name(&Target::Digest(digest.clone())),
            why,
        }
    }
}

/// Whether an entry of an index may be an image that somebody runs. An annotation alone takes nothing out that names a
/// platform: container engines would run it.
fn may_be_run(entry: &Descriptor) -> bool {
    let names_a_platform = entry
        .platform
        .as_ref()
        .is_some_and(|platform| !platform.is_unknown());
    entry.is_manifest() && (names_a_platform || !entry.is_marked_as_attestation())
}

/// Whether a manifest without a platform turns out to hold nothing but statements.
fn is_attestation(platform: Option<&Platform>, manifest: &Manifest) -> bool {
    let Content::Image { layers, .. } = manifest.content() else {
        return false;
    };
    let names_a_platform = platform.is_some_and(|platform| !platform.is_unknown());
    !names_a_platform && !layers.is_empty() && layers.iter().all(|layer| layer.media_type == IN_TOTO)
}

/// What images and their configurations say of the whole.
pub(super) fn summary(images: &Images, configs: &[Option<Bytes>]) -> ImageSummary {
    let documents: Vec<_> = configs
        .iter()
        .map(|bytes| {
            bytes
                .as_ref()
                .map_or_else(ConfigDocument::default, |bytes| ConfigDocument::parse(bytes))
        })
        .collect();
    let mut blobs = BTreeMap::new();
    let mut platforms = Vec::new();
    let mut runnable = Vec::new();
    for ((listed, manifest), document) in images.manifests.iter().zip(&documents) {
        let size = total(manifest.blobs().map(|blob| blob.size));
        blobs.extend(manifest.blobs().map(|blob| (blob.digest.clone(), blob.size)));
        let image = RunnableImage {
            digest: manifest.descriptor().digest.clone(),
            config: manifest.config().map(|config| config.digest.clone()),
            platform: document.platform_or(listed.as_ref()),
            os_version: document
                .os_version
                .as_deref()
                .map(clean_line)
                .filter(|text| !text.is_empty()),
        };
        platforms.extend(image.platform.clone().map(|platform| (platform, size)));
        runnable.push(image);
    }
    let all_labels: Vec<_> = documents.iter().map(ConfigDocument::labels).collect();
    let mut labels = all_labels.first().cloned().unwrap_or_default();
    let mut disagreement = None;
    for key in [STANDS_FOR, REVISION] {
        let values: BTreeSet<_> = all_labels.iter().map(|labels| labels.get(key)).collect();
        if values.len() > 1 {
            labels.remove(key);
            let said = runnable
                .iter()
                .zip(&all_labels)
                .map(|(image, labels)| match labels.get(key) {
                    Some(value) => format!("{image} has {value}"),
                    None => format!("{image} has none"),
                });
            disagreement = Some(format!("{key}: {}", said.collect::<Vec<_>>().join(", ")));
        }
    }
    ImageSummary {
        platforms,
        images: runnable,
        indexes: images.indexes.clone(),
        size: total(blobs.values().copied()),
        revision: labels.get(REVISION).cloned(),
        disagreement,
        created: documents.iter().find_map(ConfigDocument::created),
        labels,
    }
}

impl ConfigDocument {
    /// One that cannot be understood says nothing.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// When it says that it was built.
    pub(super) fn created(&self) -> Option<Timestamp> {
        self.created.as_deref()?.parse().ok()
    }

    /// The commit that it says it was built from.
    pub(super) fn revision(&self) -> Option<String> {
        self.labels().remove(REVISION)
    }

    /// All labels, harmless.
    fn labels(&self) -> BTreeMap<String, String> {
        let labels = self.config.as_ref().and_then(|config| config.labels.as_ref());
        let labels = labels.into_iter().flatten();
        labels
            .map(|(key, value)| (clean_line(key), clean_line(value)))
            .collect()
    }

    /// The platform that the configuration names, or else the one of the index. The variant may stand in either.
    fn platform_or(&self, listed: Option<&Platform>) -> Option<Platform> {
        let clean = |text: &Option<String>| text.as_deref().map(clean_line).filter(|text| !text.is_empty());
        let (Some(os), Some(architecture)) = (clean(&self.os), clean(&self.architecture)) else {
            return listed.cloned();
        };
        let same = listed.filter(|listed| listed.os == os && listed.architecture == architecture);
        let variant = clean(&self.variant).or_else(|| same?.variant.clone());
        Some(Platform {
            os,
            architecture,
            variant,
        })
    }
}
