//! Cutting a release branch: preflights, then a new branch here and on the remote, and nothing else.

use std::sync::OnceLock;

use super::naming::{self, Naming};
use super::operation::{Operation, OperationRun, PlanRequest, Work};
use super::{exception_record, place};
use crate::domain::operation::Cut;
use crate::domain::{
    BranchName, BranchNameError, Clean, CommitSha, Confirmation, Costs, Gate, LockPart, Plan, PlannedStep,
    Repository, StepKind, StepList, StepTarget,
};
use crate::engine::Engine;
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::exception::{self, SkippedGates};
use crate::engine::gates::{self, BranchQuestion, Moment, Question};
use crate::engine::remote_state::Upstream;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::git::{GitError, PushOutcome};
use crate::project::Service;

/// A request to cut a release branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutRequest {
    /// The commit, in any form that git resolves.
    pub commit: String,
    /// The version; proposed from tags and commits if none is given.
    pub version: Option<String>,
    /// The number of the sprint, where release branches are called after it; one more than the last if none is given.
    pub sprint: Option<String>,
    /// Why it is cut although a gate stands against it; none if no gate is to be overridden.
    pub reason: Option<String>,
}

impl PlanRequest for CutRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let reason = self
            .reason
            .as_deref()
            .map(|text| place::reason(text, "this cut"))
            .transpose()?;
        let commit = engine.commit(&self.commit).await?;
        // A remote that is not configured is a mistake; one that does not answer is for the gates to tell.
        let remote = engine.remote()?.name().to_owned();
        let upstream = engine.look_upstream_or_last_for(service).await?;
        let git = engine.config().git.for_service(service.name());
        let given = naming::Given {
            version: self.version.as_deref(),
            sprint: self.sprint.as_deref(),
        };
        let named = naming::naming(engine, service, &upstream, &commit, given).await?;
        let branch = git
            .release_branch
            .render(&named.values)
            .map_err(|error| EngineError::NoBranchName(error.to_string()))?;
        let candidate = engine
            .candidate(service, commit.as_str(), engine.config().graph.entrance())
            .await;
        let preflight = Preflight {
            service,
            commit: &commit,
            branch: &branch,
            reason: reason.as_ref(),
        };
        let (gates, skipped) = Box::pin(preflight.gates(engine, &upstream, candidate.as_ref())).await?;
        let record = skipped.map(|_| service.environment(engine.config().graph.entrance()).repository());
        let record = record.transpose()?;
        let (tag, digest) = match candidate {
            Ok(candidate) => (Some(candidate.tag), Some(candidate.image.digest)),
            Err(_) => (engine.tag_of(&commit).ok(), None),
        };
        Ok(Plan {
            steps: steps(&named, &branch, &commit, &remote, record),
            operation: Cut {
                branch: branch.to_string(),
                remote,
                reason,
            }
            .into(),
            service: service.name().clone(),
            commit: Some(commit),
            tag,
            digest,
            gates,
            costs: Costs::default(),
            confirmation: Confirmation::Plain,
        })
    }
}

fn steps(
    named: &Naming,
    branch: &BranchName,
    commit: &CommitSha,
    remote: &str,
    record: Option<Repository>,
) -> Vec<PlannedStep> {
    let why = &named.why;
    let brings = named.brings.as_ref();
    let brings = brings.map_or_else(String::new, |brings| format!("; brings {brings}"));
    let mut steps = StepList::default();
    steps.add(StepKind::Gate, "re-check all preflight gates");
    let title = format!("{branch} at {} ({why}){brings}", commit.short());
    add_branch(&mut steps, branch, remote, title);
    if let Some(record) = record {
        steps.add_on(
            StepKind::Attach,
            "the exception record",
            StepTarget::Repository(record),
        );
    }
    steps.into()
}

