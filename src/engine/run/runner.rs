//! Carries out a plan: steps in order, under the locks of what it touches.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::actor::Actor;
use super::context::Context;
use super::event::{Event, EventKind, Place, RunId, StepOutcome};
use super::journal::Retention;
use super::listener::Listener;
use super::lock::{Lease, Lock};
use super::recorder::{Recorder, StepLog};
use super::secrets::Secrets;
use super::step::{Step, judge};
use crate::config::SignerSettings;
use crate::domain::{Digest, Exit, LockSubject, Plan, StepKind, WorkflowTarget, WriteAccess};
use crate::engine::attempts;
use crate::engine::error::EngineError;
use crate::engine::notify;
use crate::engine::operations;
use crate::engine::operations::operation::{OperationRun, Work};
use crate::engine::remote::{self, RemoteEnd};
use crate::engine::{Engine, must_be_trusted};
use crate::sign::TokenSource;

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
    /// Tells the configured webhooks of approval requests and of the end, within ten seconds of it, and where this is a job closes what is shown live of it; ends
    /// with what could not be delivered, in words.
    pub notifying: JoinHandle<Vec<String>>,
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
        let service = self.service(&plan.service)?;
        let lock = Lock::take(
            &self.project().state().join("locks"),
            &subject(&plan)?,
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
        let (outcome, notifying) = notify::of_run(self);
        let mut listeners: Vec<Box<dyn Listener>> =
            vec![Box::new(journal), Box::new(sender), Box::new(outcome)];
        let notifying = match remote::publish(self, &plan) {
            None => notifying,
            Some((live, publishing)) => {
                listeners.push(Box::new(live));
                both(notifying, publishing)
            }
        };
        let recorder = Recorder::new(id.clone(), listeners);
        let cancel = CancellationToken::new();
        let engine = Arc::clone(self);
        let token = cancel.clone();
        let task = tokio::spawn(async move {
            let context = Context {
                engine: &engine,
                service: &service,
                plan: &plan,
                recorder: &recorder,
                secrets: &secrets,
                cancel: &token,
                access,
            };
            carry_out(&context, &actor, lock).await
        });
        Ok(Run {
            id,
            events,
            cancel,
            task,
            notifying,
        })
    }
}

/// How long a job waits after its run until what is shown live of it is closed.
const CLOSES_WITHIN: Duration = Duration::from_secs(20);

/// Ends when both have, with what could not be told.
fn both(
    notifying: JoinHandle<Vec<String>>,
    publishing: JoinHandle<Option<String>>,
) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut untold = notifying.await.unwrap_or_default();
        match tokio::time::timeout(CLOSES_WITHIN, publishing).await {
            Ok(ended) => untold.extend(ended.ok().flatten()),
            Err(_) => untold.push("the live output could not be closed in time".to_owned()),
        }
        untold
    })
}

/// What two runs may not work on at the same time, on any machine; none where it does no harm.
fn locks(plan: &Plan) -> Result<Option<LockSubject>, EngineError> {
    let part = operations::of(plan)?.lock();
    Ok(part.map(|part| LockSubject::new(&plan.service, &part)))
}

/// What two runs of this machine may not work on at the same time.
fn subject(plan: &Plan) -> Result<String, EngineError> {
    Ok(match locks(plan)? {
        Some(subject) => subject.to_string(),
        None => operations::of(plan)?.local_lock(plan),
    })
}

