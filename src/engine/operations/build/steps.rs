//! The steps of a build.

use std::path::PathBuf;

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;

use super::plan::{builder, plan};
use super::{Built, push, release};
use crate::build::{LayoutImage, Order, Output};
use crate::deploy::Deployment;
use crate::domain::{
    BranchName, CommitSha, EnvironmentName, Gate, GateKind, ImageReference, Operation, Platform, STANDS_FOR,
    StepKind, Tag, count,
};
use crate::engine::error::EngineError;
use crate::engine::operations::sign;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Proof};
use crate::git::Commit;
use crate::registry::{TagOutcome, TagRule, Writer};
use crate::scan::{self, SbomFormat};

/// What every step of a build needs, taken out of the plan once.
struct Build<'a> {
    context: &'a Context<'a>,
    to: &'a EnvironmentName,
    target: &'a ImageReference,
    platforms: &'a [Platform],
    latest: bool,
    release: Option<&'a str>,
    commit: &'a CommitSha,
    tag: &'a Tag,
    writer: Writer,
}

/// Carries out one step.
pub(in crate::engine) async fn step(
    context: &Context<'_>,
    step: StepKind,
) -> Result<StepOutcome, EngineError> {
    let plan = context.plan;
    let (
        Operation::Build {
            to,
            target,
            platforms,
            latest,
            release,
        },
        Some(commit),
        Some(tag),
    ) = (&plan.operation, &plan.commit, &plan.tag)
    else {
        return Err(EngineError::Internal(
            "a build plan without a commit or tag".to_owned(),
        ));
    };
    let writer = context
        .engine
        .registries()
        .writer(&target.repository, context.access);
    let build = Build {
        context,
        to,
        target,
        platforms,
        latest: *latest,
        release: release.as_ref().map(BranchName::as_str),
        commit,
        tag,
        writer,
    };
    match step {
        StepKind::Gate => build.gate().await,
        StepKind::Build => build.build().await,
        StepKind::Copy => build.copy().await,
        StepKind::Attach => build.attach().await,
        StepKind::Tag => build.tag().await,
        StepKind::Deploy => build.deploy().await,
        StepKind::Sign => sign::sign_at(context, &build.writer, &build.built()?.index.digest, to).await,
        StepKind::Verify => build.verify().await,
        _ => Err(EngineError::UnknownStep {
            operation: "build",
            step,
        }),
    }
}