/// Adds the steps that make a branch, here and on the remote.
pub(super) fn add_branch(steps: &mut StepList, branch: &BranchName, remote: &str, title: String) {
    let target = |remote: Option<&str>| StepTarget::References {
        remote: remote.map(str::to_owned),
        names: vec![branch.to_string()],
    };
    steps.add_on(StepKind::Branch, title, target(None));
    steps.add_on(
        StepKind::Push,
        format!("to {remote}, only if it does not exist there yet"),
        target(Some(remote)),
    );
}

/// What is cut, as its gates ask for it.
struct Preflight<'a> {
    service: &'a Service,
    commit: &'a CommitSha,
    branch: &'a BranchName,
    reason: Option<&'a Clean>,
}

impl Preflight<'_> {
    /// Every preflight, and what a reason overrides of them.
    async fn gates(
        &self,
        engine: &Engine,
        upstream: &Upstream,
        candidate: Result<&Candidate, &EngineError>,
    ) -> Result<(Vec<Gate>, Option<SkippedGates>), EngineError> {
        let git = engine.config().git.for_service(self.service.name());
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

impl Operation for Cut {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Releases)
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let commit = context.plan.commit.as_ref();
        let branch = self.branch.parse();
        Ok(Box::new(Cutting {
            context,
            cut: self,
            commit: commit.ok_or_else(|| EngineError::Internal("a cut plan without a commit".to_owned()))?,
            branch: branch.map_err(|error: BranchNameError| EngineError::Internal(error.to_string()))?,
            skipped: OnceLock::new(),
        }))
    }
}

/// A run that cuts.
struct Cutting<'a> {
    context: &'a Context<'a>,
    cut: &'a Cut,
    commit: &'a CommitSha,
    branch: BranchName,
    /// What the reason overrode, for the record.
    skipped: OnceLock<SkippedGates>,
}

impl OperationRun for Cutting<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.gate(step)),
            StepKind::Branch => Work::new(create(self.context, self.commit, &self.branch)),
            StepKind::Push => Work::new(push(step, self.commit, &self.branch)),
            StepKind::Attach => Work::new(self.record()),
            _ => return None,
        })
    }
}

impl Cutting<'_> {
    async fn gate(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let (engine, service) = (self.context.engine, self.context.service);
        let entrance = engine.config().graph.entrance();
        let candidate = engine.candidate(service, self.commit.as_str(), entrance).await;
        if let (Ok(candidate), Some(planned)) = (&candidate, &self.context.plan.digest)
            && candidate.image.digest != *planned
        {
            return Err(EngineError::TagMoved {
                tag: candidate.tag.clone(),
                planned: planned.clone(),
                found: candidate.image.digest.to_string(),
            });
        }
        let upstream = engine.look_upstream_or_last_for(service).await?;
        let preflight = Preflight {
            service,
            commit: self.commit,
            branch: &self.branch,
            reason: self.cut.reason.as_ref(),
        };
        let (gates, skipped) = Box::pin(preflight.gates(engine, &upstream, candidate.as_ref())).await?;
        if let (Ok(_), Some(skipped)) = (candidate, skipped) {
            let _ = self.skipped.set(skipped);
        }
        step.judge(gates)
    }

    /// The record of the exception goes to the image, where builds push to: the release has come nowhere else yet.
    async fn record(&self) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let entrance = engine.config().graph.entrance();
        let repository = self.context.service.environment(entrance).repository()?;
        let writer = engine.registries().writer(&repository, self.context.access);
        exception_record::leave(self.context, &writer, self.skipped.get()).await
    }
}

pub(in crate::engine) async fn create(
    context: &Context<'_>,
    commit: &CommitSha,
    branch: &BranchName,
) -> Result<StepOutcome, EngineError> {
    let access = context.access;
    let (name, commit) = (branch.clone(), commit.clone());
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
    step: &Step<'_>,
    commit: &CommitSha,
    branch: &BranchName,
) -> Result<StepOutcome, EngineError> {
    let context = step.context;
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
                step.log().warning(format!("removed the local branch {branch}"));
            }
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}
