//! A repository with a commit for each of some days, and three environments in one registry.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use windlass::config::Config;
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::operation::Gc;
use windlass::domain::{
    CommitSha, DeploymentTag, Digest, Exit, KeepReason, Operation, Plan, Repository, Tag, Target,
};
use windlass::engine::{Engine, EngineError, Event, GcRequest, Request};
use windlass::git::GitRepository;
use windlass::project::Project;
use windlass::registry::{Descriptor, Reader, Registries, Settings, TagRule, Writer};

use crate::document::{CONFIG, INDEX, MANIFEST, put};
use crate::git::git;
use crate::run::carry_out;
use crate::sample::access;

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The days before now of which there is a commit.
pub const DAYS: [i64; 10] = [100, 90, 80, 70, 60, 50, 40, 30, 10, 1];

/// What dev keeps: by this rule alone everything from the thirtieth day on may go.
pub const RULE: &str = "{ builds = 2, for = \"15d\", deployments = 1 }";

pub struct Ground {
    pub registry: EmbeddedRegistry,
    pub folder: TempDir,
    pub commits: BTreeMap<i64, CommitSha>,
    now: Timestamp,
}

impl Ground {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let ground = Self {
            registry: EmbeddedRegistry::start(options).await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
            commits: BTreeMap::new(),
            now: Timestamp::now(),
        };
        ground.configure("", RULE, "", "");
        ground.filled()
    }

    fn filled(mut self) -> Self {
        let (here, origin) = (self.repository(), self.folder.path().join("origin.git"));
        git(
            self.folder.path(),
            &["init", "-q", "--bare", origin.to_str().unwrap()],
        );
        git(&here, &["init", "-q", "-b", "develop"]);
        git(&here, &["remote", "add", "origin", origin.to_str().unwrap()]);
        for days in DAYS {
            let commit = self.commit(&format!("of day {days}"), days);
            self.commits.insert(days, commit);
            if days == DAYS[0] {
                git(&here, &["branch", "main"]);
            }
        }
        git(&here, &["push", "-q", "origin", "develop", "main"]);
        self
    }

    /// A commit on the branch that is checked out, made so many days ago.
    pub fn commit(&self, message: &str, days: i64) -> CommitSha {
        let date = self.day(days).to_string();
        let made = Command::new("git")
            .args(["-c", "user.name=Ana", "-c", "user.email=ana@example.com"])
            .args(["commit", "-q", "--allow-empty", "-m", message])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
            .current_dir(self.repository())
            .status();
        assert!(made.unwrap().success());
        git(&self.repository(), &["rev-parse", "HEAD"]).parse().unwrap()
    }

    pub fn repository(&self) -> PathBuf {
        let path = self.folder.path().join("app");
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    pub fn git(&self, args: &[&str]) -> String {
        git(&self.repository(), args)
    }

    pub fn day(&self, days: i64) -> Timestamp {
        let time = self.now - SignedDuration::from_hours(24 * days);
        Timestamp::from_second(time.as_second()).unwrap()
    }

    /// So many hours after the beginning of a long history.
    pub fn hour(&self, hours: i64) -> Timestamp {
        self.day(300) + SignedDuration::from_hours(hours)
    }

    pub fn commit_of(&self, days: i64) -> &CommitSha {
        &self.commits[&days]
    }

    /// Writes windlass.toml: its beginning, the rule of dev, and what stands in stage and prod.
    pub fn configure(&self, top: &str, dev: &str, stage: &str, prod: &str) {
        let host = self.registry.host();
        let retain = if dev.is_empty() {
            String::new()
        } else {
            format!("retain = {dev}")
        };
        let text = format!(
            "{top}\n[[service]]\nname = \"app\"\n\n\
             [[environment]]\nname = \"dev\"\nimage = \"{host}/dev/app\"\n{retain}\n\n\
             [[environment]]\nname = \"stage\"\nfrom = \"dev\"\nimage = \"{host}/stage/app\"\n{stage}\n\n\
             [[environment]]\nname = \"prod\"\nfrom = \"stage\"\nimage = \"{host}/prod/app\"\nprotected = true\n{prod}\n"
        );
        std::fs::write(self.repository().join("windlass.toml"), text).unwrap();
    }

    pub fn engine(&self) -> Arc<Engine> {
        let config = Config::load(&self.repository().join("windlass.toml")).unwrap();
        let repository = GitRepository::discover(&self.repository()).unwrap();
        let state = self.folder.path().join("state/windlass");
        let project = Project::alone(Arc::new(config), Some(Arc::new(repository)), state).unwrap();
        Arc::new(Engine::new(project).fetching(Some(access())))
    }

    pub fn place(&self, environment: &str) -> Repository {
        format!("{}/{environment}/app", self.registry.host())
            .parse()
            .unwrap()
    }

    pub fn writer(&self, environment: &str) -> Writer {
        let settings = Settings {
            docker_config: Some(self.folder.path().join("nobody.json")),
            ..Settings::default()
        };
        Registries::new(settings)
            .unwrap()
            .writer(&self.place(environment), access())
    }

    pub fn reader(&self, environment: &str) -> Reader {
        (*self.writer(environment)).clone()
    }

    pub fn tag_of(&self, days: i64) -> Tag {
        format!("sha-{}", self.commits[&days].short()).parse().unwrap()
    }

    /// The image that was built of the commit of that day, with its tag.
    pub async fn build(&self, environment: &str, days: i64) -> Digest {
        let digest = self.push(environment, days, &["amd64"]).await;
        self.tag(environment, &digest, self.tag_of(days).as_str()).await;
        digest
    }

    /// Images of all days in dev, each with its tag.
    pub async fn build_all(&self) {
        for days in DAYS {
            self.build("dev", days).await;
        }
    }

    /// An image without a tag; an index where there are several platforms.
    pub async fn push(&self, environment: &str, days: i64, platforms: &[&str]) -> Digest {
        let mut images = Vec::new();
        for platform in platforms {
            images.push((*platform, self.image(environment, days, platform).await));
        }
        match images.as_slice() {
            [(_, only)] => only.digest.clone(),
            several => self.index(environment, several).await,
        }
    }

    pub async fn index(&self, environment: &str, images: &[(&str, Descriptor)]) -> Digest {
        let entries: Vec<Value> = images
            .iter()
            .map(|(architecture, image)| {
                json!({
                    "mediaType": image.media_type, "digest": image.digest, "size": image.size,
                    "platform": { "os": "linux", "architecture": architecture },
                })
            })
            .collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
        put(&self.writer(environment), INDEX, &index).await.digest
    }

    /// The image of one platform, built of the commit of that day.
    pub async fn image(&self, environment: &str, days: i64, platform: &str) -> Descriptor {
        let created = if days > 0 {
            self.day(days)
        } else {
            self.hour(-days)
        };
        let config = json!({
            "os": "linux", "architecture": platform, "created": created.to_string(),
            "config": { "Labels": { "org.opencontainers.image.revision": self.commits[&days].as_str() } },
        });
        let layers = [
            b"a base layer".to_vec(),
            format!("{platform} of day {days}").into_bytes(),
        ];
        self.image_of(environment, &config, &layers).await
    }

    pub async fn image_of(&self, environment: &str, config: &Value, layers: &[Vec<u8>]) -> Descriptor {
        let writer = self.writer(environment);
        let mut blobs = Vec::new();
        for layer in layers {
            let blob = writer.put_blob(Bytes::from(layer.clone())).await.unwrap();
            blobs.push(Descriptor::new(LAYER, blob.digest, blob.size));
        }
        let config = writer.put_blob(Bytes::from(config.to_string())).await.unwrap();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": Descriptor::new(CONFIG, config.digest, config.size), "layers": blobs,
        });
        put(&writer, MANIFEST, &manifest).await
    }

    pub async fn tag(&self, environment: &str, digest: &Digest, tag: &str) {
        let tag: Tag = tag.parse().unwrap();
        let writer = self.writer(environment);
        writer.tag(digest, &tag, TagRule::Mutable).await.unwrap();
    }

    /// Marks a digest as deployed so many days ago.
    pub async fn deploy(&self, environment: &str, digest: &Digest, days: i64) {
        let tag = DeploymentTag::at(self.day(days)).tag().unwrap();
        self.tag(environment, digest, tag.as_str()).await;
    }

    pub async fn has(&self, environment: &str, digest: &Digest) -> bool {
        let target = Target::Digest(digest.clone());
        self.reader(environment).resolve(&target).await.unwrap().is_some()
    }

    pub async fn tags(&self, environment: &str) -> Vec<String> {
        let tags = self.reader(environment).tags().await.unwrap();
        tags.iter().map(ToString::to_string).collect()
    }

    pub async fn plan(&self, environment: &str) -> Plan {
        self.try_plan(environment).await.unwrap()
    }

    pub async fn try_plan(&self, environment: &str) -> Result<Plan, EngineError> {
        plan_with(&self.engine(), environment).await
    }

    /// Plans and carries out.
    pub async fn run(&self, environment: &str) -> (Exit, Vec<Event>) {
        let plan = self.plan(environment).await;
        carry_out(&self.engine(), plan).await
    }

    /// The days of the images that a plan deletes, the oldest first.
    pub fn gone(&self, plan: &Plan) -> Vec<i64> {
        let day = |commit: &CommitSha| {
            let found = self.commits.iter().find(|(_, known)| *known == commit);
            found.map_or(-1, |(days, _)| *days)
        };
        gc(plan)
            .images
            .iter()
            .map(|image| day(&image.commits[0]))
            .collect()
    }
}

pub async fn plan_with(engine: &Arc<Engine>, environment: &str) -> Result<Plan, EngineError> {
    let service = engine.service(&"app".parse().unwrap()).unwrap();
    let request: Request = GcRequest {
        environment: environment.parse().unwrap(),
    }
    .into();
    engine.plan(&service, &request).await
}

pub fn gc(plan: &Plan) -> &Gc {
    let Operation::Gc(gc) = &plan.operation else {
        panic!("{:?}", plan.operation)
    };
    gc
}

/// Why a digest stays.
pub fn reason(plan: &Plan, digest: &Digest) -> Option<KeepReason> {
    let kept = gc(plan).kept.iter().find(|image| image.digest == *digest);
    kept.map(|image| image.reason)
}
