//! Cutting a release branch: preflights, then a new branch here and on the remote, and nothing else.

use jiff::Timestamp;
use semver::Version;

use super::Engine;
use super::candidate::Candidate;
use super::cut_github;
use super::error::EngineError;
use super::event::StepOutcome;
use super::notes::{self, Since};
use super::promote;
use super::rollback;
use super::run::Context;
use super::scan::Admission;
use crate::domain::{
    BranchName, CommitSha, Confirmation, Costs, Gate, Operation, Plan, PlannedStep, ServiceName, StepKind,
    Values, Verdict, propose_next,
};
use crate::git::{BranchState, Change, GitError, GitRepository, PushOutcome};

/// What a person may say of the name of a release branch; the rest is proposed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given<'a> {
    pub(super) version: Option<&'a str>,
    pub(super) sprint: Option<&'a str>,
}

/// Plans the cut at `commit`, under the name that is given or the one that follows from what was released before.
pub(super) async fn plan(
    engine: &Engine,
    service: &ServiceName,
    commit: &str,
    given: Given<'_>,
) -> Result<Plan, EngineError> {
    let commit = engine.commit(commit).await?;
    let Naming { values, why, brings } = naming(engine, &commit, given).await?;
    let branch = engine
        .config()
        .git
        .release_branch
        .render(&values)
        .map_err(|error| EngineError::NoBranchName(error.to_string()))?;
    let remote = engine.config().git.remote.clone();
    let candidate = engine
        .candidate(service, commit.as_str(), engine.config().graph.entrance())
        .await;
    let (mut gates, of_git) = tokio::try_join!(
        image_gates(engine, candidate.as_ref()),
        branch_gates(engine, &commit, &branch),
    )?;
    gates.extend(of_git);
    let (tag, digest) = match candidate {
        Ok(candidate) => (Some(candidate.tag), Some(candidate.image.digest)),
        Err(_) => (engine.tag_of(&commit).ok(), None),
    };
    let brings = brings.map_or_else(String::new, |brings| format!("; brings {brings}"));
    let step = |kind, what: String| PlannedStep { kind, what };
    Ok(Plan {
        steps: vec![
            step(StepKind::Gate, "every preflight again, at that moment".to_owned()),
            step(
                StepKind::Branch,
                format!("{branch} at {} ({why}){brings}", commit.short()),
            ),
            step(
                StepKind::Push,
                format!("to {remote}, only if it does not exist there"),
            ),
        ],
        operation: Operation::Cut {
            branch: branch.to_string(),
            remote,
        },
        service: service.clone(),
        commit: Some(commit),
        tag,
        digest,
        gates,
        costs: Costs::default(),
        confirmation: Confirmation::Plain,
    })
}

pub(super) fn parse_version(text: &str) -> Result<Version, EngineError> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).map_err(|error| EngineError::NoVersion {
        text: crate::domain::clean_line(text),
        why: error.to_string(),
    })
}

