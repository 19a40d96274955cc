//! Cutting a release branch: preflights, then a new branch here and on the remote, and nothing else.

use jiff::Timestamp;

use super::Engine;
use super::candidate::Candidate;
use super::error::EngineError;
use super::event::StepOutcome;
use super::promote;
use super::run::Context;
use crate::domain::{
    BranchName, CommitSha, Confirmation, Costs, Gate, Operation, Plan, PlannedStep, Proposal, ServiceName,
    StepKind, Values, Verdict, propose_next,
};
use crate::git::{GitError, GitRepository, PushOutcome, Remote};

/// Plans the cut at `commit`, with the version given or the one that follows from the commits since the last release.
pub(super) async fn plan(
    engine: &Engine,
    service: &ServiceName,
    commit: &str,
    version: Option<&str>,
) -> Result<Plan, EngineError> {
    let commit = engine.commit(commit).await?;
    let (version, why) = match version {
        Some(text) => (parse_version(text)?, "as given".to_owned()),
        None => propose(engine, &commit).await?,
    };
    let values = Values {
        version: Some(version),
        short: Some(commit.short().to_owned()),
        sprint: None,
        date: Some(Timestamp::now().strftime("%Y-%m-%d").to_string()),
    };
    let branch = engine
        .config()
        .git
        .release_branch
        .render(&values)
        .map_err(|error| EngineError::NoCandidate {
            text: commit.to_string(),
            why: error.to_string(),
        })?;
    let remote = engine.config().git.remote.clone();
    let candidate = engine
        .candidate(service, commit.as_str(), engine.config().graph.entrance())
        .await;
    let mut gates = image_gates(engine, candidate.as_ref()).await?;
    gates.extend(branch_gates(engine, &commit, &branch).await?);
    let (tag, digest) = match candidate {
        Ok(candidate) => (Some(candidate.tag), Some(candidate.image.digest)),
        Err(_) => (engine.tag_of(&commit).ok(), None),
    };
    let step = |kind, what: String| PlannedStep { kind, what };
    Ok(Plan {
        steps: vec![
            step(StepKind::Gate, "every preflight again, at that moment".to_owned()),
            step(
                StepKind::Branch,
                format!("{branch} at {} ({why})", commit.short()),
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

fn parse_version(text: &str) -> Result<semver::Version, EngineError> {
    semver::Version::parse(text.strip_prefix('v').unwrap_or(text)).map_err(|error| EngineError::NoVersion {
        text: crate::domain::clean_line(text),
        why: error.to_string(),
    })
}

/// The next version after the last release in the past of `commit`, whether that is a tag or still a release branch. A
/// commit that has its release branch already keeps that version: the cut was begun before.
async fn propose(engine: &Engine, commit: &CommitSha) -> Result<(semver::Version, String), EngineError> {
    let sha = commit.clone();
    let template = engine.config().git.release_branch.clone();
    let proposal = engine
        .git(move |repository| {
            let mut last = repository.last_release(&sha)?;
            for (name, head) in repository.branches()? {
                let Some(version) = template.parse_back(&name).and_then(|values| values.version) else {
                    continue;
                };
                if head == sha {
                    return Ok(Proposal {
                        version,
                        why: format!("{name} was begun before"),
                    });
                }
                let is_higher = last.as_ref().is_none_or(|(known, _)| *known < version);
                if is_higher && repository.contains(&sha, &head)? {
                    last = Some((version, head));
                }
            }
            let messages = repository.messages(last.as_ref().map(|(_, at)| at), &sha)?;
            let version = last.as_ref().map(|(version, _)| version);
            Ok(propose_next(version, messages.iter().map(String::as_str)))
        })
        .await?;
    Ok((proposal.version, proposal.why))
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
    let mut gates = vec![Gate::new("image", Verdict::Allowed(there))];
    let entrance = engine.config().graph.entrance();
    // The release will go to the next environment first: its rules are asked now, so that nobody cuts in vain.
    match engine.config().graph.targets_of(&entrance.name).next() {
        Some(next) => gates.extend(promote::evaluate(engine, candidate, entrance, next).await?),
        None => gates.push(promote::revision_gate(candidate)),
    }
    Ok(gates)
}

/// The preflights that git answers.
async fn branch_gates(
    engine: &Engine,
    commit: &CommitSha,
    branch: &BranchName,
) -> Result<Vec<Gate>, EngineError> {
    let (sha, name) = (commit.clone(), branch.clone());
    let (unique, local) = engine
        .git(move |repository| Ok((repository.short_is_unique(&sha)?, repository.local_branch(&name)?)))
        .await?;
    let unique = if unique {
        Verdict::Allowed(format!("{} names one commit only", commit.short()))
    } else {
        Verdict::Refused(format!(
            "{} names several commits, so the branch would too",
            commit.short()
        ))
    };
    let remote = remote(engine)?;
    let there = match remote.branch(branch).await {
        Ok(found) => at(branch, commit, found.as_ref(), &format!("on {}", remote.name())),
        Err(error) => Verdict::Unknown(error.to_string()),
    };
    Ok(vec![
        Gate::new("short sha", unique),
        Gate::new("here", at(branch, commit, local.as_ref(), "here")),
        Gate::new("remote", there),
    ])
}

/// A branch that is free, or at the very commit already, as after a run that was broken off.
fn at(branch: &BranchName, commit: &CommitSha, found: Option<&CommitSha>, place: &str) -> Verdict {
    match found {
        None => Verdict::Allowed(format!("{branch} is free {place}")),
        Some(found) if found == commit => {
            Verdict::Allowed(format!("{branch} is {place} already, at this commit"))
        }
        Some(found) => Verdict::Refused(format!("{branch} exists {place}, at {}", found.short())),
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

async fn create(
    context: &Context<'_>,
    commit: CommitSha,
    branch: BranchName,
) -> Result<StepOutcome, EngineError> {
    let access = context.access;
    let name = branch.clone();
    let before = context
        .engine
        .git(move |repository| {
            let before = repository.local_branch(&name)?;
            repository.create_branch(&name, &commit, access)?;
            Ok(before)
        })
        .await?;
    Ok(match before {
        Some(_) => StepOutcome::Nothing(format!("{branch} was there already")),
        None => StepOutcome::Done(format!("{branch} created")),
    })
}

/// A push that is refused takes the local branch with it: half a release would only confuse.
async fn push(
    context: &Context<'_>,
    commit: &CommitSha,
    branch: &BranchName,
) -> Result<StepOutcome, EngineError> {
    let remote = remote(context.engine)?;
    match remote.push_new(branch, commit, context.access).await {
        Ok(PushOutcome::Created) => Ok(StepOutcome::Done(format!("{branch} is on {}", remote.name()))),
        Ok(PushOutcome::AlreadyThere) => Ok(StepOutcome::Nothing(format!(
            "{branch} was on {} already",
            remote.name()
        ))),
        Err(error @ (GitError::Rejected { .. } | GitError::BranchTaken { .. })) => {
            let (name, sha, access) = (branch.clone(), commit.clone(), context.access);
            context
                .engine
                .git(move |repository| repository.remove_branch(&name, &sha, access))
                .await?;
            context
                .log(StepKind::Push)
                .warning(format!("the local branch {branch} was removed again"));
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn remote(engine: &Engine) -> Result<Remote, EngineError> {
    let repository: &GitRepository = engine.repository().ok_or_else(|| EngineError::NoCandidate {
        text: "a release branch".to_owned(),
        why: "there is no git repository here".to_owned(),
    })?;
    Ok(repository.remote(&engine.config().git.remote)?)
}
