//! A repository with some commits, a shared registry for dev and stage, and one for prod.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use windlass::board::Source;
use windlass::config::Config;
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{CommitSha, Target, WriteAccess};
use windlass::git::GitRepository;
use windlass::project::{Project, Shared};
use windlass::registry::{Descriptor, Registries, Settings, TagRule, Writer};
use windlass::scan::{ReportContext, attach_report};

use crate::git::git;
use crate::image;

pub struct World {
    pub folder: TempDir,
    pub shared: EmbeddedRegistry,
    pub production: EmbeddedRegistry,
    pub registries: Registries,
    /// The commits of develop, newest first.
    pub commits: Vec<CommitSha>,
}

pub fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

/// Ends a registry; nothing answers at its address any more.
pub async fn take_down(registry: &mut EmbeddedRegistry) {
    let other = EmbeddedRegistry::start(Options::default()).await.unwrap();
    std::mem::replace(registry, other).shutdown().await;
}

impl World {
    /// `count` commits on develop, and no image yet.
    pub async fn new(count: usize) -> Self {
        Self::with(count, Options::default()).await
    }

    pub async fn with(count: usize, production: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "-q", "-b", "develop"]);
        for nth in (0..count).rev() {
            let message = format!("feat: change {nth}");
            git(folder.path(), &["commit", "-q", "--allow-empty", "-m", &message]);
        }
        let log = git(folder.path(), &["log", "--format=%H"]);
        let world = Self {
            shared: EmbeddedRegistry::start(Options::default()).await.unwrap(),
            production: EmbeddedRegistry::start(production).await.unwrap(),
            // Nobody's credentials, whoever runs the tests.
            registries: Registries::new(Settings {
                docker_config: Some(
                    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/docker/nobody.json").into(),
                ),
                ..Settings::default()
            })
            .unwrap(),
            commits: log.lines().map(|line| line.parse().unwrap()).collect(),
            folder,
        };
        let (shared, production) = (world.shared.host(), world.production.host());
        let config = format!(
            "[[service]]\nname = \"app\"\n\n\
             [[environment]]\nname = \"dev\"\nimage = \"{shared}/dev/{{service}}\"\n\n\
             [[environment]]\nname = \"stage\"\nfrom = \"dev\"\nimage = \"{shared}/stage/{{service}}\"\n\
             gate.scan = {{ fail_on = {{ critical = 0 }}, max_age = \"24h\" }}\n\n\
             [[environment]]\nname = \"prod\"\nfrom = \"stage\"\nimage = \"{production}/{{service}}\"\n\
             protected = true\nverify = {{ key = \"cosign.pub\" }}\n"
        );
        std::fs::write(world.folder.path().join("windlass.toml"), config).unwrap();
        world
    }

    pub fn source(&self) -> Source {
        let config = Arc::new(Config::load(&self.folder.path().join("windlass.toml")).unwrap());
        let repository = Arc::new(GitRepository::discover(self.folder.path()).unwrap());
        let shared = Shared::new(self.registries.clone(), self.folder.path().join("state"));
        let project = Arc::new(Project::new(
            config,
            Some(Arc::clone(&repository)),
            Arc::new(shared),
        ));
        let service = project.service(&"app".parse().unwrap()).unwrap();
        Source::new(service, repository)
    }

    pub fn writer(&self, environment: &str) -> Writer {
        let name = match environment {
            "prod" => format!("{}/app", self.production.host()),
            other => format!("{}/{other}/app", self.shared.host()),
        };
        self.registries.writer(&name.parse().unwrap(), access())
    }

    /// The image of the `nth` commit in `environment`, under its tag.
    pub async fn image(&self, environment: &str, nth: usize) -> Descriptor {
        let commit = &self.commits[nth];
        // As the pipeline does, it says which commit it was built from.
        let config = json!({
            "os": "linux", "architecture": "amd64", "created": "2026-03-10T13:02:00Z",
            "config": { "Labels": { "org.opencontainers.image.revision": commit } },
        });
        let image = image::push(&self.writer(environment), &config).await;
        self.tag(environment, &image, &format!("sha-{}", commit.short()))
            .await;
        image
    }

    pub async fn tag(&self, environment: &str, image: &Descriptor, tag: &str) {
        let writer = self.writer(environment);
        let tag = tag.parse().unwrap();
        writer.tag(&image.digest, &tag, TagRule::Mutable).await.unwrap();
    }

    /// Attaches a report in dev with `critical` findings.
    pub async fn report(&self, image: &Descriptor, made: Timestamp, critical: usize) {
        let findings: Vec<_> = (0..critical)
            .map(|nth| {
                json!({
                    "VulnerabilityID": format!("CVE-2026-{nth}"), "PkgName": "openssl",
                    "InstalledVersion": "3.3.1", "FixedVersion": "3.3.2", "Severity": "CRITICAL",
                })
            })
            .collect();
        let report = json!({
            "SchemaVersion": 2,
            "CreatedAt": made.to_string(),
            "Metadata": { "ImageConfig": { "architecture": "amd64", "os": "linux" } },
            "Results": [{
                "Target": "app", "Class": "os-pkgs", "Packages": [{ "Name": "openssl", "Version": "3.3.1" }],
                "Vulnerabilities": findings,
            }],
        });
        let bytes = Bytes::from(report.to_string());
        attach_report(&self.writer("dev"), image, bytes, &ReportContext::default())
            .await
            .unwrap();
    }
}

impl World {
    /// An index in dev whose two images name different commits, under the tag of the newest one: the tag.
    pub async fn image_of_two_commits(&self) -> String {
        let writer = self.writer("dev");
        let mut entries = Vec::new();
        for commit in &self.commits[..2] {
            let config = json!({
                "os": "linux", "architecture": "amd64",
                "config": { "Labels": { "org.opencontainers.image.revision": commit } },
            });
            let index = image::push(&writer, &config).await;
            let index = writer.manifest(&index.digest.into()).await.unwrap();
            entries.extend(index.children().iter().map(|child| json!(child)));
        }
        let index = json!({ "schemaVersion": 2, "manifests": entries }).to_string();
        let name = format!("sha-{}", self.commits[0].short());
        let media_type = "application/vnd.oci.image.index.v1+json";
        writer
            .put_manifest(&Target::Tag(name.parse().unwrap()), media_type, index.into())
            .await
            .unwrap();
        name
    }
}
