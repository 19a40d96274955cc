//! Carries out a plan: steps in order, under the locks of what it touches.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::actor::Actor;
use super::context::Context;
use super::event::{Event, EventKind, Place, RunId, StepOutcome};
use super::journal::Retention;
use super::lock::{Lease, Lock};
use super::recorder::Recorder;
use super::secrets::Secrets;
use crate::domain::{Exit, LockPart, LockSubject, Operation, Plan, StepKind, WriteAccess};
use crate::engine::error::EngineError;
use crate::engine::operations::{build, cut, finish, hotfix, pin, promote, review, rollback, sign, unlock};
use crate::engine::{Engine, must_be_trusted};

/// A run that is under way.
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// All that happens, as it happens; ends after [`EventKind::RunEnded`].
    pub events: UnboundedReceiver<Event>,
    /// Cancelled, the run ends cleanly at the next point where it can.
    pub cancel: CancellationToken,
    /// Ends with the exit code.
    pub task: JoinHandle<Exit>,
}

impl Engine {
    /// Starts carrying out `plan` in a task of its own. The journal is opened and the lock of this machine taken before
    /// anything else; if one of them cannot be had, there is no run. The lock at the remote is the first thing that the run
    /// takes.
    pub fn start(
        self: &Arc<Self>,
        plan: Plan,
        access: WriteAccess,
        secrets: Secrets,
    ) -> Result<Run, EngineError> {
        must_be_trusted(self.config())?;
        let id = RunId::fresh();
        let actor = self.actor();
        let owner = format!("{actor}, run {}, process {}", id.short(), std::process::id());
        let lock = Lock::take(
            &self.project().state().join("locks"),
            &subject(&plan),
            &owner,
            access,
        )?;
        let journals = self.journals();
        // What is kept of old runs must not stand in the way of this one.
        if let Err(error) = journals.prune(Retention::default(), Timestamp::now(), access) {
            tracing::warn!(%error, "could not delete old journals");
        }
        let journal = journals.begin(&id, access)?;
        let (sender, events) = unbounded_channel();
        let recorder = Recorder::new(id.clone(), journal, sender);
        let cancel = CancellationToken::new();
        let engine = Arc::clone(self);
        let token = cancel.clone();
        let task = tokio::spawn(async move {
            let _lock = lock;
            let context = Context {
                engine: &engine,
                plan: &plan,
                recorder: &recorder,
                secrets: &secrets,
                cancel: &token,
                access,
                proof: OnceLock::new(),
                built: OnceLock::new(),
                prepared: OnceLock::new(),
            };
            carry_out(&context, &actor).await
        });
        Ok(Run {
            id,
            events,
            cancel,
            task,
        })
    }
}

/// What two runs may not work on at the same time, on any machine; none where it does no harm.
fn locks(plan: &Plan) -> Option<LockSubject> {
    let part = match &plan.operation {
        // What an environment runs, and what is said of that, is one subject.
        Operation::Promote { to: environment, .. }
        | Operation::Build { to: environment, .. }
        | Operation::Pin { environment, .. }
        | Operation::Unpin { environment, .. }
        | Operation::Rollback { environment, .. }
        | Operation::Review { environment, .. } => LockPart::Environment(environment.clone()),
        Operation::Cut { .. } | Operation::Finish { .. } | Operation::Hotfix { .. } => LockPart::Releases,
        Operation::Sign { .. } | Operation::Unlock { .. } => return None,
    };
    Some(LockSubject {
        service: plan.service.clone(),
        part,
    })
}

/// What two runs of this machine may not work on at the same time.
fn subject(plan: &Plan) -> String {
    match (&plan.operation, locks(plan)) {
        (_, Some(subject)) => subject.to_string(),
        (Operation::Sign { image }, None) => format!("signatures in {}", image.repository),
        (other, None) => format!("{} of {}", other.deed(), plan.service),
    }
}

async fn carry_out(context: &Context<'_>, actor: &Actor) -> Exit {
    let plan = context.plan;
    context.recorder.record(EventKind::RunStarted {
        plan: Box::new(plan.clone()),
        hash: plan.hash().to_string(),
        actor: actor.to_string(),
    });
    let result = under_lock(context, actor).await;
    let (exit, summary, hint, places) = match result {
        Ok(()) => match places(context).await {
            Ok(places) => (
                Exit::Done,
                format!("{} is done", plan.operation.title()),
                None,
                places,
            ),
            Err(error) => (
                Exit::Done,
                format!(
                    "{} is done, but not every environment could be read back: {error}",
                    plan.operation.title()
                ),
                None,
                Vec::new(),
            ),
        },
        Err(error) => {
            let exit = error.exit();
            (
                exit,
                format!("{} stopped: {error}", plan.operation.title()),
                error.hint(),
                Vec::new(),
            )
        }
    };
    context.recorder.record(EventKind::RunEnded {
        exit,
        summary,
        hint,
        places,
    });
    exit
}

