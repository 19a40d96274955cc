//! A run on GitHub that waits: what exactly waits in it, and the review of one environment of it.

use std::fmt;

use futures_util::future::join_all;

use crate::domain::operation::Approve;
use crate::domain::{
    Clean, Confirmation, Costs, Digest, Exit, Plan, ServiceName, StepId, StepKind, StepList, Tag,
    WriteAccess, first,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::notify::notify_of;
use crate::engine::remote::refused::ReviewRefused;
use crate::engine::run::RecordedRun;
use crate::engine::run::event::{EventKind, RunId, StepOutcome};
use crate::engine::run::journal::Journals;
use crate::github::{GitHub, GitHubError, PendingDeployment, WorkflowRun};

/// A run on GitHub, with what is known of what waits in it.
#[derive(Debug, Clone)]
pub struct WaitingRun {
    /// The run.
    pub run: WorkflowRun,
    /// The digest that it promotes, as its title or the plan of this machine says.
    pub digest: Option<Digest>,
    /// The hash of its plan.
    pub plan: Option<String>,
    /// The tag of what it promotes, where this machine has its plan.
    pub tag: Option<Tag>,
    /// The environments that it waits for.
    pub pending: Vec<PendingDeployment>,
}

/// What is said of a deployment that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentReview {
    /// The run.
    pub number: u64,
    /// What the environment is called on GitHub.
    pub environment: String,
    /// Whether it is approved; else it is rejected.
    pub approved: bool,
    /// What is said with it.
    pub comment: String,
    /// The digest that whoever says so has seen.
    pub digest: Digest,
}

impl DeploymentReview {
    /// `approved` or `rejected`.
    pub const fn word(&self) -> &'static str {
        if self.approved { "approved" } else { "rejected" }
    }

    /// What is said where nobody says anything else: what was seen.
    pub fn usual_comment(digest: &Digest, plan: Option<&str>) -> String {
        format!("{digest}, plan {}", plan.unwrap_or("unknown"))
    }

    /// The review as a plan that a journal keeps, and its only step.
    pub fn plan(&self, github: &GitHub, service: ServiceName) -> (Plan, StepId) {
        let operation = Approve {
            repository: github.repository().clone(),
            number: self.number,
            environment: Clean::line(&self.environment),
            approved: self.approved,
            comment: Clean::line(&self.comment),
        };
        let mut steps = StepList::default();
        let step = steps.add(StepKind::Approve, operation.environment.to_string());
        let plan = Plan {
            operation: operation.into(),
            service,
            commit: None,
            tag: None,
            digest: Some(self.digest.clone()),
            gates: Vec::new(),
            steps: steps.into(),
            costs: Costs::default(),
            confirmation: Confirmation::Plain,
        };
        (plan, step)
    }
}

impl fmt::Display for DeploymentReview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number, environment, ..
        } = self;
        write!(f, "{} {environment} in run {number}", self.word())
    }
}

impl WaitingRun {
    /// Run `number` as it is now; what its title does not say is taken from the plans in `journals`.
    ///
    /// # Errors
    /// When GitHub cannot be asked. The rules of environments may be hidden from a token that may approve.
    pub async fn look(github: &GitHub, number: u64, journals: &[Journals]) -> Result<Self, GitHubError> {
        let (run, mut pending) =
            futures_util::try_join!(github.workflow_run(number), github.pending_deployments(number))?;
        let rules = pending
            .iter()
            .map(|pending| github.prevents_self_review(&pending.environment));
        let rules = join_all(rules).await;
        for (pending, rule) in pending.iter_mut().zip(rules) {
            pending.prevents_self_review = rule.ok().flatten();
        }
        let said = run.said();
        let known = said.correlation.as_deref();
        let known = known.and_then(|correlation| plan_of(correlation, journals));
        let (digest, plan, tag) = known.map_or((None, None, None), |plan| {
            (plan.digest.clone(), Some(plan.hash().to_string()), plan.tag)
        });
        Ok(Self {
            digest: said.digest.or(digest),
            plan: said.plan.or(plan),
            tag,
            run,
            pending,
        })
    }

