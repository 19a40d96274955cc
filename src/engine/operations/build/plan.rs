//! The plan of a build: what it would be called, whether it is there already, and whether this machine can do it.

use std::path::Path;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::release;
use crate::build::{BuildError, Builder, BuilderKind, Emulator, emulator};
use crate::config::{BuilderChoice, Config, Emulation};
use crate::domain::operation::Build;
use crate::domain::{
    CommitSha, Confirmation, Costs, Digest, Environment, Gate, GateKind, ImageReference, Plan, PlannedStep,
    Platform, Repository, StepKind, StepList, StepTarget, Tag, Target, Verdict, count,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::operations::deploy;
use crate::engine::operations::operation::PlanRequest;
use crate::git::GitRepository;
use crate::project::Service;

/// How many changed files a refusal names.
const NAMED: usize = 3;

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
    let (release, gate) = found.map(|found| (found.branch, found.gate)).unzip();
    let mut gates = vec![
        Gate::new(GateKind::Tree, tree(&commit, &changes, with_changes)),
        Gate::new(GateKind::ShortSha, short_sha(engine, &commit).await?),
    ];
    gates.extend(gate);
    let target = repository.tagged(tag.clone());
    let found = there(engine, &repository, &target, &tag, &commit).await?;
    let wanted = &engine.config().build.platforms;
    if let Some((digest, platforms)) = &found {
        gates.push(Gate::new(GateKind::Image, whole(digest, platforms, wanted)));
    } else {
        gates.extend(machine(engine).await);
    }
    // A release goes on from here by promotions; `latest` and what is deployed here stay those of develop.
    let of_develop = !is_dirty && release.is_none();
    let mut targets = deploy::targets(service, entrance).await?;
    if !of_develop {
        targets = deploy::Targets::default();
    }
    let sign = engine.settings(&entrance.name)?.sign.as_ref();
    let key = sign.map(|sign| sign.key.clone());
    let latest = engine.config().build.latest && of_develop;
    let digest = found.map(|(digest, _)| digest);
    Ok(Plan {
        steps: steps(
            wanted,
            &target,
            latest,
            digest.as_ref(),
            entrance,
            key.as_deref(),
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

pub(super) fn tree(commit: &CommitSha, changes: &[String], with_changes: bool) -> Verdict {
    let Some((first, _)) = changes.split_first() else {
        return Verdict::Allowed(format!("the working tree is clean at {}", commit.short()));
    };
    let mut named = changes
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if changes.len() > NAMED {
        named.push_str(", …");
    }
    let differ = if changes.len() == 1 {
        format!("{first} differs from {}", commit.short())
    } else {
        format!(
            "{} differ from {} ({named})",
            count(changes.len(), "file"),
            commit.short()
        )
    };
    if with_changes {
        Verdict::Allowed(format!(
            "{differ}; the image gets its own tag instead of the commit's"
        ))
    } else {
        Verdict::Refused(format!(
            "{differ}: commit the changes, or build with --dirty, which marks the tag"
        ))
    }
}

async fn short_sha(engine: &Engine, commit: &CommitSha) -> Result<Verdict, EngineError> {
    let sha = commit.clone();
    let unique = engine
        .git(move |repository| repository.short_is_unique(&sha))
        .await?;
    Ok(if unique {
        Verdict::Allowed(format!("{} is unambiguous", commit.short()))
    } else {
        Verdict::Refused(format!(
            "{} is ambiguous: it matches several commits, so the tag would too",
            commit.short()
        ))
    })
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

/// An image that is there counts if it is all of what would be built.
fn whole(digest: &Digest, platforms: &[Platform], wanted: &[Platform]) -> Verdict {
    let names = |platforms: &mut dyn Iterator<Item = &Platform>| {
        platforms.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let same = |a: &Platform, b: &Platform| (&a.os, &a.architecture) == (&b.os, &b.architecture);
    let missing = names(
        &mut wanted
            .iter()
            .filter(|one| !platforms.iter().any(|other| same(one, other))),
    );
    if missing.is_empty() {
        Verdict::Allowed(format!(
            "{} already exists for {}; nothing to build",
            digest.short(),
            names(&mut platforms.iter())
        ))
    } else {
        Verdict::Refused(format!(
            "{} already exists without {missing}, and its tag is immutable: make a new commit",
            digest.short()
        ))
    }
}

/// Whether this machine can build: a builder, emulation of what is foreign, and Trivy for what is attached.
async fn machine(engine: &Engine) -> Vec<Gate> {
    let settings = &engine.config().build;
    let builder = match builder(engine, &CancellationToken::new()).await {
        Ok(builder) => Verdict::Allowed(builder.name().to_owned()),
        Err(error) => {
            let hint = error.hint().unwrap_or_default();
            Verdict::Refused(format!("{error}: {hint}"))
        }
    };
    // buildx builds elsewhere, where other emulators may be: it says itself what it cannot do.
    let elsewhere = matches!(&builder, Verdict::Allowed(name) if name == BuilderKind::Buildx.name());
    let scanner = engine.trivy().context().await.scanner.map_or_else(
        || {
            let program = engine.config().scanner.trivy.display();
            Verdict::Refused(format!(
                "cannot find the scanner `{program}`; images are pushed only with an SBOM and a scan report: \
                 install Trivy (https://trivy.dev), or set its path in [scanner] of windlass.toml"
            ))
        },
        Verdict::Allowed,
    );
    let mut gates = vec![Gate::new(GateKind::Builder, builder)];
    if settings.emulation == Emulation::Required && !elsewhere {
        gates.push(Gate::new(GateKind::Emulation, emulation(&settings.platforms)));
    }
    gates.push(Gate::new(GateKind::Scanner, scanner));
    gates
}

fn emulation(platforms: &[Platform]) -> Verdict {
    let (mut by, mut missing) = (Vec::new(), Vec::new());
    for platform in platforms {
        match emulator(platform) {
            Emulator::Native => {}
            Emulator::Registered(name) => by.push(format!("{platform} with {name}")),
            Emulator::None => missing.push(platform.to_string()),
        }
    }
    if !missing.is_empty() {
        return Verdict::Refused(format!(
            "this machine cannot run {} programs: install qemu-user-static and binfmt-support (Debian), or set \
             `emulation = \"unneeded\"` in [build] if the Dockerfile runs nothing for that platform",
            missing.join(", ")
        ));
    }
    Verdict::Allowed(if by.is_empty() {
        "not required".to_owned()
    } else {
        by.join(", ")
    })
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
    key: Option<&Path>,
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
        if let Some(key) = key {
            steps.add_on(StepKind::Sign, format!("with {}", key.display()), repository());
            steps.add_on(
                StepKind::Verify,
                "the signature, with the public key",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> CommitSha {
        "2b2e927000000000000000000000000000000000".parse().unwrap()
    }

    fn changes(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("src/{n}.rs")).collect()
    }

    #[test]
    fn changes_refuse_a_build_and_are_named() {
        assert!(tree(&commit(), &[], false).allows());
        let one = tree(&commit(), &changes(1), false);
        assert!(!one.allows());
        assert!(
            one.reason().starts_with("src/0.rs differs from 2b2e927"),
            "{one:?}"
        );
        let many = tree(&commit(), &changes(5), false);
        assert!(
            many.reason()
                .starts_with("5 files differ from 2b2e927 (src/0.rs, src/1.rs, src/2.rs, …)")
        );
        assert!(tree(&commit(), &changes(5), true).allows());
    }

    #[test]
    fn an_image_that_lacks_a_platform_is_not_the_one_that_would_be_built() {
        let both = ["amd64", "arm64"].map(Platform::linux);
        let digest = Digest::of(b"index");
        assert!(whole(&digest, &both, &both).allows());
        assert!(whole(&digest, &both, &both[..1]).allows());
        let refused = whole(&digest, &both[..1], &both);
        assert!(refused.reason().contains("without linux/arm64"), "{refused:?}");
    }
}