impl Build<'_> {
    /// A tag that is on the image of a commit, rather than on one of a dirty tree.
    fn is_of_commit(&self) -> bool {
        self.context
            .engine
            .config()
            .git
            .image_tag
            .parse_back(self.tag)
            .is_some()
    }

    /// Rule: what is built is what was planned. The commit is still checked out, the tree as clean as it was, and nobody
    /// has taken the tag meanwhile.
    async fn gate(&self) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let again = plan(
            engine,
            &self.context.plan.service,
            !self.is_of_commit(),
            self.release,
        )
        .await?;
        if again.commit.as_ref() != Some(self.commit) {
            let now = again.commit.as_ref().map_or("nothing", CommitSha::short);
            let why = format!(
                "{} was checked out when the plan was made; {now} is checked out now",
                self.commit.short()
            );
            let gate = Gate::new(GateKind::Commit, crate::domain::Verdict::Refused(why));
            return Err(EngineError::Refused(vec![gate]));
        }
        if self.is_of_commit() && again.tag.as_ref() != Some(self.tag) {
            let why = "a different branch is checked out than when the plan was made".to_owned();
            let gate = Gate::new(GateKind::Branch, crate::domain::Verdict::Refused(why));
            return Err(EngineError::Refused(vec![gate]));
        }
        if again.digest != self.context.plan.digest {
            return Err(EngineError::TagMoved {
                tag: self.tag.clone(),
                planned: self
                    .context
                    .plan
                    .digest
                    .clone()
                    .or_else(|| again.digest.clone())
                    .ok_or_else(|| EngineError::Internal("two missing digests differ".to_owned()))?,
                found: again.digest.map_or_else(
                    || "gone".to_owned(),
                    |digest| format!("{digest}, built in the meantime"),
                ),
            });
        }
        self.context.judge(again.gates)
    }

    /// Builds one platform after the other: builders use all processors by themselves.
    async fn build(&self) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let log = self.context.log(StepKind::Build);
        let program = builder(engine, self.context.cancel).await?;
        let commit = engine.resolve(self.commit.as_str()).await?;
        let labels = self.labels(&commit).await?;
        let work = tempfile::Builder::new()
            .prefix("windlass-build-")
            .tempdir()
            .map_err(|error| EngineError::Internal(format!("could not create a build folder: {error}")))?;
        let mut images = Vec::new();
        for (at, platform) in self.platforms.iter().enumerate() {
            log.info(format!("{platform} with {}", program.name()));
            let folder = work.path().join(at.to_string());
            let order = order(
                engine,
                &self.context.plan.service,
                Some(platform),
                labels.clone(),
                Some(commit.time),
            )?;
            let tell = |line: String| log.info(format!("{platform} {line}"));
            program
                .build(
                    &order,
                    &Output::Layout(folder.clone()),
                    &tell,
                    self.context.cancel,
                )
                .await?;
            images.push(LayoutImage::read(&folder, platform)?);
        }
        let (index, bytes) = push::index(&images, self.commit, commit.time);
        let done = format!("{} as {}", count(images.len(), "platform"), index.digest.short());
        let built = Built {
            work,
            images,
            index,
            bytes,
        };
        self.context
            .built
            .set(built)
            .map_err(|_| EngineError::Internal("the build step ran twice".to_owned()))?;
        Ok(StepOutcome::Done(done))
    }

    /// The labels that say what an image is and where it comes from (OCI image-spec 1.1, "Annotations").
    async fn labels(&self, commit: &Commit) -> Result<Vec<(String, String)>, EngineError> {
        let engine = self.context.engine;
        let (remote, sha) = (engine.config().git.remote.clone(), self.commit.clone());
        let source = engine
            .git(move |repository| {
                // A repository without that remote is still one that can be built.
                Ok(repository.source_of(&remote).ok().flatten())
            })
            .await?;
        let released = engine.released().await?;
        let release = released.tags().iter().find(|tag| tag.at.commit == sha);
        let anew = match self.release {
            Some(_) => release::find(engine, self.commit, self.release).await?,
            None => None,
        };
        let anew = anew.and_then(|found| found.release);
        let of_release = anew.as_ref().and_then(|anew| anew.version.clone());
        let version = match release {
            _ if of_release.is_some() => of_release.map(|version| version.to_string()).unwrap_or_default(),
            Some(tag) if self.is_of_commit() => tag.version.to_string(),
            _ => self.tag.to_string(),
        };
        let labels = [
            ("revision", Some(self.commit.to_string())),
            ("source", source),
            ("created", Some(commit.time.to_string())),
            ("version", Some(version)),
        ];
        let labels = labels
            .into_iter()
            .filter_map(|(key, value)| Some((format!("org.opencontainers.image.{key}"), value?)));
        let stands_for = anew.map(|anew| (STANDS_FOR.to_owned(), anew.stands_for.to_string()));
        Ok(labels.chain(stands_for).collect())
    }

    fn built(&self) -> Result<&Built, EngineError> {
        let built = self.context.built.get();
        built.ok_or_else(|| EngineError::Internal("nothing was built".to_owned()))
    }

    async fn copy(&self) -> Result<StepOutcome, EngineError> {
        tokio::select! {
            pushed = push::push(self.context, &self.writer, self.built()?) => pushed,
            () = self.context.cancel.cancelled() => Err(EngineError::Interrupted),
        }
    }

    /// Before the tag: whoever finds the image by its tag finds these with it.
    async fn attach(&self) -> Result<StepOutcome, EngineError> {
        let built = self.built()?;
        let log = self.context.log(StepKind::Attach);
        let tell = |line: String| log.info(line);
        let trivy = self.context.engine.trivy();
        let mut listing = Vec::new();
        for (at, image) in built.images.iter().enumerate() {
            let folder = built.work.path().join(at.to_string());
            for format in SbomFormat::ALL {
                listing.push(self.list(folder.clone(), format, image, &tell).boxed());
            }
        }
        let lists = try_join_all(listing).await?;
        let digest = &built.index.digest;
        let images = self.writer.image(digest).await?.images;
        let scanned = scan::scan_now(trivy, &self.target.repository, digest, &images, &tell).await?;
        for (bytes, context) in &scanned.reports {
            scan::attach_report(&self.writer, &built.index, bytes.clone(), context).await?;
        }
        let done = format!(
            "{}, {}",
            count(lists.len(), "SBOM"),
            count(scanned.reports.len(), "scan report")
        );
        let proof = Proof {
            exception: None,
            record: None,
            fresh: Some(scanned),
            image: built.index.clone(),
            promoted_before: false,
        };
        let _ = self.context.proof.set(proof);
        Ok(StepOutcome::Done(done))
    }

    /// That the signature can be verified, where the environment says by which key.
    async fn verify(&self) -> Result<StepOutcome, EngineError> {
        let digest = &self.built()?.index.digest;
        let verified = sign::verify_at(self.context.engine, &self.writer, digest, self.to).await?;
        Ok(verified.map_or_else(
            || StepOutcome::Nothing(format!("{} has no verification key configured", self.to)),
            StepOutcome::Done,
        ))
    }

    /// Lists what is in the image of one platform, and attaches that.
    async fn list(
        &self,
        folder: PathBuf,
        format: SbomFormat,
        image: &LayoutImage,
        line: scan::Line<'_>,
    ) -> Result<(), EngineError> {
        let bytes = self.context.engine.trivy().sbom(&folder, format, line).await?;
        let index = &self.built()?.index;
        scan::attach_sbom(&self.writer, index, format, bytes, Some(&image.platform)).await?;
        Ok(())
    }

    async fn tag(&self) -> Result<StepOutcome, EngineError> {
        let digest = &self.built()?.index.digest;
        let outcome = self.writer.tag(digest, self.tag, TagRule::Immutable).await?;
        if self.latest {
            let latest = "latest"
                .parse()
                .map_err(|_| EngineError::Internal("`latest` is not a tag".to_owned()))?;
            self.writer.tag(digest, &latest, TagRule::Mutable).await?;
        }
        let also = if self.latest { " and latest" } else { "" };
        Ok(match outcome {
            TagOutcome::Set => StepOutcome::Done(format!("{}{also}", self.target)),
            TagOutcome::AlreadyThere => StepOutcome::Nothing(format!("{} was already set", self.target)),
        })
    }

    async fn deploy(&self) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let digest = match (&self.context.plan.digest, self.context.built.get()) {
            (Some(digest), _) => digest.clone(),
            (None, Some(built)) => built.index.digest.clone(),
            (None, None) => return Err(EngineError::Internal("nothing to deploy".to_owned())),
        };
        // `latest` tells what was built, not what was deployed.
        let running = self.writer.running(false).await?;
        if running.is_some_and(|running| running.digest == digest) {
            return Ok(StepOutcome::Nothing(format!("already deployed to {}", self.to)));
        }
        let log = self.context.log(StepKind::Deploy);
        let Some(deployer) = engine.deployer(self.to)? else {
            return Ok(StepOutcome::Nothing(format!(
                "no deployer configured for {}",
                self.to
            )));
        };
        let deployment = Deployment {
            service: self.context.plan.service.clone(),
            environment: self.to.clone(),
            image: self.target.repository.at(digest.clone()),
            digest: digest.clone(),
            tag: Some(self.tag.clone()),
            commit: Some(self.commit.clone()),
        };
        deployer
            .deploy(&deployment, &|line| log.info(line), self.context.cancel)
            .await?;
        crate::engine::operations::place::mark(&self.writer, &digest).await?;
        Ok(StepOutcome::Done(format!("deployed to {}", self.to)))
    }
}

/// What a builder is asked for: the service's Dockerfile, with the configuration's arguments.
pub(in crate::engine) fn order(
    engine: &crate::engine::Engine,
    service: &crate::domain::ServiceName,
    platform: Option<&Platform>,
    labels: Vec<(String, String)>,
    created: Option<jiff::Timestamp>,
) -> Result<Order, EngineError> {
    let config = engine.config();
    let found = config
        .service(service)
        .ok_or_else(|| EngineError::UnknownService(service.clone()))?;
    let root = engine
        .repository()
        .map_or_else(|| config.folder(), |repository| repository.root());
    let context = root.join(&found.path);
    Ok(Order {
        dockerfile: context.join(&found.dockerfile),
        context,
        platform: platform.cloned(),
        args: config.build.args.clone(),
        labels,
        created,
        more: config.build.builder_args.clone(),
    })
}