/// The day in UTC, wherever the clock of this machine stands.
pub(super) fn today() -> String {
    Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// What a release branch is called.
struct Naming {
    /// What fills the template.
    values: Values,
    /// Why that.
    why: String,
    /// What was committed since the last release. It decides nothing: a history that cannot be read is the gates' to tell.
    brings: Option<String>,
}

/// How the release branch at `commit` is called. A commit that has its release branch already keeps that name unless
/// another one is given: the cut was begun before.
async fn naming(engine: &Engine, commit: &CommitSha, given: Given<'_>) -> Result<Naming, EngineError> {
    let template = engine.config().git.release_branch.clone();
    let remote = engine.config().git.remote.clone();
    let tickets = engine.config().git.tickets.clone();
    let version = given.version.map(parse_version).transpose()?;
    let mut values = Values {
        short: Some(commit.short().to_owned()),
        date: Some(today()),
        sprint: given.sprint.map(str::to_owned),
        version,
    };
    let sha = commit.clone();
    let find = move |repository: &GitRepository| {
        let (mut releases, mut begun) = (Vec::new(), None);
        for (name, head) in repository.branches(&remote)? {
            let Some(read) = template.parse_back(&name) else {
                continue;
            };
            // It may have got fixes since.
            let is_of_it = head == sha || read.short.as_deref() == Some(sha.short());
            if is_of_it && values.version.is_none() && values.sprint.is_none() {
                begun.get_or_insert((read, format!("{name} was begun before")));
            } else {
                releases.push((read, head));
            }
        }
        let since = since_last(repository, &releases, &sha);
        let brings = |since: &SinceLast| {
            let from = since.last.as_ref().map(|version| format!("v{version}"));
            Since::of(&since.changes, since.all, from, &tickets).words()
        };
        if let Some((values, why)) = begun {
            let brings = since.ok().as_ref().map(brings);
            return Ok(Naming { values, why, brings });
        }
        let mut why = "as given".to_owned();
        let brings = if template.has_version() && values.version.is_none() {
            let since = since?;
            let messages = since.changes.iter().map(|change| change.message.as_str());
            let proposal = propose_next(since.last.as_ref(), messages);
            (values.version, why) = (Some(proposal.version), proposal.why);
            Some(brings(&since))
        } else {
            since.ok().as_ref().map(brings)
        };
        if template.has_sprint() && values.sprint.is_none() {
            let last = releases
                .iter()
                .filter_map(|(read, _)| read.sprint.as_ref()?.parse::<u64>().ok())
                .max();
            (values.sprint, why) = match last {
                Some(last) => (
                    Some(last.saturating_add(1).to_string()),
                    format!("after sprint {last}"),
                ),
                None => (Some("1".to_owned()), "the first sprint".to_owned()),
            };
        }
        Ok(Naming { values, why, brings })
    };
    engine.git(find).await
}

/// What was committed since the last release.
struct SinceLast {
    last: Option<Version>,
    /// All of it; of the first release, the newest.
    changes: Vec<Change>,
    all: usize,
}

/// What was committed since the last release in the past of `commit`, whether that is a tag or still a release branch.
fn since_last(
    repository: &GitRepository,
    releases: &[(Values, CommitSha)],
    commit: &CommitSha,
) -> Result<SinceLast, GitError> {
    let versions = releases
        .iter()
        .filter_map(|(read, head)| Some((read.version.clone()?, head.clone())));
    let last = repository.last_release_among(commit, &versions.collect::<Vec<_>>())?;
    let (changes, all) = match &last {
        Some((_, at)) => repository.changes(at, commit, usize::MAX)?,
        None => repository.all_changes(commit, notes::MOST)?,
    };
    let last = last.map(|(version, _)| version);
    Ok(SinceLast { last, changes, all })
}

/// The preflights that the image answers.
async fn image_gates(
    engine: &Engine,
    candidate: Result<&Candidate, &EngineError>,
) -> Result<Vec<Gate>, EngineError> {
    let candidate = match candidate {
        Ok(candidate) => candidate,
        Err(error @ EngineError::NoImage { .. }) => {
            return Ok(vec![Gate::new("image", Verdict::Refused(error.to_string()))]);
        }
        Err(error) => return Ok(vec![Gate::new("image", Verdict::Unknown(error.to_string()))]),
    };
    let platforms: Vec<_> = candidate
        .summary
        .platforms
        .iter()
        .map(|(platform, _)| platform.to_string())
        .collect();
    let there = format!(
        "{} is {} for {}",
        candidate.tag,
        candidate.image.digest.short(),
        platforms.join(", ")
    );
    let reader = engine.registries().reader(&candidate.repository);
    let complete = rollback::complete(&reader, &candidate.image.digest).await;
    let mut gates = vec![
        Gate::new("image", Verdict::Allowed(there)),
        Gate::new("complete", complete),
    ];
    let entrance = engine.config().graph.entrance();
    // The release will go to the next environment first: its rules are asked now, so that nobody cuts in vain.
    match engine.config().graph.targets_of(&entrance.name).next() {
        Some(next) => {
            let evaluation = promote::evaluate(engine, candidate, entrance, next, Admission::Scan).await?;
            gates.extend(evaluation.gates);
        }
        None => gates.push(promote::revision_gate(candidate)),
    }
    Ok(gates)
}

/// The preflights that git answers.
pub(super) async fn branch_gates(
    engine: &Engine,
    commit: &CommitSha,
    branch: &BranchName,
) -> Result<Vec<Gate>, EngineError> {
    let (sha, name) = (commit.clone(), branch.clone());
    let (unique, local) = engine
        .git(move |repository| Ok((repository.short_is_unique(&sha)?, repository.branch_state(&name)?)))
        .await?;
    let unique = if unique {
        Verdict::Allowed(format!("{} names one commit only", commit.short()))
    } else {
        Verdict::Refused(format!(
            "{} names several commits, so the branch would too",
            commit.short()
        ))
    };
    let remote = engine.remote()?;
    let there = match remote.branch_state(branch).await {
        Ok(state) => at(branch, commit, &state, &format!("on {}", remote.name())),
        Err(error) => Verdict::Unknown(error.to_string()),
    };
    let mut gates = vec![
        Gate::new("short sha", unique),
        Gate::new("here", at(branch, commit, &local, "here")),
        Gate::new("remote", there),
    ];
    gates.extend(cut_github::gates(engine, commit, branch).await);
    Ok(gates)
}

/// A branch that is free, or at the very commit already, as after a run that was broken off.
fn at(branch: &BranchName, commit: &CommitSha, state: &BranchState, place: &str) -> Verdict {
    match state {
        BranchState::Free => Verdict::Allowed(format!("{branch} is free {place}")),
        BranchState::At(found) if found == commit => {
            Verdict::Allowed(format!("{branch} is {place} already, at this commit"))
        }
        BranchState::At(found) => Verdict::Refused(format!("{branch} exists {place}, at {}", found.short())),
        BranchState::Blocked(by) => Verdict::Refused(format!(
            "{by} exists {place}, and git cannot have {branch} beside it"
        )),
    }
}

/// Carries out one step.
pub(super) async fn step(context: &Context<'_>, step: StepKind) -> Result<StepOutcome, EngineError> {
    let (Operation::Cut { branch, .. }, Some(commit)) = (&context.plan.operation, &context.plan.commit)
    else {
        return Err(EngineError::Internal(
            "a plan of a cut without a commit".to_owned(),
        ));
    };
    let branch: BranchName = branch
        .parse()
        .map_err(|error: crate::domain::BranchNameError| EngineError::Internal(error.to_string()))?;
    match step {
        StepKind::Gate => gate(context, commit, &branch).await,
        StepKind::Branch => create(context, commit.clone(), branch).await,
        StepKind::Push => push(context, commit, &branch).await,
        _ => Ok(StepOutcome::Nothing("no part of a cut".to_owned())),
    }
}

async fn gate(
    context: &Context<'_>,
    commit: &CommitSha,
    branch: &BranchName,
) -> Result<StepOutcome, EngineError> {
    let engine = context.engine;
    let entrance = engine.config().graph.entrance();
    let candidate = engine
        .candidate(&context.plan.service, commit.as_str(), entrance)
        .await;
    if let (Ok(candidate), Some(planned)) = (&candidate, &context.plan.digest)
        && candidate.image.digest != *planned
    {
        return Err(EngineError::TagMoved {
            tag: candidate.tag.clone(),
            planned: planned.clone(),
            found: candidate.image.digest.to_string(),
        });
    }
    let mut gates = image_gates(engine, candidate.as_ref()).await?;
    gates.extend(branch_gates(engine, commit, branch).await?);
    context.judge(gates)
}

pub(super) async fn create(
    context: &Context<'_>,
    commit: CommitSha,
    branch: BranchName,
) -> Result<StepOutcome, EngineError> {
    let access = context.access;
    let name = branch.clone();
    let is_new = context
        .engine
        .git(move |repository| repository.create_branch(&name, &commit, access))
        .await?;
    Ok(if is_new {
        StepOutcome::Done(format!("{branch} created"))
    } else {
        StepOutcome::Nothing(format!("{branch} was there already"))
    })
}

/// A push that is refused takes the local branch with it: half a release would only confuse.
pub(super) async fn push(
    context: &Context<'_>,
    commit: &CommitSha,
    branch: &BranchName,
) -> Result<StepOutcome, EngineError> {
    let remote = context.engine.remote()?;
    match remote.push_new(branch, commit, context.access).await {
        Ok(PushOutcome::Created) => Ok(StepOutcome::Done(format!("{branch} is on {}", remote.name()))),
        Ok(PushOutcome::AlreadyThere) => Ok(StepOutcome::Nothing(format!(
            "{branch} was on {} already",
            remote.name()
        ))),
        Err(error @ (GitError::Rejected { .. } | GitError::BranchTaken { .. })) => {
            let (name, sha, access) = (branch.clone(), commit.clone(), context.access);
            let removed = context
                .engine
                .git(move |repository| repository.take_back_branch(&name, &sha, access))
                .await?;
            if removed {
                context
                    .log(StepKind::Push)
                    .warning(format!("the local branch {branch} was removed again"));
            }
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}
