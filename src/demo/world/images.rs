//! The images of the sample's commits, and the cases of real life among them.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::contents;
use super::error::WorldError;
use super::layers::{self, Layer, PLATFORMS, Recipe};
use super::reports::{self, Health};
use crate::domain::{
    Clean, CommitSha, DeploymentTag, Digest, EnvironmentName, Gate, GateKind, ImageError, PromotionRecord,
    RecordDetails, RecordedOperation, Repository, ServiceName, SignatureForms, Tag, Verdict, WriteAccess,
};
use crate::engine::{Engine, EngineError};
use crate::registry::{Descriptor, TagRule, Writer, copy};
use crate::scan::{ReportContext, SbomFormat, attach_report, attach_sbom};
use crate::sign::{self, NewStatement, SigningKey};

/// The password of the key that signs.
pub(super) const PASSWORD: &str = "windlass demo";

/// Images that are built at the same time.
const AT_ONCE: usize = 8;

/// The commits, counted from the newest, of which something is to be told.
const WITH_HIGH: usize = 1;
const WITHOUT_IMAGE: usize = 2;
const IN_STAGE: usize = 3;
const CRITICAL: usize = 4;
const MOVED: usize = 6;
const WITHOUT_REPORT: usize = 8;
const STALE: usize = 9;
const IN_PROD: usize = 15;
/// What is pushed later is as well as the newest commit.
const NEW: usize = 0;
/// Older ones that ran in prod before, oldest first.
const ONCE_IN_PROD: [usize; 2] = [36, 25];
/// Those that people compare most have an SBOM; what is in the others their reports tell.
const WITH_SBOM: [usize; 6] = [0, IN_STAGE, CRITICAL, IN_PROD, ONCE_IN_PROD[1], ONCE_IN_PROD[0]];

/// Fills the registries: builds, scans, promotions and signatures as they would have come about.
pub(super) async fn fill(
    engine: &Engine,
    commits: &[CommitSha],
    times: &[Timestamp],
    now: Timestamp,
    access: WriteAccess,
) -> Result<(), WorldError> {
    let workshop = Workshop::new(engine, now, access)?;
    let building: Vec<_> = commits
        .iter()
        .zip(times)
        .enumerate()
        .filter(|(nth, _)| *nth != WITHOUT_IMAGE)
        .map(|(nth, (commit, time))| workshop.build(nth, commit, *time))
        .collect();
    let built: Vec<(usize, Descriptor)> = stream::iter(building)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let image = |nth| {
        built
            .iter()
            .find(|(known, _)| *known == nth)
            .map(|(_, image)| image)
    };
    for (nth, image) in &built {
        let from = if *nth == MOVED { MOVED + 1 } else { *nth };
        let target = built
            .iter()
            .find(|(known, _)| *known == from)
            .map_or(image, |(_, other)| other);
        workshop
            .dev
            .tag(&target.digest, &tag(engine, &commits[*nth])?, TagRule::Immutable)
            .await?;
    }
    if let Some(newest) = image(0) {
        workshop
            .dev
            .tag(&newest.digest, &parse("latest")?, TagRule::Mutable)
            .await?;
    }
    let days = |days: i64| now - SignedDuration::from_hours(24 * days);
    for (nth, ago) in [
        (ONCE_IN_PROD[0], 34),
        (ONCE_IN_PROD[1], 23),
        (IN_PROD, 13),
        (IN_STAGE, 1),
    ] {
        if let Some(image) = image(nth) {
            workshop
                .promote("dev", "stage", image, &commits[nth], days(ago))
                .await?;
        }
    }
    for (nth, ago) in [(ONCE_IN_PROD[0], 33), (ONCE_IN_PROD[1], 22), (IN_PROD, 12)] {
        if let Some(image) = image(nth) {
            workshop
                .promote("stage", "prod", image, &commits[nth], days(ago))
                .await?;
        }
    }
    workshop.releases(commits).await
}

/// Builds, scans and tags the image of one more commit, as the pipeline does after a push.
pub(super) async fn build_one(
    engine: &Engine,
    commit: &CommitSha,
    time: Timestamp,
    is_develop: bool,
    now: Timestamp,
    access: WriteAccess,
) -> Result<Digest, WorldError> {
    let workshop = Workshop::new(engine, now, access)?;
    let (_, image) = workshop.build(NEW, commit, time).await?;
    workshop
        .dev
        .tag(&image.digest, &tag(engine, commit)?, TagRule::Immutable)
        .await?;
    if is_develop {
        workshop
            .dev
            .tag(&image.digest, &parse("latest")?, TagRule::Mutable)
            .await?;
    }
    Ok(image.digest)
}

