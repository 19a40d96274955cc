//! What an audit costs: `cargo bench --bench audit`. Signatures and promotion records of 100 images are to be verified in 2 s
//! where a request takes 20 ms, and 10,000 records in 10 s in a registry nearby. It prints figures beside their targets and
//! never fails on one: they depend on the machine and on what else it does.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and may fail by panic"
)]

#[path = "../tests/support/proxy.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod proxy;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::json;
use windlass::config::Config;
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{
    Clean, DeploymentTag, Digest, PromotionRecord, RecordDetails, RecordedOperation, Repository,
    SignatureForms, WriteAccess,
};
use windlass::engine::Engine;
use windlass::git::GitRepository;
use windlass::project::Project;
use windlass::registry::{Descriptor, TagRule, Writer};
use windlass::sign::{self, NewStatement, Signer, SigningKey};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const FAR: usize = 100;
const NEAR: usize = 10_000;
const AT_ONCE: usize = 16;
const RUNS: usize = 5;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cores = std::thread::available_parallelism().unwrap();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    println!("{cores} cores, load average {load}\n");
    // Fewer images are enough to see that it runs: `-- --images 200`.
    let mut arguments = std::env::args().skip_while(|argument| argument != "--images");
    let near = arguments.nth(1).map_or(NEAR, |count| count.parse().unwrap());
    runtime.block_on(async {
        let (many, few) = (World::with(near).await, World::with(FAR).await);
        few.proxy.delay(Duration::from_millis(20));
        few.line(&format!("{FAR} images, 20 ms a request"), 2.0).await;
        many.line(&format!("{near} images nearby"), 10.0).await;
    });
}

/// A production with so many images, each signed and with its record.
struct World {
    folder: tempfile::TempDir,
    registry: EmbeddedRegistry,
    proxy: proxy::Proxy,
    images: usize,
}

impl World {
    async fn with(images: usize) -> Self {
        let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
        let proxy = proxy::start(&registry.host()).await;
        let folder = tempfile::tempdir().unwrap();
        let password = SecretString::from("bench");
        let pair = SigningKey::generate(&password).unwrap();
        std::fs::write(folder.path().join("cosign.key"), pair.private_pem.as_str()).unwrap();
        std::fs::write(folder.path().join("cosign.pub"), &pair.public_pem).unwrap();
        let git = std::process::Command::new("git")
            .args(["init", "-q", "-b", "develop"])
            .arg(folder.path())
            .status();
        assert!(git.unwrap().success());
        let signer: Signer = SigningKey::load(&folder.path().join("cosign.key"), &password)
            .unwrap()
            .into();
        let world = Self {
            folder,
            registry,
            proxy,
            images,
        };
        let engine = world.engine(&world.registry.host());
        let repository = format!("{}/prod/app", world.registry.host()).parse().unwrap();
        // Records name the place that audits look at.
        let named: Repository = format!("{}/prod/app", world.proxy.host()).parse().unwrap();
        let access = WriteAccess::unless_read_only(false).unwrap();
        let writer = engine.registries().writer(&repository, access);
        let begin = Timestamp::now() - SignedDuration::from_hours(24 * 365);
        let made = (0..images).map(|nth| {
            let at = begin + SignedDuration::from_mins(i64::try_from(nth).unwrap());
            image(&writer, nth, at, &signer, &named)
        });
        futures_util::stream::iter(made)
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        world
    }

    /// The engine of a production at `host`.
    fn engine(&self, host: &str) -> Engine {
        let path = self.folder.path().join("windlass.toml");
        let text = format!(
            "[[service]]\nname = \"app\"\n\n[[environment]]\nname = \"dev\"\nimage = \"{host}/dev/app\"\n\n\
             [[environment]]\nname = \"prod\"\nfrom = \"dev\"\nimage = \"{host}/prod/app\"\nsign = {{ key = \"cosign.key\" }}\n"
        );
        std::fs::write(&path, text).unwrap();
        let config = Arc::new(Config::load(&path).unwrap());
        let repository = Arc::new(GitRepository::discover(self.folder.path()).unwrap());
        let state = self.folder.path().join("state");
        Engine::new(Project::alone(config, Some(repository), state).unwrap())
    }

    /// How long an audit takes, over the proxy, each time by an engine that has seen nothing.
    async fn line(&self, what: &str, target: f64) {
        let mut times = Vec::new();
        self.proxy.forget();
        for _ in 0..RUNS {
            let engine = self.engine(&self.proxy.host());
            let name = "app".parse().unwrap();
            let service = engine.service(&name).unwrap();
            let begun = Instant::now();
            let audit = engine.audit(&service, &BTreeSet::new(), None).await.unwrap();
            times.push(begun.elapsed().as_secs_f64());
            assert_eq!(audit.findings, []);
            let (_, prod) = audit.environments.last().unwrap();
            assert_eq!(prod.records, self.images);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{what:<34} {:>6.2} s ({:.2}–{:.2}), {} requests an image   target ≤ {target} s",
            times[times.len() / 2],
            times[0],
            times[times.len() - 1],
            self.proxy.requests().len().div_ceil(RUNS * self.images),
        );
    }
}

/// An image with its signature, its record and its deployment.
async fn image(writer: &Writer, nth: usize, at: Timestamp, signer: &Signer, named: &Repository) {
    let config =
        json!({"os": "linux", "architecture": "amd64", "config": {"Labels": {"n": nth.to_string()}}});
    let config = writer.put_blob(Bytes::from(config.to_string())).await.unwrap();
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": {
        "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config.digest, "size": config.size,
    }, "layers": []});
    let bytes = Bytes::from(manifest.to_string());
    let subject = Descriptor::new(MANIFEST, Digest::of(&bytes), bytes.len() as u64);
    let target = subject.digest.clone().into();
    writer.put_manifest(&target, MANIFEST, bytes).await.unwrap();
    sign::sign(writer, &subject, signer, SignatureForms::Bundle)
        .await
        .unwrap();
    let details = RecordDetails {
        operation: RecordedOperation::Promote,
        service: "app".parse().unwrap(),
        environment: "prod".parse().unwrap(),
        from: Some("dev".parse().unwrap()),
        commit: None,
        plan: Clean::line("ab12"),
        run: Clean::line("r1"),
        by: Clean::line("ana@ci"),
        reason: None,
        hotfix: false,
        gates: Vec::new(),
        previous_digest: None,
        evidence: Vec::new(),
        approvals: Vec::new(),
        follows: None,
    };
    let record = PromotionRecord::new(&subject.digest, Some(named), named, &[], at, details);
    let statement = NewStatement::new(PromotionRecord::TYPE, record);
    sign::attest(writer, &subject, statement, signer, SignatureForms::Bundle)
        .await
        .unwrap();
    let tag = DeploymentTag::at(at).tag().unwrap();
    writer
        .tag(&subject.digest, &tag, TagRule::Immutable)
        .await
        .unwrap();
}
