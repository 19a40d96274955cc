//! The steps of a build.

use std::path::PathBuf;
use std::sync::OnceLock;

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;

use super::order::order;
use super::plan::{builder, plan};
use super::{Built, push, release};
use crate::build::{LayoutImage, Output};
use crate::config::SignerSettings;
use crate::domain::operation::Build;
use crate::domain::{
    BranchName, CommitSha, Digest, LockPart, Plan, PromotionRecord, RecordedOperation, STANDS_FOR, StepKind,
    Tag, count,
};
use crate::engine::Engine;
use crate::engine::chain::{self, RecordedImage};
use crate::engine::error::EngineError;
use crate::engine::gates::{self, CheckoutQuestion, Moment, Question};
use crate::engine::operations::operation::{Operation, OperationRun, Work};
use crate::engine::operations::sign::Statements;
use crate::engine::operations::{deploy, sign};
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::git::Commit;
use crate::registry::{TagOutcome, TagRule, Writer};
use crate::scan::{self, FreshScan, SbomFormat};

impl Operation for Build {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Environment(self.to.clone()))
    }

    /// What is there already is not built, and so not signed.
    fn signs_with(&self, engine: &Engine, plan: &Plan) -> Option<SignerSettings> {
        let is_built = plan.digest.is_none();
        is_built.then(|| engine.sign_settings(&self.to)).flatten()
    }

    fn is_read_back(&self) -> bool {
        true
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let (Some(commit), Some(tag)) = (&context.plan.commit, &context.plan.tag) else {
            return Err(EngineError::Internal(
                "a build plan without a commit or tag".to_owned(),
            ));
        };
        let registries = context.engine.registries();
        Ok(Box::new(Building {
            context,
            build: self,
            commit,
            tag,
            writer: registries.writer(&self.target.repository, context.access),
            built: OnceLock::new(),
            scanned: OnceLock::new(),
        }))
    }
}

/// A run that builds.
struct Building<'a> {
    context: &'a Context<'a>,
    build: &'a Build,
    commit: &'a CommitSha,
    tag: &'a Tag,
    writer: Writer,
    /// What the build step made, for the steps after it.
    built: OnceLock<Built>,
    /// The scan that was attached, to be signed too.
    scanned: OnceLock<FreshScan>,
}

impl OperationRun for Building<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.gate(step)),
            StepKind::Build => Work::stopping_itself(self.build(step)),
            StepKind::Copy => Work::stopping_itself(self.copy(step)),
            StepKind::Attach => Work::new(self.attach(step)),
            StepKind::Sign => Work::new(self.sign(step)),
            StepKind::Verify => Work::new(self.verify()),
            StepKind::Tag => Work::new(self.tag()),
            StepKind::Deploy => Work::stopping_itself(self.deploy(step)),
            _ => return None,
        })
    }

    fn made(&self) -> Option<&Digest> {
        self.built.get().map(|built| &built.index.digest)
    }
}

