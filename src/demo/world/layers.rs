//! Real images for the sample: tar layers with files in them, configurations, manifests and an index.

use std::io::Write as _;

use bytes::Bytes;
use jiff::Timestamp;
use rand::{Rng as _, SeedableRng as _};

use crate::domain::{CommitSha, Digest};
use crate::registry::{Descriptor, RegistryError, Writer};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The platforms that every image has.
pub(super) const PLATFORMS: [&str; 2] = ["amd64", "arm64"];

/// A layer, ready to be pushed.
#[derive(Clone)]
pub(super) struct Layer {
    bytes: Bytes,
    /// The digest of the tar itself, as the configuration names it.
    diff: Digest,
}

/// A gzipped tar of `files`, the same bytes each time.
pub(super) fn layer(files: &[(&str, &[u8])]) -> std::io::Result<Layer> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_mtime(0);
        header.set_cksum();
        tar.append_data(&mut header, path, *content)?;
    }
    let tar = tar.into_inner()?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar)?;
    Ok(Layer {
        diff: Digest::of(&tar),
        bytes: gzip.finish()?.into(),
    })
}

/// Bytes that do not compress, as those of a program hardly do.
pub(super) fn program(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    rand::rngs::SmallRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

/// The base image of one architecture: what an Alpine has that a scanner looks at, and some weight.
pub(super) fn base(architecture: &str, seed: u64) -> std::io::Result<Layer> {
    let release = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n";
    let installed = format!(
        "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:musl\nV:1.2.5-r0\nA:{architecture}\no:musl\n\n\
         C:Q1Fn3z2VvFZ1vLvxKQ6bkYzIlpSnU=\nP:libcrypto3\nV:3.3.1-r0\nA:{architecture}\no:openssl\n\n"
    );
    layer(&[
        ("etc/os-release", release.as_bytes()),
        ("etc/alpine-release", b"3.20.3\n"),
        ("lib/apk/db/installed", installed.as_bytes()),
        ("lib/ld-musl.so.1", &program(seed, 1_200_000)),
    ])
}

/// What makes an image.
pub(super) struct Recipe<'a> {
    pub(super) commit: &'a CommitSha,
    pub(super) created: Timestamp,
    /// How it is run, as its configuration says it.
    pub(super) settings: serde_json::Value,
    /// For each platform, its layers, bottom first.
    pub(super) layers: [Vec<Layer>; 2],
}

/// Pushes the image by digest, whole: blobs, manifests, index.
pub(super) async fn push(writer: &Writer, recipe: &Recipe<'_>) -> Result<Descriptor, RegistryError> {
    let mut entries = Vec::new();
    for (architecture, layers) in PLATFORMS.iter().zip(&recipe.layers) {
        let mut described = Vec::new();
        for layer in layers {
            let blob = writer.put_blob(layer.bytes.clone()).await?;
            described.push(Descriptor::new(LAYER, blob.digest, blob.size));
        }
        let mut settings = recipe.settings.clone();
        settings["Labels"] = serde_json::json!({
            "org.opencontainers.image.revision": recipe.commit,
            "org.opencontainers.image.created": recipe.created.to_string(),
            "org.opencontainers.image.source": "https://git.example.com/payments/payment-svc",
            "org.opencontainers.image.title": "payment-svc",
        });
        let config = serde_json::json!({
            "created": recipe.created.to_string(),
            "architecture": architecture,
            "os": "linux",
            "config": settings,
            "rootfs": { "type": "layers", "diff_ids": layers.iter().map(|l| &l.diff).collect::<Vec<_>>() },
        });
        let config = writer.put_blob(config.to_string().into()).await?;
        let config = Descriptor::new(CONFIG, config.digest, config.size);
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": described,
        });
        let manifest = put(writer, MANIFEST, &manifest).await?;
        entries.push(serde_json::json!({
            "mediaType": MANIFEST, "digest": manifest.digest, "size": manifest.size,
            "platform": { "os": "linux", "architecture": architecture },
        }));
    }
    let index = serde_json::json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    put(writer, INDEX, &index).await
}

async fn put(
    writer: &Writer,
    media_type: &str,
    document: &serde_json::Value,
) -> Result<Descriptor, RegistryError> {
    let bytes = Bytes::from(document.to_string());
    let descriptor = Descriptor::new(media_type, Digest::of(&bytes), bytes.len() as u64);
    writer
        .put_manifest(&descriptor.digest.clone().into(), media_type, bytes)
        .await?;
    Ok(descriptor)
}