fn parse(text: &str) -> Result<Tag, WorldError> {
    Ok(text
        .parse()
        .map_err(|error: ImageError| EngineError::Internal(error.to_string()))?)
}

fn tag(engine: &Engine, commit: &CommitSha) -> Result<Tag, WorldError> {
    Ok(engine.tag_of(commit)?)
}

/// The layers that all images of the sample have in common.
pub(super) struct Materials {
    /// For each platform the base image.
    bases: [Layer; 2],
    /// The libraries that change now and then.
    libraries: Vec<Layer>,
}

impl Materials {
    pub(super) fn new() -> Result<Self, WorldError> {
        let made = |layer: std::io::Result<Layer>| {
            layer.map_err(|source| WorldError::Io {
                path: "a layer".into(),
                source,
            })
        };
        let libraries = (0..4)
            .map(|generation| {
                made(layers::layer(&[(
                    "usr/lib/libpayment.so",
                    &layers::program(100 + generation, 700_000),
                )]))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            bases: [
                made(layers::base(PLATFORMS[0], 1))?,
                made(layers::base(PLATFORMS[1], 2))?,
            ],
            libraries,
        })
    }
}

/// Builds, scans and promotes the images of one service, as they would have come about.
pub(super) struct Workshop<'a> {
    engine: &'a Engine,
    service: ServiceName,
    dev: Writer,
    now: Timestamp,
    access: WriteAccess,
    materials: Arc<Materials>,
}

impl<'a> Workshop<'a> {
    /// The workshop of the first service.
    fn new(engine: &'a Engine, now: Timestamp, access: WriteAccess) -> Result<Self, WorldError> {
        let service = engine.config().services[0].name.clone();
        Self::of(engine, service, Arc::new(Materials::new()?), now, access)
    }

    /// The workshop of a service.
    pub(super) fn of(
        engine: &'a Engine,
        service: ServiceName,
        materials: Arc<Materials>,
        now: Timestamp,
        access: WriteAccess,
    ) -> Result<Self, WorldError> {
        Ok(Self {
            dev: writer(engine, &service, "dev", access)?,
            engine,
            service,
            now,
            access,
            materials,
        })
    }

    /// Tags an image of the build environment as the newest.
    pub(super) async fn tag_latest(&self, image: &Descriptor) -> Result<(), WorldError> {
        self.dev
            .tag(&image.digest, &parse("latest")?, TagRule::Mutable)
            .await?;
        Ok(())
    }

    /// Tags an image of the build environment as that of `commit`.
    pub(super) async fn tag(&self, image: &Descriptor, commit: &CommitSha) -> Result<(), WorldError> {
        let tag = tag(self.engine, commit)?;
        self.dev.tag(&image.digest, &tag, TagRule::Immutable).await?;
        Ok(())
    }

    /// Builds and scans one commit; the tag comes later.
    pub(super) async fn build(
        &self,
        nth: usize,
        commit: &CommitSha,
        time: Timestamp,
    ) -> Result<(usize, Descriptor), WorldError> {
        let seed = u64::from_str_radix(commit.short(), 16).unwrap_or(7);
        let app = |platform: u64| {
            layers::layer(&[(
                "usr/bin/payment-svc",
                &layers::program(seed.wrapping_add(platform), 180_000),
            )])
            .map_err(|source| WorldError::Io {
                path: "a layer".into(),
                source,
            })
        };
        let library = &self.materials.libraries[nth / 14 % self.materials.libraries.len()];
        let stack = |platform: usize, app| vec![self.materials.bases[platform].clone(), library.clone(), app];
        let recipe = Recipe {
            commit,
            created: time,
            settings: contents::settings(nth),
            layers: [stack(0, app(0)?), stack(1, app(1)?)],
        };
        let image = layers::push(&self.dev, &recipe).await?;
        if nth != WITHOUT_REPORT {
            self.scan(nth, &image, time).await?;
        }
        if WITH_SBOM.contains(&nth) {
            attach_sbom(
                &self.dev,
                &image,
                SbomFormat::CycloneDx,
                contents::sbom(nth),
                None,
            )
            .await?;
        }
        Ok((nth, image))
    }

    async fn scan(&self, nth: usize, image: &Descriptor, built: Timestamp) -> Result<(), WorldError> {
        let health = match nth {
            WITH_HIGH => Health::High,
            CRITICAL => Health::Critical,
            _ => Health::Clean,
        };
        // All images are scanned again each night, but for the one that the night's job has forgotten.
        let made = match nth {
            STALE => self.now - SignedDuration::from_hours(24 * 5),
            _ => built.max(self.now - SignedDuration::from_hours(9)),
        };
        for architecture in PLATFORMS {
            let name = self.dev.repository().at(image.digest.clone()).to_string();
            let report = reports::report(nth, health, &name, architecture, made);
            let context = ReportContext {
                scanner: Some("Trivy 0.74.0".to_owned()),
                ..ReportContext::default()
            };
            attach_report(&self.dev, image, report, &context).await?;
        }
        Ok(())
    }