/// All steps, under the lock at the remote, which is given back however they end.
async fn under_lock(context: &Context<'_>, actor: &Actor) -> Result<(), EngineError> {
    if !context.plan.allowed() {
        return refuse(context);
    }
    let mut lease = match locks(context.plan) {
        Some(subject) => Lease::take(context, subject, actor).await?,
        None => None,
    };
    let result = steps(context, lease.as_mut()).await;
    if let Some(lease) = lease {
        lease.give_back(context).await;
    }
    result
}

/// A plan that its gates refuse is not run: nothing is locked, and no gate is asked again. The journal keeps the attempt.
fn refuse(context: &Context<'_>) -> Result<(), EngineError> {
    let step = StepKind::Gate;
    context.recorder.record(EventKind::StepStarted { step });
    let judged = context.judge(context.plan.gates.clone());
    let outcome = StepOutcome::Refused(told(judged.as_ref().err()));
    context.recorder.record(EventKind::StepEnded { step, outcome });
    judged.map(drop)
}

async fn steps(context: &Context<'_>, mut lease: Option<&mut Lease>) -> Result<(), EngineError> {
    for planned in &context.plan.steps {
        let step = planned.kind;
        context.recorder.check()?;
        if context.cancel.is_cancelled() {
            return Err(EngineError::Interrupted);
        }
        if let Some(lease) = &mut lease {
            lease.keep(context).await?;
        }
        context.recorder.record(EventKind::StepStarted { step });
        let work = async {
            tokio::select! {
                biased;
                result = one(context, step) => result,
                // Build, copy and deploy stop by themselves, in their own order; all other steps may be dropped at any await.
                () = context.cancel.cancelled(), if !stops_itself(step) => Err(EngineError::Interrupted),
            }
        };
        let (result, kept) = match &mut lease {
            Some(lease) => lease.keep_during(context, work).await,
            None => (work.await, Ok(())),
        };
        let outcome = match &result {
            Ok(outcome) => outcome.clone(),
            Err(EngineError::Refused(_)) => StepOutcome::Refused(told(result.as_ref().err())),
            Err(error) if error.exit() == Exit::Interrupted => StepOutcome::Interrupted,
            Err(error) => {
                context.log(step).error(error.to_string());
                StepOutcome::Failed(error.to_string())
            }
        };
        context.recorder.record(EventKind::StepEnded { step, outcome });
        // It is what stopped the step, where both are there.
        kept?;
        result?;
        context.recorder.check()?;
    }
    Ok(())
}

fn told(error: Option<&EngineError>) -> String {
    error.map(ToString::to_string).unwrap_or_default()
}

const fn stops_itself(step: StepKind) -> bool {
    matches!(step, StepKind::Build | StepKind::Copy | StepKind::Deploy)
}

/// Every step, by operation and kind: a new one is one file and one line here.
async fn one(context: &Context<'_>, step: StepKind) -> Result<StepOutcome, EngineError> {
    match (&context.plan.operation, step) {
        (Operation::Promote { .. }, _) => promote::step(context, step).await,
        (Operation::Build { .. }, _) => build::step(context, step).await,
        (Operation::Cut { .. }, _) => cut::step(context, step).await,
        (Operation::Sign { .. }, _) => sign::step(context, step).await,
        (Operation::Finish { .. }, _) => finish::step(context, step).await,
        (Operation::Hotfix { .. }, _) => hotfix::step(context, step).await,
        (Operation::Unlock { .. }, _) => unlock::step(context, step).await,
        (Operation::Pin { .. } | Operation::Unpin { .. }, _) => pin::run_step(context, step).await,
        (Operation::Rollback { .. }, _) => rollback::step(context, step).await,
        (Operation::Review { .. }, _) => review::step(context, step).await,
    }
}

/// Where the digest is at the end, read back from every environment.
async fn places(context: &Context<'_>) -> Result<Vec<Place>, EngineError> {
    let built = context.built.get().map(|built| &built.index.digest);
    match (&context.plan.operation, context.plan.digest.as_ref().or(built)) {
        (
            Operation::Promote { .. }
            | Operation::Sign { .. }
            | Operation::Build { .. }
            | Operation::Rollback { .. },
            Some(digest),
        ) => context.engine.places(&context.plan.service, digest).await,
        _ => Ok(Vec::new()),
    }
}
