//! Two registries, an image in the first, and the way from one to the other.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{Digest, Repository, WriteAccess};
use windlass::registry::copy::{self, CopyOptions, CopyPlan, CopyProgress};
use windlass::registry::{Descriptor, Reader, Registries, RegistryError, Settings, Writer};

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The artifact type of the referrer that comes with [`image`].
pub const REPORT: &str = "application/vnd.example.report";

pub fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

pub async fn registry(options: Options) -> EmbeddedRegistry {
    EmbeddedRegistry::start(options).await.unwrap()
}

pub fn repository(host: &str, path: &str) -> Repository {
    format!("{host}/{path}").parse().unwrap()
}

/// Settings that know no credentials, whoever runs the tests.
pub fn settings() -> Settings {
    Settings {
        docker_config: Some(PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/docker/nobody.json"
        ))),
        ..Settings::default()
    }
}

/// Settings with little patience.
pub fn hasty() -> Settings {
    Settings {
        idle_timeout: Duration::from_millis(300),
        ..settings()
    }
}

pub fn registries() -> Registries {
    Registries::new(settings()).unwrap()
}

/// Registries with what `docker login` would have written, and the folder that holds it.
pub fn logged_in(hosts: &[&str], entry: &serde_json::Value) -> (Registries, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    let auths: BTreeMap<_, _> = hosts.iter().map(|host| (*host, entry)).collect();
    std::fs::write(&path, serde_json::json!({ "auths": auths }).to_string()).unwrap();
    let settings = Settings {
        docker_config: Some(path),
        ..settings()
    };
    (Registries::new(settings).unwrap(), folder)
}

/// An image at one registry that is on its way to another.
pub struct Journey {
    pub from: EmbeddedRegistry,
    pub to: EmbeddedRegistry,
    pub source: Writer,
    pub target: Writer,
    pub digest: Digest,
}

pub async fn journey(from: Options, to: Options) -> Journey {
    journey_with(from, to, settings()).await
}

pub async fn journey_with(from: Options, to: Options, settings: Settings) -> Journey {
    let (from, to) = (registry(from).await, registry(to).await);
    let all = Registries::new(settings).unwrap();
    let source = all.writer(&repository(&from.host(), "dev/app"), access());
    let target = all.writer(&repository(&to.host(), "app"), access());
    let digest = image(&source).await;
    Journey {
        from,
        to,
        source,
        target,
        digest,
    }
}

impl Journey {
    pub async fn copy(&self) -> Result<Vec<CopyProgress>, RegistryError> {
        copied(&self.source, &self.target, &self.digest).await
    }

    /// Whether everything is there: the plan of another copy finds nothing to do, and the layers are readable.
    pub async fn arrived(&self) -> bool {
        let plan = planned(&self.source, &self.target, &self.digest).await.unwrap();
        for manifest in &plan.manifests {
            let name = manifest.descriptor.digest.clone().into();
            for blob in self.source.manifest(&name).await.unwrap().blobs() {
                self.target.blob(&blob.digest, blob.size).await.unwrap();
            }
        }
        plan.manifests.iter().all(|manifest| manifest.present)
    }
}

/// The plan of a whole copy without a tag.
pub async fn planned(source: &Reader, target: &Reader, digest: &Digest) -> Result<CopyPlan, RegistryError> {
    copy::plan(source, target, &digest.clone().into(), &CopyOptions::default()).await
}

pub async fn copied(
    source: &Writer,
    target: &Writer,
    digest: &Digest,
) -> Result<Vec<CopyProgress>, RegistryError> {
    let told = Mutex::new(Vec::new());
    let plan = planned(source, target, digest).await?;
    copy::run(
        &plan,
        source,
        target,
        &|p| told.lock().unwrap().push(p),
        &CancellationToken::new(),
    )
    .await?;
    Ok(told.into_inner().unwrap())
}

/// A blob with its true size and digest.
pub async fn blob(writer: &Writer, media_type: &str, bytes: Vec<u8>) -> Descriptor {
    let descriptor = writer.put_blob(Bytes::from(bytes)).await.unwrap();
    Descriptor::new(media_type, descriptor.digest, descriptor.size)
}

/// An index of two platforms with two layers each, one of them shared, and a referrer of its own. Its digest.
pub async fn image(writer: &Writer) -> Digest {
    let mut entries = Vec::new();
    let shared = blob(writer, "application/vnd.oci.image.layer.v1.tar", vec![7; 300_000]).await;
    for architecture in ["amd64", "arm64"] {
        let text = format!(
            r#"{{"os":"linux","architecture":"{architecture}","config":{{"Labels":{{"org.opencontainers.image.revision":"2b2e927c0ffee0123456789abcdef0123456789a"}}}}}}"#
        );
        let config = blob(
            writer,
            "application/vnd.oci.image.config.v1+json",
            text.into_bytes(),
        )
        .await;
        let own = blob(
            writer,
            "application/vnd.oci.image.layer.v1.tar",
            architecture.repeat(9000).into_bytes(),
        )
        .await;
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [shared, own],
        })
        .to_string();
        let digest = Digest::of(manifest.as_bytes());
        let size = manifest.len();
        writer
            .put_manifest(&digest.clone().into(), MANIFEST, manifest.into())
            .await
            .unwrap();
        entries.push(serde_json::json!({
            "mediaType": MANIFEST, "digest": digest, "size": size,
            "platform": {"os": "linux", "architecture": architecture},
        }));
    }
    // White space that no serialiser would keep: the bytes must pass as they are.
    let index = format!(
        "{{ \"schemaVersion\":2,\n\"mediaType\":\"{INDEX}\", \"manifests\": {} }}\n",
        serde_json::json!(entries)
    );
    let digest = Digest::of(index.as_bytes());
    writer
        .put_manifest(&digest.clone().into(), INDEX, index.into())
        .await
        .unwrap();
    let subject = writer.resolve(&digest.clone().into()).await.unwrap().unwrap();
    let note = BTreeMap::from([("note".to_owned(), "kept".to_owned())]);
    let layers = vec![("text/plain".to_owned(), Bytes::from_static(b"clean"))];
    writer.attach(&subject, REPORT, layers, note).await.unwrap();
    digest
}
