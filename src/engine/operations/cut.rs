//! Cutting a release branch: preflights, then a new branch here and on the remote, and nothing else.

use crate::domain::{
    BranchName, Clean, CommitSha, Confirmation, Costs, Gate, Operation, Plan, PlannedStep, ServiceName,
    StepKind,
};
use crate::engine::Engine;
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::exception::{self, SkippedGates};
use crate::engine::gates::{self, BranchQuestion, Moment, Question};
use crate::engine::operations::naming::{self, Naming};
use crate::engine::operations::{exception_record, place};
use crate::engine::remote_state::Upstream;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Proof};
use crate::git::{GitError, PushOutcome};

/// Plans the cut at `commit`, under the name that is given or the one that follows from what was released before.
pub(in crate::engine) async fn plan(
    engine: &Engine,
    service: &ServiceName,
    commit: &str,
    given: naming::Given<'_>,
) -> Result<Plan, EngineError> {
    let reason = given
        .reason
        .map(|text| place::reason(text, "this cut"))
        .transpose()?;
    let commit = engine.commit(commit).await?;
    // A remote that is not configured is a mistake; one that does not answer is for the gates to tell.
    let remote = engine.remote()?.name().to_owned();
    let upstream = engine.look_upstream_or_last_for(service).await?;
    let git = engine.config().git.for_service(service);
    let Naming { values, why, brings } = naming::naming(engine, service, &upstream, &commit, given).await?;
    let branch = git
        .release_branch
        .render(&values)
        .map_err(|error| EngineError::NoBranchName(error.to_string()))?;
    let candidate = engine
        .candidate(service, commit.as_str(), engine.config().graph.entrance())
        .await;
    let cut = Cut {
        service,
        commit: &commit,
        branch: &branch,
        reason: reason.as_ref(),
    };
    let (gates, passed) = Box::pin(cut.gates(engine, &upstream, candidate.as_ref())).await?;
    let (tag, digest) = match candidate {
        Ok(candidate) => (Some(candidate.tag), Some(candidate.image.digest)),
        Err(_) => (engine.tag_of(&commit).ok(), None),
    };
    let brings = brings.map_or_else(String::new, |brings| format!("; brings {brings}"));
    let step = |kind, what: String| PlannedStep { kind, what };
    let mut steps = vec![
        step(StepKind::Gate, "re-check all preflight gates".to_owned()),
        step(
            StepKind::Branch,
            format!("{branch} at {} ({why}){brings}", commit.short()),
        ),
        step(
            StepKind::Push,
            format!("to {remote}, only if it does not exist there yet"),
        ),
    ];
    if passed.is_some() {
        steps.push(step(StepKind::Attach, "the exception record".to_owned()));
    }
    Ok(Plan {
        steps,
        operation: Operation::Cut {
            branch: branch.to_string(),
            remote,
            reason,
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

/// What is cut, as its gates ask for it.
struct Cut<'a> {
    service: &'a ServiceName,
    commit: &'a CommitSha,
    branch: &'a BranchName,
    reason: Option<&'a Clean>,
}

impl Cut<'_> {
    /// Every preflight, and what a reason overrides of them.
    async fn gates(
        &self,
        engine: &Engine,
        upstream: &Upstream,
        candidate: Result<&Candidate, &EngineError>,
    ) -> Result<(Vec<Gate>, Option<SkippedGates>), EngineError> {
        let git = engine.config().git.for_service(self.service);
        let branch = BranchQuestion {
            engine,
            upstream,
            git: &git,
            commit: self.commit,
            branch: self.branch,
            image: Some(candidate),
            base: None,
        };
        let question = Question::of_branch(branch, self.reason, Moment::Cut)?;
        let evaluation = gates::ask(&question).await;
        let kind = exception::gravest(&evaluation.skipped);
        let passed = kind.zip(self.reason).map(|(kind, reason)| SkippedGates {
            kind,
            environment: engine.config().graph.entrance().name.clone(),
            skipped: evaluation.skipped,
            environments: Vec::new(),
            reason: reason.clone(),
        });
        Ok((evaluation.gates, passed))
    }
}

/// Carries out one step.
pub(in crate::engine) async fn step(
    context: &Context<'_>,
    step: StepKind,
) -> Result<StepOutcome, EngineError> {
    let (Operation::Cut { branch, reason, .. }, Some(commit)) =
        (&context.plan.operation, &context.plan.commit)
    else {
        return Err(EngineError::Internal("a cut plan without a commit".to_owned()));
    };
    let branch: BranchName = branch
        .parse()
        .map_err(|error: crate::domain::BranchNameError| EngineError::Internal(error.to_string()))?;
    match step {
        StepKind::Gate => {
            let cut = Cut {
                service: &context.plan.service,
                commit,
                branch: &branch,
                reason: reason.as_ref(),
            };
            gate(context, &cut).await
        }
        StepKind::Branch => create(context, commit.clone(), branch).await,
        StepKind::Push => push(context, commit, &branch).await,
        StepKind::Attach => record(context).await,
        _ => Err(EngineError::UnknownStep {
            operation: "cut",
            step,
        }),
    }
}

async fn gate(context: &Context<'_>, cut: &Cut<'_>) -> Result<StepOutcome, EngineError> {
    let engine = context.engine;
    let entrance = engine.config().graph.entrance();
    let candidate = engine.candidate(cut.service, cut.commit.as_str(), entrance).await;
    if let (Ok(candidate), Some(planned)) = (&candidate, &context.plan.digest)
        && candidate.image.digest != *planned
    {
        return Err(EngineError::TagMoved {
            tag: candidate.tag.clone(),
            planned: planned.clone(),
            found: candidate.image.digest.to_string(),
        });
    }
    let upstream = engine.look_upstream_or_last_for(cut.service).await?;
    let (gates, passed) = Box::pin(cut.gates(engine, &upstream, candidate.as_ref())).await?;
    if let Ok(candidate) = candidate {
        let _ = context.proof.set(Proof {
            record: None,
            fresh: None,
            image: candidate.image,
            promoted_before: false,
            exception: passed,
        });
    }
    context.judge(gates)
}

/// The record of the exception goes to the image, where builds push to: the release has come nowhere else yet.
async fn record(context: &Context<'_>) -> Result<StepOutcome, EngineError> {
    let engine = context.engine;
    let entrance = engine.config().graph.entrance();
    let repository = engine.repository_of(&context.plan.service, entrance)?;
    let writer = engine.registries().writer(&repository, context.access);
    exception_record::leave(context, &writer).await
}

pub(in crate::engine) async fn create(
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
        StepOutcome::Done(format!("created {branch}"))
    } else {
        StepOutcome::Nothing(format!("{branch} already exists"))
    })
}

/// A push that is refused takes the local branch with it: half a release would only confuse.
pub(in crate::engine) async fn push(
    context: &Context<'_>,
    commit: &CommitSha,
    branch: &BranchName,
) -> Result<StepOutcome, EngineError> {
    let remote = context.engine.remote()?;
    match remote.push_new(branch, commit, context.access).await {
        Ok(PushOutcome::Created) => Ok(StepOutcome::Done(format!("pushed {branch} to {}", remote.name()))),
        Ok(PushOutcome::AlreadyThere) => Ok(StepOutcome::Nothing(format!(
            "{branch} already exists on {}",
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
                    .warning(format!("removed the local branch {branch}"));
            }
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}
