//! The plan of a build: what it would be called, whether it is there already, and whether this machine can do it.

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::release;
use crate::build::{BuildError, Builder, BuilderKind};
use crate::config::{BuilderChoice, Config, EnvironmentSettings};
use crate::domain::operation::Build;
use crate::domain::{
    CommitSha, Confirmation, Costs, Digest, Environment, ImageReference, Plan, PlannedStep, Platform,
    Repository, StepKind, StepList, StepTarget, Tag, Target,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::gates::{self, BuildQuestion, Moment, Question};
use crate::engine::operations::deploy::{self, Asker};
use crate::engine::operations::operation::PlanRequest;
use crate::engine::operations::sign::verified_by;
use crate::git::GitRepository;
use crate::project::Service;

/// A request to build the image of the commit that is checked out, for the environment that builds go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildRequest {
    /// Whether uncommitted changes are built too; the image then gets no tag of a commit.
    pub dirty: bool,
    /// The branch that this is a build of, where HEAD is on none; it decides where releases are built anew.
    pub branch: Option<String>,
}

impl PlanRequest for BuildRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        plan(engine, service, self.dirty, self.branch.as_deref()).await
    }
}

/// Plans the build of the commit that is checked out.
pub(super) async fn plan(
    engine: &Engine,
    service: &Service,
    with_changes: bool,
    branch: Option<&str>,
) -> Result<Plan, EngineError> {
    let commit = engine.commit("HEAD").await?;
    let changes = engine.git(GitRepository::uncommitted).await?;
    let entrance = engine.config().graph.entrance();
    let repository = service.environment(entrance).repository()?;
    let is_dirty = !changes.is_empty();
    let found = if is_dirty && with_changes {
        None
    } else {
        release::find(engine, &commit, branch).await?
    };
    let tag = match &found {
        Some(_) => engine.rebuilt_tag_of(&commit)?,
        None if is_dirty && with_changes => dirty_tag(&commit)?,
        None => engine.tag_of(&commit)?,
    };
    let (release, verdict) = found.map(|found| (found.branch, found.verdict)).unzip();
    let target = repository.tagged(tag.clone());
    let found = there(engine, &repository, &target, &tag, &commit).await?;
    let wanted = &engine.config().build.platforms;
    let builder = match &found {
        Some(_) => None,
        None => Some(builder(engine, &CancellationToken::new()).await),
    };
    let subject = BuildQuestion {
        engine,
        commit: &commit,
        changes: &changes,
        with_changes,
        release: verdict.as_ref(),
        image: found.as_ref(),
        builder: builder.as_ref(),
    };
    let question = Question::of_environment(engine, entrance, Moment::Build, vec![subject.into()])?;
    let gates = gates::ask(&question).await.gates;
    // A release goes on from here by promotions; `latest` and what is deployed here stay those of develop.
    let of_develop = !is_dirty && release.is_none();
    let mut targets = deploy::targets(service, entrance, Asker::Planner).await?;
    if !of_develop {
        targets = deploy::Targets::default();
    }
    let settings = engine.settings(&entrance.name)?;
    let latest = engine.config().build.latest && of_develop;
    let digest = found.map(|(digest, _)| digest);
    Ok(Plan {
        steps: steps(
            wanted,
            &target,
            latest,
            digest.as_ref(),
            entrance,
            settings,
            targets,
        ),
        operation: Build {
            to: entrance.name.clone(),
            target,
            platforms: if digest.is_some() {
                Vec::new()
            } else {
                wanted.clone()
            },
            latest,
            release,
        }
        .into(),
        service: service.name().clone(),
        commit: Some(commit),
        tag: Some(tag),
        digest,
        gates,
        costs: Costs::default(),
        confirmation: Confirmation::Plain,
    })
}

/// The tag of an image with changes that no commit has: it says so, and when it was made.
fn dirty_tag(commit: &CommitSha) -> Result<Tag, EngineError> {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    format!("dirty-{}-{now}", commit.short())
        .parse()
        .map_err(|_| EngineError::Internal("the current time does not make a valid tag".to_owned()))
}

/// The image that has the tag already, if it was built from this commit; with its platforms.
pub(super) async fn there(
    engine: &Engine,
    repository: &Repository,
    target: &ImageReference,
    tag: &Tag,
    commit: &CommitSha,
) -> Result<Option<(Digest, Vec<Platform>)>, EngineError> {
    let reader = engine.registries().reader(repository);
    let Some(found) = reader.resolve(&Target::Tag(tag.clone())).await? else {
        return Ok(None);
    };
    let summary = reader.image(&found.digest).await?;
    if summary.commit().as_ref() != Some(commit) {
        return Err(EngineError::TagOfAnother {
            target: target.clone(),
            found: found.digest,
            revision: summary.revision,
        });
    }
    let platforms = summary.platforms.into_iter().map(|(platform, _)| platform);
    Ok(Some((found.digest, platforms.collect())))
}

/// The builder that the configuration asks for.
pub(in crate::engine) async fn builder(
    engine: &Engine,
    cancel: &CancellationToken,
) -> Result<Builder, BuildError> {
    Builder::find(builder_of(engine.config()), cancel).await
}

/// Which builder a configuration asks for; none where any will do.
pub fn builder_of(config: &Config) -> Option<BuilderKind> {
    match config.build.builder {
        BuilderChoice::Auto => None,
        BuilderChoice::Buildx => Some(BuilderKind::Buildx),
        BuilderChoice::Buildah => Some(BuilderKind::Buildah),
        BuilderChoice::Podman => Some(BuilderKind::Podman),
    }
}

fn steps(
    platforms: &[Platform],
    target: &ImageReference,
    latest: bool,
    found: Option<&Digest>,
    entrance: &Environment,
    settings: &EnvironmentSettings,
    targets: deploy::Targets,
) -> Vec<PlannedStep> {
    let mut steps = StepList::default();
    steps.add(StepKind::Gate, "re-check all gates");
    if found.is_none() {
        let names: Vec<_> = platforms.iter().map(ToString::to_string).collect();
        steps.add(StepKind::Build, names.join(", "));
        let repository = || StepTarget::Repository(target.repository.clone());
        let title = format!("one index to {}", target.repository);
        steps.add_on(StepKind::Copy, title, repository());
        steps.add_on(
            StepKind::Attach,
            "SBOM (CycloneDX, SPDX) and scan report for each platform",
            repository(),
        );
        if let Some(sign) = &settings.sign {
            steps.add_on(StepKind::Sign, sign.words(), repository());
            steps.add_on(
                StepKind::Verify,
                format!("the signature, {}", verified_by(settings)),
                repository(),
            );
        }
        let tag = &target.target;
        let also = if latest { ", then latest" } else { "" };
        let image = StepTarget::Image(target.clone());
        steps.add_on(StepKind::Tag, format!("{tag}{also}"), image);
    }
    if !targets.is_empty() {
        deploy::add(&mut steps, entrance, targets);
    }
    steps.into()
}
