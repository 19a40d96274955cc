//! What a builder left: one image in an OCI image layout.
//!
//! OCI image-spec 1.1, "Image Layout". Every manifest and configuration is read whole and its digest checked; layers are
//! only measured, since whoever takes them in checks them.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Deserialize;

use super::BuildError;
use crate::domain::{Digest, Hasher, Platform};

/// More than any manifest or configuration has, in bytes.
const LIMIT: u64 = 4 * 1024 * 1024;

/// An image that was built, still on this machine.
#[derive(Debug, Clone)]
pub struct LayoutImage {
    /// Its platform, as its configuration says.
    pub platform: Platform,
    /// Its manifest, unchanged.
    pub manifest: Bytes,
    /// The manifest's media type.
    pub media_type: String,
    /// The manifest's digest.
    pub digest: Digest,
    /// The configuration and the layers.
    pub blobs: Vec<LayoutBlob>,
}

/// A blob of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutBlob {
    /// Its digest, by which its file is called.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The file.
    pub path: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: Digest,
    size: u64,
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Configuration {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl LayoutImage {
    /// Reads the one image of the layout in `folder`, which has to be of the platform that was `asked` for.
    pub fn read(folder: &Path, asked: &Platform) -> Result<Self, BuildError> {
        let layout = Layout(folder);
        let bytes = layout.file(&folder.join("index.json"))?;
        let mut index: Index = layout.parsed(&bytes)?;
        // Builders differ in how deep they lay the one image.
        for _ in 0..2 {
            let [only] = &index.manifests[..] else {
                return Err(layout.wrong(format!("it has {} images", index.manifests.len())));
            };
            let bytes = layout.blob(only)?;
            if is_index(&only.media_type) {
                index = layout.parsed(&bytes)?;
                continue;
            }
            let manifest: Manifest = layout.parsed(&bytes)?;
            let configuration: Configuration = layout.parsed(&layout.blob(&manifest.config)?)?;
            let platform = Platform {
                os: configuration.os,
                architecture: configuration.architecture,
                variant: configuration.variant.filter(|variant| !variant.is_empty()),
            };
            if (&platform.os, &platform.architecture) != (&asked.os, &asked.architecture) {
                return Err(BuildError::Platform {
                    asked: asked.clone(),
                    found: platform,
                });
            }
            let blobs = std::iter::once(&manifest.config).chain(&manifest.layers);
            return Ok(Self {
                // As it was asked for: a builder may know a variant that nobody named.
                platform: asked.clone(),
                digest: only.digest.clone(),
                media_type: only.media_type.clone(),
                blobs: blobs
                    .map(|blob| layout.measured(blob))
                    .collect::<Result<_, _>>()?,
                manifest: bytes,
            });
        }
        Err(layout.wrong("it has an index within an index".to_owned()))
    }
}

struct Layout<'a>(&'a Path);

impl Layout<'_> {
    fn path(&self, digest: &Digest) -> PathBuf {
        self.0
            .join("blobs")
            .join(digest.algorithm().name())
            .join(digest.hex())
    }

    fn wrong(&self, why: String) -> BuildError {
        BuildError::Layout {
            path: self.0.to_owned(),
            why,
        }
    }

    fn file(&self, path: &Path) -> Result<Bytes, BuildError> {
        let read = || -> std::io::Result<Bytes> {
            if std::fs::metadata(path)?.len() > LIMIT {
                return Err(std::io::Error::other(format!("is larger than {LIMIT} bytes")));
            }
            Ok(std::fs::read(path)?.into())
        };
        read().map_err(|error| self.wrong(format!("{}: {error}", path.display())))
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Bytes, BuildError> {
        let bytes = self.file(&self.path(&descriptor.digest))?;
        let mut hasher = Hasher::new(descriptor.digest.algorithm());
        hasher.update(&bytes);
        if hasher.finish() == descriptor.digest {
            Ok(bytes)
        } else {
            Err(self.wrong(format!("{} does not match its digest", descriptor.digest)))
        }
    }

    fn parsed<'b, T: Deserialize<'b>>(&self, bytes: &'b [u8]) -> Result<T, BuildError> {
        serde_json::from_slice(bytes).map_err(|error| self.wrong(error.to_string()))
    }

    fn measured(&self, descriptor: &Descriptor) -> Result<LayoutBlob, BuildError> {
        let path = self.path(&descriptor.digest);
        let size = std::fs::metadata(&path)
            .map_err(|error| self.wrong(format!("{}: {error}", path.display())))?
            .len();
        if size != descriptor.size {
            return Err(self.wrong(format!(
                "{} has {size} bytes; its manifest says {}",
                descriptor.digest, descriptor.size
            )));
        }
        Ok(LayoutBlob {
            digest: descriptor.digest.clone(),
            size,
            path,
        })
    }
}

fn is_index(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.oci.image.index.v1+json"
            | "application/vnd.docker.distribution.manifest.list.v2+json"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

    fn put(folder: &Path, bytes: &[u8]) -> serde_json::Value {
        let digest = Digest::of(bytes);
        let blobs = folder.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        std::fs::write(blobs.join(digest.hex()), bytes).unwrap();
        serde_json::json!({"mediaType": MANIFEST, "digest": digest, "size": bytes.len()})
    }

    /// A layout of one image whose layer is `layer`.
    fn layout(architecture: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let layer = put(folder.path(), b"layer");
        let config = serde_json::json!({"os": "linux", "architecture": architecture, "variant": "v8"});
        let config = put(folder.path(), config.to_string().as_bytes());
        let manifest = serde_json::json!({"schemaVersion": 2, "config": config, "layers": [layer]});
        let manifest = put(folder.path(), manifest.to_string().as_bytes());
        let index = serde_json::json!({"schemaVersion": 2, "manifests": [manifest]});
        std::fs::write(folder.path().join("index.json"), index.to_string()).unwrap();
        folder
    }

    fn read(folder: &tempfile::TempDir) -> Result<LayoutImage, BuildError> {
        LayoutImage::read(folder.path(), &Platform::linux("arm64"))
    }

    #[test]
    fn the_image_is_read_with_the_platform_that_was_asked_for() {
        let image = read(&layout("arm64")).unwrap();
        assert_eq!(image.platform, Platform::linux("arm64"));
        assert_eq!(image.blobs[1].digest, Digest::of(b"layer"));
        assert_eq!(image.digest, Digest::of(&image.manifest));
    }

    #[test]
    fn an_image_of_another_platform_is_refused() {
        let error = read(&layout("amd64")).unwrap_err();
        assert!(matches!(error, BuildError::Platform { .. }), "{error}");
    }

    #[test]
    fn a_layer_that_is_cut_short_is_refused() {
        let folder = layout("arm64");
        let path = folder
            .path()
            .join("blobs/sha256")
            .join(Digest::of(b"layer").hex());
        std::fs::write(path, b"lay").unwrap();
        let error = read(&folder).unwrap_err();
        assert!(error.to_string().contains("has 3 bytes"), "{error}");
    }

    #[test]
    fn a_manifest_with_other_bytes_is_refused() {
        let folder = layout("arm64");
        let digest = read(&folder).unwrap().digest;
        std::fs::write(folder.path().join("blobs/sha256").join(digest.hex()), b"{}").unwrap();
        let error = read(&folder).unwrap_err();
        assert!(error.to_string().contains("does not match its digest"), "{error}");
    }
}
