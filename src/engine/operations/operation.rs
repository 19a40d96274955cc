//! What every operation is to the engine: a request that is planned, what a plan of it locks, and a run of its steps.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::config::SignerSettings;
use crate::domain::{Digest, LockPart, Plan};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::project::Service;

/// A request for an operation: it names things as people do, and its plan pins them.
pub(in crate::engine) trait PlanRequest {
    /// Makes the plan. Reads only.
    fn plan(
        &self,
        engine: &Engine,
        service: &Service,
    ) -> impl Future<Output = Result<Plan, EngineError>> + Send;
}

/// What an operation is, with everything in it pinned.
pub(in crate::engine) trait Operation: Send + Sync {
    /// What two runs may not work on at the same time, on any machine; none where it does no harm.
    fn lock(&self) -> Option<LockPart>;

    /// What two runs of this machine may not work on at the same time, where nothing is locked on all machines.
    fn local_lock(&self, plan: &Plan) -> String {
        format!("{} of {}", plan.operation.deed(), plan.service)
    }

    /// How it signs, if it does.
    fn signs_with(&self, _engine: &Engine, _plan: &Plan) -> Option<SignerSettings> {
        None
    }

    /// Whether the environments that have its digest are read back at its end.
    fn is_read_back(&self) -> bool {
        false
    }

    /// Begins a run: takes out of the plan, once, what its steps need.
    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError>;
}

/// A run of one operation, with what its steps hand on to each other.
pub(in crate::engine) trait OperationRun: Send + Sync {
    /// What carries out a step; none for a step that this operation does not have.
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>>;

    /// The digest that it made, where its plan could not name one.
    fn made(&self) -> Option<&Digest> {
        None
    }
}

/// What carries out a step.
pub(in crate::engine) struct Work<'s> {
    pub(in crate::engine) outcome: BoxFuture<'s, Result<StepOutcome, EngineError>>,
    /// Whether it stops by itself when the run is cancelled, in its own order; any other may be dropped at any await.
    pub(in crate::engine) stops_itself: bool,
}

impl<'s> Work<'s> {
    /// What may be dropped at any await.
    pub(in crate::engine) fn new(
        outcome: impl Future<Output = Result<StepOutcome, EngineError>> + Send + 's,
    ) -> Self {
        Self {
            outcome: outcome.boxed(),
            stops_itself: false,
        }
    }

    /// What stops by itself.
    pub(in crate::engine) fn stopping_itself(
        outcome: impl Future<Output = Result<StepOutcome, EngineError>> + Send + 's,
    ) -> Self {
        Self {
            stops_itself: true,
            ..Self::new(outcome)
        }
    }
}
