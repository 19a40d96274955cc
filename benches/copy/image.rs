//! Images made of random bytes, pushed to a registry without any of the tools.

use bytes::Bytes;
use color_eyre::eyre::{OptionExt as _, ensure};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Result;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Bytes with a name.
#[derive(Clone)]
pub struct Blob {
    /// The content.
    pub bytes: Bytes,
    /// `sha256:` and its hash.
    pub digest: String,
}

impl Blob {
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = digest(&bytes);
        Self { bytes, digest }
    }

    /// A layer that no other is like. It begins as gzip does, for skopeo looks there and compresses what is not
    /// compressed yet.
    pub fn layer(size: usize) -> Self {
        let mut content = vec![0; size];
        rand::fill(&mut content[..]);
        content[..4].copy_from_slice(&[0x1f, 0x8b, 0x08, 0x00]);
        Self::new(content)
    }
}

/// The digest of `bytes`, as registries write it.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// The configuration of an image on `architecture`, and its manifest over these layers, given as digest and size.
pub fn manifest(architecture: &str, layers: &[(String, u64)]) -> (Blob, Blob) {
    let config = Blob::new(
        json!({
            "architecture": architecture,
            "os": "linux",
            "config": { "Labels": { "made": rand::random::<u64>().to_string() } },
            "rootfs": { "type": "layers", "diff_ids": layers.iter().map(|layer| &layer.0).collect::<Vec<_>>() },
        })
        .to_string(),
    );
    let layers: Vec<Value> = layers
        .iter()
        .map(|(digest, size)| json!({ "mediaType": LAYER, "digest": digest, "size": size }))
        .collect();
    let manifest = Blob::new(
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": CONFIG, "digest": config.digest, "size": config.bytes.len() },
            "layers": layers,
        })
        .to_string(),
    );
    (config, manifest)
}

/// A repository that images are pushed to.
pub struct Shelf {
    client: reqwest::Client,
    base: String,
}

impl Shelf {
    /// The repository `name` at `host`, over plain HTTP.
    pub fn new(client: &reqwest::Client, host: &str, name: &str) -> Self {
        Self {
            client: client.clone(),
            base: format!("http://{host}/v2/{name}"),
        }
    }

    /// Pushes an image of one platform with that tag.
    pub async fn image(&self, tag: &str, layers: &[Blob]) -> Result<()> {
        let manifest = self.platform("amd64", layers).await?;
        self.manifest(tag, MANIFEST, manifest.bytes).await
    }

    /// Pushes an index of an image for each platform, with that tag.
    pub async fn index(&self, tag: &str, platforms: &[(&str, Vec<Blob>)]) -> Result<()> {
        let mut children = Vec::new();
        for (architecture, layers) in platforms {
            let child = self.platform(architecture, layers).await?;
            self.manifest(&child.digest, MANIFEST, child.bytes.clone())
                .await?;
            children.push(json!({
                "mediaType": MANIFEST,
                "digest": child.digest,
                "size": child.bytes.len(),
                "platform": { "architecture": architecture, "os": "linux" },
            }));
        }
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children });
        self.manifest(tag, INDEX, index.to_string().into()).await
    }

    async fn platform(&self, architecture: &str, layers: &[Blob]) -> Result<Blob> {
        let named: Vec<_> = layers
            .iter()
            .map(|layer| (layer.digest.clone(), layer.bytes.len() as u64))
            .collect();
        let (config, manifest) = manifest(architecture, &named);
        for blob in layers.iter().chain([&config]) {
            self.blob(blob).await?;
        }
        Ok(manifest)
    }

    async fn blob(&self, blob: &Blob) -> Result<()> {
        let there = self
            .client
            .head(format!("{}/blobs/{}", self.base, blob.digest))
            .send()
            .await?;
        if there.status().is_success() {
            return Ok(());
        }
        let begun = self
            .client
            .post(format!("{}/blobs/uploads/", self.base))
            .send()
            .await?
            .error_for_status()?;
        let location = begun
            .headers()
            .get(LOCATION)
            .ok_or_eyre("an upload without a location")?
            .to_str()?;
        let mut location = begun.url().join(location)?;
        location.query_pairs_mut().append_pair("digest", &blob.digest);
        let put = self.client.put(location).body(blob.bytes.clone()).send().await?;
        ensure!(put.status().is_success(), "a blob was answered {}", put.status());
        Ok(())
    }

    async fn manifest(&self, name: &str, media_type: &str, bytes: Bytes) -> Result<()> {
        let url = format!("{}/manifests/{name}", self.base);
        let put = self
            .client
            .put(url)
            .header(CONTENT_TYPE, media_type)
            .body(bytes)
            .send()
            .await?;
        ensure!(
            put.status().is_success(),
            "a manifest was answered {}",
            put.status()
        );
        Ok(())
    }
}
