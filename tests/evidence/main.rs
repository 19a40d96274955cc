//! What is attached to an image and decides on its promotion, through the embedded registry: scan reports and signatures.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/call.rs"]
mod call;
#[path = "../support/document.rs"]
mod document;
#[path = "../support/git.rs"]
mod git;
#[path = "../support/older.rs"]
#[expect(dead_code, reason = "shared with tests that sign in that form too")]
mod older;

mod attestations;
mod images;
mod keyless;
mod older_forms;
mod reports;
mod sboms;
mod signatures;
mod unlisted;

use secrecy::SecretString;
use serde_json::json;
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::WriteAccess;
use windlass::registry::{Descriptor, Registries, Settings, Writer};
use windlass::sign::{Signer, SigningKey};

use document::{CONFIG, INDEX, MANIFEST, put};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A new key that signs.
fn key() -> Signer {
    let folder = tempfile::tempdir().unwrap();
    let (path, password) = (
        folder.path().join("cosign.key"),
        SecretString::from("anchors aweigh"),
    );
    std::fs::write(&path, SigningKey::generate(&password).unwrap().private_pem).unwrap();
    SigningKey::load(&path, &password).unwrap().into()
}

/// A registry with one repository, and an index of two platforms in it.
struct World {
    registry: EmbeddedRegistry,
    writer: Writer,
    /// The index.
    image: Descriptor,
    /// The manifests of linux/amd64 and linux/arm64.
    platforms: [Descriptor; 2],
}

impl World {
    /// With or without the referrers API.
    async fn new(referrers_api: bool) -> Self {
        let registry = EmbeddedRegistry::start(Options {
            referrers_api,
            ..Options::default()
        })
        .await
        .unwrap();
        let repository = format!("{}/dev/app", registry.host()).parse().unwrap();
        let access = WriteAccess::unless_read_only(false).unwrap();
        let writer = Registries::new(Settings::default())
            .unwrap()
            .writer(&repository, access);
        let platforms = [platform(&writer, "amd64").await, platform(&writer, "arm64").await];
        let image = index(&writer, &platforms).await;
        Self {
            registry,
            writer,
            image,
            platforms,
        }
    }
}

async fn platform(writer: &Writer, architecture: &str) -> Descriptor {
    let config = json!({"os": "linux", "architecture": architecture}).to_string();
    let stored = writer.put_blob(config.into()).await.unwrap();
    let config = Descriptor::new(CONFIG, stored.digest, stored.size);
    put(
        writer,
        MANIFEST,
        &json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}),
    )
    .await
}

async fn index(writer: &Writer, platforms: &[Descriptor]) -> Descriptor {
    let entries: Vec<_> = platforms
        .iter()
        .zip(["amd64", "arm64"])
        .map(|(manifest, architecture)| {
            json!({
                "mediaType": MANIFEST, "digest": manifest.digest, "size": manifest.size,
                "platform": {"os": "linux", "architecture": architecture},
            })
        })
        .collect();
    put(
        writer,
        INDEX,
        &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}),
    )
    .await
}
