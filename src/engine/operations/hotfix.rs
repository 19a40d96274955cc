//! Beginning a hotfix: a branch at the commit that production really runs, wherever main may be.

use semver::Version;

use super::operation::{Operation, OperationRun, PlanRequest, Work};
use super::{cut, naming};
use crate::config::GitSettings;
use crate::domain::operation::Hotfix;
use crate::domain::{
    BranchName, CommitSha, Confirmation, Costs, Digest, Environment, EnvironmentName, Gate, LockPart, Plan,
    ReleaseKind, StepKind, StepList, Values,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::gates::{self, BranchQuestion, HotfixBase, Moment, Question};
use crate::engine::present::{Present, present};
use crate::engine::remote_state::{Line, Upstream};
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::project::Service;

/// What an environment has, and where it came from.
struct Base {
    present: Present,
    commit: CommitSha,
}

/// A request to begin a hotfix at what an environment has deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotfixRequest {
    /// The environment; the one that releases are for if none is named.
    pub environment: Option<EnvironmentName>,
    /// The version; the next patch of what is deployed there if none is given.
    pub version: Option<String>,
}

impl PlanRequest for HotfixRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let environment = match &self.environment {
            Some(name) => engine.environment(name)?,
            None => engine.production(),
        };
        let base = base(engine, service, &environment.name).await?;
        let git = engine.config().git.for_service(service.name());
        let upstream = engine.upstream_for(service).await?;
        let local = engine.git(gates::local).await?;
        let lines = gates::lines(&upstream, &local, &git);
        let (version, padding, why) = if let Some(text) = &self.version {
            let (version, padding) = naming::parse_version(text)?;
            (version, padding, "as given".to_owned())
        } else {
            let (version, why) = next(engine, &upstream, &lines, &base.commit).await?;
            (version, upstream.released.padding(), why)
        };
        let values = Values {
            short: Some(base.commit.short().to_owned()),
            date: Some(naming::today()),
            version: Some(version.clone()),
            service: Some(service.to_string()),
            padding,
            ..Values::default()
        };
        let branch = git
            .hotfix_branch
            .render(&values)
            .map_err(|error| EngineError::NoBranchName(error.to_string()))?;
        let remote = engine.config().git.remote.clone();
        let gates = preflights(engine, &git, &upstream, environment, &base, &branch).await?;
        let repository = service.environment(environment).repository()?;
        let mut steps = StepList::default();
        steps.add(StepKind::Gate, "re-check all preflight gates");
        cut::add_branch(
            &mut steps,
            &branch,
            &remote,
            format!("{branch} at {} ({why})", base.commit.short()),
        );
        Ok(Plan {
            steps: steps.into(),
            operation: Hotfix {
                branch,
                remote,
                environment: environment.name.clone(),
                image: repository.at(base.present.current.digest.clone()),
            }
            .into(),
            service: service.name().clone(),
            tag: engine.tag_of(&base.commit).ok(),
            commit: Some(base.commit),
            digest: Some(base.present.current.digest),
            gates,
            costs: Costs::default(),
            confirmation: Confirmation::Plain,
        })
    }
}

/// What an environment has now, by its digest's own word.
async fn base(engine: &Engine, service: &Service, name: &EnvironmentName) -> Result<Base, EngineError> {
    let no = |why: &str| EngineError::NoHotfix {
        environment: name.clone(),
        why: why.to_owned(),
    };
    let environment = engine.environment(name)?;
    let reader = service.environment(environment).reader()?;
    let present = present(service.environment(environment), &reader).await?;
    let present = present.ok_or_else(|| no("nothing has been deployed there yet"))?;
    let revision = reader.image(&present.current.digest).await?.revision;
    let revision = revision.ok_or_else(|| no("its image does not name the commit it was built from"))?;
    if engine.commit(&revision).await.is_err()
        && let Some(access) = engine.fetching
    {
        // The branch that it was built from may be at the remote only.
        engine.remote()?.fetch(access).await?;
    }
    let commit = engine.commit(&revision).await?;
    Ok(Base { present, commit })
}