impl Building<'_> {
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
    async fn gate(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let again = plan(
            engine,
            self.context.service,
            !self.is_of_commit(),
            self.build.release.as_ref().map(BranchName::as_str),
        )
        .await?;
        let subject = CheckoutQuestion {
            planned: self.commit,
            found: again.commit.as_ref(),
            tags: self.is_of_commit().then_some((self.tag, again.tag.as_ref())),
        };
        let entrance = engine.config().graph.entrance();
        let question = Question::of_environment(engine, entrance, Moment::Checkout, vec![subject.into()])?;
        let moved = gates::ask(&question).await.gates;
        if !moved.is_empty() {
            return Err(EngineError::Refused(moved));
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
        step.judge(again.gates)
    }

    /// Builds one platform after the other: builders use all processors by themselves.
    async fn build(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let log = step.log();
        let program = builder(engine, self.context.cancel).await?;
        let commit = engine.resolve(self.commit.as_str()).await?;
        let labels = self.labels(&commit).await?;
        let work = tempfile::Builder::new()
            .prefix("windlass-build-")
            .tempdir()
            .map_err(|error| EngineError::Internal(format!("could not create a build folder: {error}")))?;
        let mut images = Vec::new();
        for (at, platform) in self.build.platforms.iter().enumerate() {
            log.info(format!("{platform} with {}", program.name()));
            let folder = work.path().join(at.to_string());
            let order = order(
                engine,
                self.context.service,
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
        self.built
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
        let anew = match &self.build.release {
            Some(branch) => release::find(engine, self.commit, Some(branch.as_str())).await?,
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
        let built = self.built.get();
        built.ok_or_else(|| EngineError::Internal("nothing was built".to_owned()))
    }

    async fn copy(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        tokio::select! {
            pushed = push::push(step, &self.writer, self.built()?) => pushed,
            () = self.context.cancel.cancelled() => Err(EngineError::Interrupted),
        }
    }

    /// Before the tag: whoever finds the image by its tag finds these with it.
    async fn attach(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let built = self.built()?;
        let log = step.log();
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
        let scanned = scan::scan_now(trivy, &self.build.target.repository, digest, &images, &tell).await?;
        for (bytes, context) in &scanned.reports {
            scan::attach_report(&self.writer, &built.index, bytes.clone(), context).await?;
        }
        let done = format!(
            "{}, {}",
            count(lists.len(), "SBOM"),
            count(scanned.reports.len(), "scan report")
        );
        let _ = self.scanned.set(scanned);
        Ok(StepOutcome::Done(done))
    }

    async fn sign(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let digest = &self.built()?.index.digest;
        let record = self.record(digest).await?;
        let statements = Statements {
            fresh: self.scanned.get(),
            record: Some(&record),
            summary: None,
        };
        sign::sign_at(step, &self.writer, digest, &self.build.to, statements).await
    }

    /// By what the digest comes to the environment: where every chain begins.
    async fn record(&self, digest: &Digest) -> Result<PromotionRecord, EngineError> {
        let context = self.context;
        let image = RecordedImage {
            digest,
            source: None,
            destination: &self.build.target.repository,
            tags: std::slice::from_ref(self.tag),
        };
        let (operation, fresh) = (RecordedOperation::Build, self.scanned.get());
        let details = chain::details(context, operation, &self.build.to, &context.plan.gates, fresh);
        context.engine.promotion_record(context, image, details).await
    }

    /// That the signature can be verified, where the environment says by which key.
    async fn verify(&self) -> Result<StepOutcome, EngineError> {
        let digest = &self.built()?.index.digest;
        let verified = sign::verify_at(self.context.engine, &self.writer, digest, &self.build.to).await?;
        Ok(verified.map_or_else(
            || StepOutcome::Nothing(format!("{} has no verification key configured", self.build.to)),
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
        if self.build.latest {
            let latest = "latest"
                .parse()
                .map_err(|_| EngineError::Internal("`latest` is not a tag".to_owned()))?;
            self.writer.tag(digest, &latest, TagRule::Mutable).await?;
        }
        let also = if self.build.latest { " and latest" } else { "" };
        Ok(match outcome {
            TagOutcome::Set => StepOutcome::Done(format!("{}{also}", self.build.target)),
            TagOutcome::AlreadyThere => {
                StepOutcome::Nothing(format!("{} was already set", self.build.target))
            }
        })
    }

    async fn deploy(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let digest = match (&self.context.plan.digest, self.built.get()) {
            (Some(digest), _) => digest.clone(),
            (None, Some(built)) => built.index.digest.clone(),
            (None, None) => return Err(EngineError::Internal("nothing to deploy".to_owned())),
        };
        let job = deploy::Job {
            writer: &self.writer,
            digest: &digest,
            environment: self.context.engine.environment(&self.build.to)?,
            tag: Some(self.tag),
            commit: Some(self.commit),
        };
        deploy::run(step, job).await
    }
}
