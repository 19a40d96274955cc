//! What can be planned and run: one folder or file for each operation, and the one table that lists them.

pub(in crate::engine) mod approve;
pub(in crate::engine) mod build;
pub(in crate::engine) mod check;
mod copy_progress;
pub(in crate::engine) mod cut;
pub(in crate::engine) mod deploy;
pub(in crate::engine) mod exception_record;
pub(in crate::engine) mod finish;
pub(in crate::engine) mod gc;
pub(in crate::engine) mod halt;
pub(in crate::engine) mod hotfix;
pub(in crate::engine) mod naming;
pub(in crate::engine) mod operation;
pub(in crate::engine) mod pin;
pub(in crate::engine) mod place;
pub(in crate::engine) mod promote;
pub(in crate::engine) mod review;
pub(in crate::engine) mod rollback;
pub(in crate::engine) mod sign;
pub(in crate::engine) mod unlock;

use operation::{Operation, PlanRequest as _};

use super::core::Engine;
use super::error::EngineError;
use super::run::Secrets;
use crate::config::SignerSettings;
use crate::domain::{self, EnvironmentName, Gate, Plan};
use crate::project::Service;

/// The table of all operations: how each is asked for. What it is once it is pinned stands in [`domain::Operation`] under the
/// same name. What is recorded is carried out by its command, which keeps a journal of it all the same
/// ([`RecordedRun`](crate::engine::RecordedRun)).
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($request:path)),* $(,)?; recorded: $($recorded:ident),*) => {
        /// A request for an operation. It names things as people do; the plan made from it pins them.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Request {
            $($(#[$doc])* $name($request),)*
        }

        impl Request {
            async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
                match self {
                    $(Self::$name(request) => request.plan(engine, service).await,)*
                }
            }
        }

        /// The operation of a plan; an error for one that its command carries out by itself.
        pub(in crate::engine) fn of(plan: &Plan) -> Result<&dyn Operation, EngineError> {
            match &plan.operation {
                $(domain::Operation::$name(operation) => Ok(operation),)*
                $(domain::Operation::$recorded(_))|* => Err(EngineError::Internal(format!(
                    "the engine does not carry out {}",
                    plan.operation.name()
                ))),
            }
        }

        $(impl From<$request> for Request {
            fn from(request: $request) -> Self {
                Self::$name(request)
            }
        })*
    };
}

operations! {
    /// Cut a release branch.
    Cut(cut::CutRequest),
    /// Promote a candidate.
    Promote(promote::PromoteRequest),
    /// Build the image of the commit that is checked out, for the environment that builds go to.
    Build(build::BuildRequest),
    /// Sign an image where it is, with the key of the environment that its repository belongs to.
    Sign(sign::SignRequest),
    /// End a release or a hotfix: merge it back and tag it.
    Finish(finish::FinishRequest),
    /// Begin a hotfix at what an environment has deployed.
    Hotfix(hotfix::HotfixRequest),
    /// Hold an environment at what is deployed there.
    Pin(pin::PinRequest),
    /// Lift the pin of an environment.
    Unpin(pin::UnpinRequest),
    /// Take an environment back to what ran there before, and pin it.
    Rollback(rollback::RollbackRequest),
    /// Leave the review that an exception owes.
    Review(review::ReviewRequest),
    /// Break a lock that somebody left at the remote.
    Unlock(unlock::UnlockRequest),
    /// Stop everything that would go to an environment.
    Halt(halt::HaltRequest),
    /// Let promotions go to an environment again.
    Resume(halt::ResumeRequest),
    /// Sign that a candidate may be promoted.
    ApproveCandidate(approve::ApproveRequest),
    /// Delete the images of an environment that nobody needs any more.
    Gc(gc::GcRequest),
    ; recorded: Check, Copy, Remove, AttachScan, Approve
}

impl Engine {
    /// Makes the plan of a request. Reads only. It is made on the heap, whatever the request: what all of them need on the
    /// way would not fit a small stack.
    pub async fn plan(&self, service: &Service, request: &Request) -> Result<Plan, EngineError> {
        Box::pin(request.plan(self, service)).await
    }

    /// What every gate says of a promotion now, for somebody who only looks. A plan asks them again, and scans where the
    /// rules want a scan at that moment.
    pub async fn preview(
        &self,
        service: &Service,
        candidate: &str,
        to: &EnvironmentName,
    ) -> Result<Vec<Gate>, EngineError> {
        let request = promote::PromoteRequest {
            candidate: candidate.to_owned(),
            to: to.clone(),
            from: None,
            reason: None,
            hotfix: false,
        };
        Box::pin(promote::preview(self, service, &request)).await
    }

    /// Whether carrying out `plan` needs a password that neither the environment nor a file gives.
    pub fn asks_for_password(&self, plan: &Plan) -> bool {
        let operation = of(plan).ok();
        let signs_with = operation.and_then(|operation| operation.signs_with(self, plan));
        let key = signs_with.as_ref().and_then(SignerSettings::key);
        key.is_some_and(|sign| sign::signing_password(sign, &Secrets::default()).is_err())
    }
}