/// The next patch after the version of `commit`: by a release or a hotfix that it is the head or the origin of, or else by
/// the last tag in its past.
async fn next(
    engine: &Engine,
    upstream: &Upstream,
    lines: &[Line],
    commit: &CommitSha,
) -> Result<(Version, String), EngineError> {
    let released = &upstream.released;
    let is_at = |line: &&Line| line.head == *commit || line.values.short.as_deref() == Some(commit.short());
    let here: Vec<_> = lines.iter().filter(is_at).collect();
    let is_tagged = |line: &Line| {
        let version = line.values.version.as_ref();
        version.is_some_and(|version| released.find(version).is_some())
    };
    // A hotfix that was only begun is at the commit of another version, and did not make this commit its own.
    let is_only_begun = |line: &Line| line.kind == ReleaseKind::Hotfix && !is_tagged(line) && here.len() > 1;
    // A long-lived branch tells by its tags alone what was released.
    let of_line = here
        .iter()
        .filter(|line| !is_only_begun(line) && (is_tagged(line) || !line.values.series.is_known()))
        .filter_map(|line| line.values.version.clone())
        .max();
    let (sha, versions) = (commit.clone(), released.commits());
    let last = engine
        .git(move |repository| {
            // What is not here is not in the past of a commit that is.
            let commits: Vec<_> = versions.iter().map(|(_, commit)| commit.clone()).collect();
            let absent = repository.absent(&commits)?;
            let here: Vec<_> = versions
                .into_iter()
                .filter(|(_, commit)| !absent.contains(commit))
                .collect();
            repository.last_release_among(&sha, &here)
        })
        .await?
        .map(|(version, _)| version);
    let last = of_line.max(last);
    if let Some(tag) = released.unreadable_at(commit).or_else(|| {
        let is_newest = released.highest().map(|tag| &tag.version) <= last.as_ref();
        is_newest
            .then(|| released.unreadable_after(last.as_ref()))
            .flatten()
    }) {
        return Err(EngineError::NoProposal {
            tag: crate::domain::clean_line(tag),
        });
    }
    let Some(last) = last else {
        return Ok((Version::new(0, 1, 1), "no earlier release".to_owned()));
    };
    // A release or hotfix of that version that was begun elsewhere has it; one at this commit is the hotfix that was
    // broken off before.
    let is_taken = |version: &Version| {
        let mut of_version = lines
            .iter()
            .filter(|line| line.values.version.as_ref() == Some(version));
        released.find(version).is_some()
            || of_version.any(|line| line.head != *commit && !line.values.series.is_known())
    };
    let mut next = Version::new(last.major, last.minor, last.patch.saturating_add(1));
    while is_taken(&next) && next.patch < u64::MAX {
        next.patch += 1;
    }
    Ok((next, format!("the patch after {}", released.name_of(&last))))
}

/// Every preflight of a hotfix of what `environment` has deployed.
async fn preflights(
    engine: &Engine,
    git: &GitSettings,
    upstream: &Upstream,
    environment: &Environment,
    base: &Base,
    branch: &BranchName,
) -> Result<Vec<Gate>, EngineError> {
    let branch = BranchQuestion {
        engine,
        upstream,
        git,
        commit: &base.commit,
        branch,
        image: None,
        base: Some(HotfixBase {
            environment: &environment.name,
            present: &base.present,
        }),
    };
    let question = Question::of_branch(branch, None, Moment::Hotfix)?;
    Ok(gates::ask(&question).await.gates)
}

impl Operation for Hotfix {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Releases)
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let commit = context.plan.commit.as_ref();
        Ok(Box::new(Starting {
            context,
            hotfix: self,
            commit: commit
                .ok_or_else(|| EngineError::Internal("a hotfix plan without a commit".to_owned()))?,
            digest: context.digest()?,
        }))
    }
}

/// A run that starts a hotfix.
struct Starting<'a> {
    context: &'a Context<'a>,
    hotfix: &'a Hotfix,
    commit: &'a CommitSha,
    digest: &'a Digest,
}

impl OperationRun for Starting<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        let branch = &self.hotfix.branch;
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.gate(step)),
            StepKind::Branch => Work::new(cut::create(self.context, self.commit, branch)),
            StepKind::Push => Work::new(cut::push(step, self.commit, branch)),
            _ => return None,
        })
    }
}

impl Starting<'_> {
    /// Rule: what is deployed is what is fixed. If something else was deployed since, the plan is another one.
    async fn gate(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let (engine, service) = (self.context.engine, self.context.service);
        let environment = &self.hotfix.environment;
        let base = base(engine, service, environment).await?;
        if base.present.current.digest != *self.digest {
            return Err(EngineError::NoHotfix {
                environment: environment.clone(),
                why: format!(
                    "{} was deployed when the plan was made, {} is deployed now",
                    self.digest.short(),
                    base.present.current.digest.short()
                ),
            });
        }
        if base.commit != *self.commit {
            return Err(EngineError::Internal("a digest names two commits".to_owned()));
        }
        let git = engine.config().git.for_service(service.name());
        let upstream = engine.look_upstream_or_last_for(service).await?;
        let environment = engine.environment(environment)?;
        step.judge(preflights(engine, &git, &upstream, environment, &base, &self.hotfix.branch).await?)
    }
}
