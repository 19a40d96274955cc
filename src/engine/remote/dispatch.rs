//! Begins the workflow of a plan, once, and finds its run: by the number in the answer, else by the correlation id in its
//! title. Nothing is sent again before GitHub was asked.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::follow::FollowOptions;
use crate::config::RevisionSource;
use crate::domain::{Operation, Plan, WorkflowTarget};
use crate::engine::error::EngineError;
use crate::engine::run::Context;
use crate::engine::run::recorder::StepLog;
use crate::github::{Dispatch, Dispatched as Answer, GitHub, Progress};

/// How often a run is looked for that GitHub did not name.
const LOOKS: u32 = 20;
/// How far clocks may differ: a correlation id tells runs apart, whenever they began.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_hours(1);
/// How many runs are looked through for one that carries out the plan already.
const RECENT_RUNS: usize = 100;

/// The run that carries out the plan.
pub(super) struct Dispatched {
    /// Its number.
    pub(super) number: u64,
    /// Whether it was there already.
    pub(super) was_under_way: bool,
}

impl Dispatched {
    const fn new(number: u64) -> Self {
        Self {
            number,
            was_under_way: false,
        }
    }
}

/// Begins the run that carries out the plan, unless there is one.
pub(super) async fn begin(
    context: &Context<'_>,
    github: &GitHub,
    target: &WorkflowTarget,
) -> Result<Dispatched, EngineError> {
    let log = StepLog {
        recorder: context.recorder,
        step: None,
    };
    if let Some(number) = under_way(context.plan, github, target).await? {
        log.info(format!("run {number} on GitHub carries out this plan already"));
        return Ok(Dispatched {
            number,
            was_under_way: true,
        });
    }
    if context.cancel.is_cancelled() {
        return Err(EngineError::Interrupted);
    }
    let correlation = context.recorder.run().as_str();
    let since = Timestamp::now() - CLOCK_DIFFERENCE;
    let dispatch = Dispatch {
        target,
        inputs: inputs(context, correlation)?,
    };
    log.info(format!("starting {}", target.words()));
    let why = match github.dispatch(&dispatch, context.access).await? {
        Answer::Run(number) => return Ok(Dispatched::new(number)),
        Answer::Unnamed => "GitHub accepted it, but its run does not show up".to_owned(),
        Answer::Unknown(why) => {
            log.warning(format!("{why}; looking for the run instead of sending it again"));
            why
        }
    };
    let found = look_for(context, github, target, since).await;
    found
        .map(Dispatched::new)
        .ok_or_else(|| EngineError::DispatchUnknown {
            workflow: target.workflow.to_string(),
            why,
            correlation: correlation.to_owned(),
        })
}

/// The run that carries out the same plan and has not ended: of somebody else, or of a command that lost sight of it.
async fn under_way(
    plan: &Plan,
    github: &GitHub,
    target: &WorkflowTarget,
) -> Result<Option<u64>, EngineError> {
    let hash = plan.hash();
    let runs = github.workflow_runs(Some(&target.workflow), RECENT_RUNS).await?;
    let same = runs.into_iter().find(|run| {
        let said = run.said();
        !matches!(run.progress, Progress::Ended(_))
            && said.plan.as_deref() == Some(hash.as_str())
            && (said.digest.is_none() || said.digest == plan.digest)
    });
    Ok(same.map(|run| run.id))
}

/// The run with this correlation id, as soon as GitHub lists it.
async fn look_for(
    context: &Context<'_>,
    github: &GitHub,
    target: &WorkflowTarget,
    since: Timestamp,
) -> Option<u64> {
    let correlation = context.recorder.run().as_str();
    let interval = FollowOptions::new(context.engine.config().github.poll).poll;
    for look in 0..LOOKS {
        if look > 0 && is_cancelled_within(context, interval).await {
            return None;
        }
        let found = github.run_of_correlation(&target.workflow, correlation, since);
        match found.await {
            Ok(Some(run)) => return Some(run.id),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "could not look for the run"),
        }
    }
    None
}

async fn is_cancelled_within(context: &Context<'_>, wait: Duration) -> bool {
    tokio::time::timeout(wait, context.cancel.cancelled())
        .await
        .is_ok()
}

/// What the workflow is told. The first three are always given; the others where the plan has them, so that a workflow
/// which is never asked for them need not declare them.
fn inputs(context: &Context<'_>, correlation: &str) -> Result<BTreeMap<&'static str, String>, EngineError> {
    let plan = context.plan;
    let Operation::Promote(promote) = &plan.operation else {
        let name = plan.operation.name();
        return Err(EngineError::Internal(format!("{name} does not run on GitHub")));
    };
    let mut inputs = BTreeMap::from([
        ("candidate", candidate(context)?),
        ("plan", plan.hash().to_string()),
        ("correlation", correlation.to_owned()),
    ]);
    if context.engine.config().services.len() > 1 {
        inputs.insert("service", plan.service.to_string());
    }
    let target = context.engine.environment(&promote.to)?;
    if !promote.hotfix && target.from.as_slice() != [promote.from.clone()] {
        inputs.insert("from", promote.from.to_string());
    }
    if let Some(reason) = &promote.reason {
        inputs.insert("reason", reason.to_string());
    }
    Ok(inputs)
}

/// What names the candidate so that the plan made from it is the same: its digest, which then stands in the title of the
/// run, or its tag where the digest alone does not lead back to that tag.
fn candidate(context: &Context<'_>) -> Result<String, EngineError> {
    let (engine, plan) = (context.engine, context.plan);
    let tag = plan.tag.as_ref();
    let tag = tag.ok_or_else(|| EngineError::Internal("a promotion plan without a tag".to_owned()))?;
    let own = plan
        .commit
        .as_ref()
        .map(|commit| engine.tag_of(commit))
        .transpose()?;
    if engine.config().git.image_revision == RevisionSource::Label && own.as_ref() == Some(tag) {
        Ok(context.digest()?.to_string())
    } else {
        Ok(tag.to_string())
    }
}