    /// What a promotion does, at a time in the past.
    pub(super) async fn promote(
        &self,
        from: &str,
        to: &str,
        image: &Descriptor,
        commit: &CommitSha,
        at: Timestamp,
    ) -> Result<(), WorldError> {
        let source = writer(self.engine, &self.service, from, self.access)?;
        let target = writer(self.engine, &self.service, to, self.access)?;
        let digest: &Digest = &image.digest;
        let plan = copy::plan(
            &source,
            &target,
            &digest.clone().into(),
            &copy::CopyOptions::default(),
        )
        .await?;
        copy::run(&plan, &source, &target, &|_| (), &CancellationToken::new()).await?;
        let to = environment(to)?;
        let from = environment(from)?;
        if let Some(settings) = self
            .engine
            .config()
            .environments
            .get(&to)
            .and_then(|settings| settings.sign.as_ref()?.key())
        {
            let path = settings.key.clone();
            let opening =
                tokio::task::spawn_blocking(move || SigningKey::load(&path, &SecretString::from(PASSWORD)));
            let key = opening
                .await
                .map_err(|error| EngineError::Internal(error.to_string()))??;
            let signer = key.into();
            sign::sign(&target, image, &signer, SignatureForms::Bundle).await?;
            let record = self.record(source.repository(), &target, digest, commit, (&from, &to, at))?;
            let statement = NewStatement::new(PromotionRecord::TYPE, record);
            sign::attest(&target, image, statement, &signer, SignatureForms::Bundle).await?;
        }
        target
            .tag(digest, &tag(self.engine, commit)?, TagRule::Immutable)
            .await?;
        if let Some(deployed) = DeploymentTag::at(at).tag() {
            target.tag(digest, &deployed, TagRule::Immutable).await?;
        }
        Ok(())
    }

    /// The record of a promotion as the pipeline's job left it then.
    fn record(
        &self,
        source: &Repository,
        target: &Writer,
        digest: &Digest,
        commit: &CommitSha,
        (from, to, at): (&EnvironmentName, &EnvironmentName, Timestamp),
    ) -> Result<PromotionRecord, WorldError> {
        let details = RecordDetails {
            operation: RecordedOperation::Promote,
            service: self.service.clone(),
            environment: to.clone(),
            from: Some(from.clone()),
            commit: Some(commit.clone()),
            plan: Clean::line(&digest.hex()[..12]),
            run: Clean::line(&digest.hex()[..32]),
            by: Clean::line("ana@ci"),
            reason: None,
            hotfix: false,
            gates: vec![Gate::new(
                GateKind::Scan,
                Verdict::Allowed("clean; the image was scanned just now".to_owned()),
            )],
            previous_digest: None,
            evidence: Vec::new(),
            approvals: Vec::new(),
            follows: None,
        };
        let tags = [tag(self.engine, commit)?];
        Ok(PromotionRecord::new(
            digest,
            Some(source),
            target.repository(),
            &tags,
            at,
            details,
        ))
    }

    /// The release branches of what is in stage and in prod, here and on the remote.
    async fn releases(&self, commits: &[CommitSha]) -> Result<(), WorldError> {
        for (nth, version) in [(IN_PROD, "1.3.2"), (IN_STAGE, "1.4.0")] {
            let name = format!("release/v{version}-sha-{}", commits[nth].short());
            self.release(&name, &commits[nth]).await?;
        }
        Ok(())
    }

    /// A release branch at `commit`, here and on the remote.
    pub(super) async fn release(&self, name: &str, commit: &CommitSha) -> Result<(), WorldError> {
        let Some(repository) = self.engine.repository() else {
            return Ok(());
        };
        let name = name
            .parse()
            .map_err(|error: crate::domain::BranchNameError| EngineError::Internal(error.to_string()))?;
        repository.create_branch(&name, commit, self.access)?;
        let remote = repository.remote("origin")?;
        remote.push_new(&name, commit, self.access).await?;
        Ok(())
    }
}

fn environment(name: &str) -> Result<EnvironmentName, WorldError> {
    Ok(name
        .parse()
        .map_err(|error: crate::domain::NameError| EngineError::Internal(error.to_string()))?)
}

fn writer(
    engine: &Engine,
    service: &ServiceName,
    environment: &str,
    access: WriteAccess,
) -> Result<Writer, WorldError> {
    let name = self::environment(environment)?;
    let environment = engine.environment(&name)?;
    let service = engine.service(service)?;
    let writer = service.environment(environment).writer(access);
    Ok(writer.map_err(EngineError::from)?)
}