    /// What of it is reviewed, where this may be: the named environment, and the digest that the run promotes, which is
    /// `wanted` where somebody named one.
    ///
    /// # Errors
    /// With why it may not.
    pub fn subject(
        &self,
        environment: &str,
        wanted: Option<&Digest>,
    ) -> Result<(&PendingDeployment, &Digest), ReviewRefused> {
        let number = self.run.id;
        let refuse = |exit, why, hint| ReviewRefused { exit, why, hint };
        let Some(pending) = self.pending.iter().find(|one| one.environment == environment) else {
            let names = self.pending.iter().map(|one| one.environment.as_str());
            let hint = if self.pending.is_empty() {
                format!(
                    "it is {}; nothing in it waits for an approval",
                    self.run.progress.word()
                )
            } else {
                format!("it waits for: {}", first(names, 10))
            };
            let why = format!(
                "run {number} on GitHub does not wait for {}",
                Clean::line(environment)
            );
            return Err(refuse(Exit::NotFound, why, hint));
        };
        let Some(digest) = &self.digest else {
            let why =
                format!("run {number} does not say which digest it promotes, so it is not approved here");
            let hint = format!(
                "let `run-name` of the workflow name it (docs/github.md), or look at {}",
                self.run.url
            );
            return Err(refuse(Exit::Refused, why, hint));
        };
        if let Some(wanted) = wanted.filter(|wanted| *wanted != digest) {
            let why = format!("run {number} promotes {digest}, not {wanted}");
            let hint = "run `windlass runs --github` to find the run of that digest".to_owned();
            return Err(refuse(Exit::Conflict, why, hint));
        }
        if !pending.may_approve {
            let why = format!("this token may not review {environment} in run {number}");
            return Err(refuse(Exit::NotAuthorised, why, who_may(pending)));
        }
        Ok((pending, digest))
    }
}

/// Who may review it, and what may keep others from it.
fn who_may(pending: &PendingDeployment) -> String {
    let by = if pending.reviewers.is_empty() {
        "nobody is named as reviewer".to_owned()
    } else {
        format!("reviewers: {}", pending.reviewers_in_words())
    };
    match pending.prevents_self_review {
        Some(true) => format!("{by}; whoever started a run may not approve it (prevent self-review)"),
        Some(false) => by,
        None => format!("{by}; whoever started a run may be kept from approving it (prevent self-review)"),
    }
}

/// The plan of the run with that id, if one of `journals` has it.
fn plan_of(correlation: &str, journals: &[Journals]) -> Option<Plan> {
    let id = RunId::parse(correlation)?;
    let mut journals = journals.iter();
    let ends = journals.find_map(|journals| journals.ends(&id).ok().flatten());
    match ends?.0.happening {
        EventKind::RunStarted { plan, .. } => Some(*plan),
        _ => None,
    }
}

impl Engine {
    /// What waits in run `number` on GitHub.
    ///
    /// # Errors
    /// When the repository is not on GitHub, or GitHub cannot be asked.
    pub async fn waiting_run(&self, number: u64) -> Result<WaitingRun, EngineError> {
        let github = self.known_github()?;
        Ok(WaitingRun::look(github, number, &[self.journals()]).await?)
    }

    /// Reviews one environment of one run, which must still promote the digest that was seen, and keeps a journal of it.
    ///
    /// # Errors
    /// When it may not be reviewed here, or GitHub does not take it.
    pub async fn review_deployment(
        &self,
        service: &ServiceName,
        review: &DeploymentReview,
        access: WriteAccess,
    ) -> Result<(), EngineError> {
        let github = self.known_github()?;
        let waiting = self.waiting_run(review.number).await?;
        let (pending, _) = waiting.subject(&review.environment, Some(&review.digest))?;
        let (plan, step) = review.plan(github, service.clone());
        let (run, mut events) = RecordedRun::begin(&self.journals(), &plan, access, self.identity())?;
        run.step_started(step);
        let comment = Clean::line(&review.comment);
        let said = github
            .review(review.number, pending, review.approved, comment.as_str(), access)
            .await;
        let outcome = match &said {
            Ok(()) => StepOutcome::Done(review.word().to_owned()),
            Err(error) => StepOutcome::Failed(error.to_string()),
        };
        let kept = run.step_ended(step, outcome);
        let error = said.as_ref().err();
        let exit = error.map_or(Exit::Done, GitHubError::exit);
        let why = error.map(ToString::to_string);
        run.end(exit, why.as_deref(), error.and_then(GitHubError::hint));
        let mut told = Vec::new();
        while let Ok(event) = events.try_recv() {
            told.push(event);
        }
        for why in notify_of(&self.config().notify, &told).await {
            tracing::warn!(why, "not notified");
        }
        said?;
        Ok(kept?)
    }

    fn known_github(&self) -> Result<&GitHub, EngineError> {
        self.github()?.ok_or(EngineError::NotOnGitHub)
    }
}