async fn carry_out(context: &Context<'_>, actor: &Actor, lock: Lock) -> Exit {
    let plan = context.plan;
    context.recorder.record(EventKind::RunStarted {
        plan: Box::new(plan.clone()),
        hash: plan.hash().to_string(),
        actor: actor.to_string(),
    });
    let result = match remote::dispatched(plan) {
        // A plan that is refused is not sent anywhere.
        Ok(Some(target)) if plan.allowed() => return on_github(context, target, lock).await,
        Ok(_) => under_lock(context, actor).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &result
        && let Some(why) = attempts::record(context, error).await
    {
        let log = StepLog {
            recorder: context.recorder,
            step: None,
        };
        log.warning(why);
    }
    let (exit, summary, hint, places) = match result {
        Ok(made) => match places(context, made.as_ref()).await {
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

/// Has GitHub carry it out. Nobody on this machine is kept away once GitHub has begun, which keeps its own order.
async fn on_github(context: &Context<'_>, target: &WorkflowTarget, lock: Lock) -> Exit {
    let ended = match remote::carry_out(context, target, || drop(lock)).await {
        Ok(ended) => ended,
        Err(error) => RemoteEnd {
            exit: error.exit(),
            summary: format!("{} stopped: {error}", context.plan.operation.title()),
            hint: error.hint(),
        },
    };
    let places = match ended.exit {
        Exit::Done => places(context, None).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let exit = ended.exit;
    context.recorder.record(EventKind::RunEnded {
        exit,
        summary: ended.summary,
        hint: ended.hint,
        places,
    });
    exit
}

/// Where the digest is at the end, the one of the plan or that of the run, read back from every environment.
async fn places(context: &Context<'_>, made: Option<&Digest>) -> Result<Vec<Place>, EngineError> {
    match context.plan.digest.as_ref().or(made) {
        Some(digest) if operations::of(context.plan)?.is_read_back() => {
            context.engine.places(context.service, digest).await
        }
        _ => Ok(Vec::new()),
    }
}

/// All steps, under the lock at the remote, which is given back however they end; the digest that the run made, if it made
/// one.
async fn under_lock(context: &Context<'_>, actor: &Actor) -> Result<Option<Digest>, EngineError> {
    if !context.plan.allowed() {
        return refuse(context).map(|()| None);
    }
    let operation = operations::of(context.plan)?;
    // Before anything is copied: what nobody can sign would stop half done.
    if let Some(SignerSettings::Keyless(_)) = operation.signs_with(context.engine, context.plan) {
        TokenSource::ambient()?;
    }
    let run = operation.begin(context)?;
    let mut lease = match locks(context.plan)? {
        Some(subject) => Lease::take(context, subject, actor).await?,
        None => None,
    };
    let result = steps(context, run.as_ref(), lease.as_mut()).await;
    if let Some(lease) = lease {
        lease.give_back(context).await;
    }
    result.map(|()| run.made().cloned())
}

/// A plan that its gates refuse is not run: nothing is locked, and no gate is asked again. The journal keeps the attempt.
fn refuse(context: &Context<'_>) -> Result<(), EngineError> {
    let mut steps = context.plan.steps.iter();
    let step = steps.find(|step| step.kind == StepKind::Gate).map(|step| step.id);
    if let Some(step) = step {
        context.recorder.record(EventKind::StepStarted { step });
    }
    let log = StepLog {
        recorder: context.recorder,
        step,
    };
    let judged = judge(log, context.plan.gates.clone());
    if let Some(step) = step {
        let outcome = StepOutcome::Refused(told(judged.as_ref().err()));
        context.recorder.record(EventKind::StepEnded { step, outcome });
    }
    judged.map(drop)
}

async fn steps(
    context: &Context<'_>,
    run: &dyn OperationRun,
    mut lease: Option<&mut Lease>,
) -> Result<(), EngineError> {
    for planned in &context.plan.steps {
        context.recorder.check()?;
        if context.cancel.is_cancelled() {
            return Err(EngineError::Interrupted);
        }
        if let Some(lease) = &mut lease {
            lease.keep(context).await?;
        }
        let step = Step { context, planned };
        context
            .recorder
            .record(EventKind::StepStarted { step: step.id() });
        let work = work(run, &step);
        let (result, kept) = match &mut lease {
            Some(lease) => lease.keep_during(context, work).await,
            None => (work.await, Ok(())),
        };
        let outcome = match &result {
            Ok(outcome) => outcome.clone(),
            Err(EngineError::Refused(_)) => StepOutcome::Refused(told(result.as_ref().err())),
            Err(error) if error.exit() == Exit::Interrupted => StepOutcome::Interrupted,
            Err(error) => {
                step.log().error(error.to_string());
                StepOutcome::Failed(error.to_string())
            }
        };
        context.recorder.record(EventKind::StepEnded {
            step: step.id(),
            outcome,
        });
        // It is what stopped the step, where both are there.
        kept?;
        result?;
        context.recorder.check()?;
    }
    Ok(())
}

/// Carries out one step. The one place that meets a step which its operation does not have: an error, never a success.
async fn work(run: &dyn OperationRun, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
    let Some(Work {
        outcome,
        stops_itself,
    }) = run.step(step)
    else {
        return Err(EngineError::UnknownStep {
            operation: step.context.plan.operation.name(),
            step: step.kind(),
        });
    };
    tokio::select! {
        biased;
        result = outcome => result,
        () = step.context.cancel.cancelled(), if !stops_itself => Err(EngineError::Interrupted),
    }
}

fn told(error: Option<&EngineError>) -> String {
    error.map(ToString::to_string).unwrap_or_default()
}
