//! Breaking a lock that somebody left at the remote: the very one that the plan names, with a reason that is kept.

use jiff::Timestamp;

use super::operation::{Operation, OperationRun, PlanRequest, Work};
use crate::domain::operation::Unlock;
use crate::domain::{
    Confirmation, Costs, Gate, HeldLock, LockPart, LockSubject, Plan, StepKind, StepList, StepTarget,
    clean_line,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::gates::{self, LockQuestion, Moment, Question};
use crate::engine::run::event::StepOutcome;
use crate::engine::run::lock::LockError;
use crate::engine::run::{Context, Step};
use crate::git::{LockAt, Remote};
use crate::project::Service;

/// A request to break a lock that somebody left at the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlockRequest {
    /// What of the service is locked.
    pub part: LockPart,
    /// Why.
    pub reason: String,
    /// Whether even a lock whose time is not over is taken from its owner.
    pub held: bool,
}

impl PlanRequest for UnlockRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let subject = LockSubject::new(service.name(), &self.part);
        let reason = clean_line(&self.reason).trim().to_owned();
        if reason.is_empty() {
            return Err(LockError::NoReason(subject).into());
        }
        let (remote, repository) = engine.note_remote()?;
        let name = remote.name().to_owned();
        let found = remote.lock(&subject, &repository).await?;
        let LockAt { lock, object } = found.ok_or(LockError::NotLocked {
            subject,
            remote: name.clone(),
        })?;
        let holder = lock.holder();
        let mut steps = StepList::default();
        steps.add(StepKind::Gate, "re-check the lock");
        steps.add_on(
            StepKind::Unlock,
            format!("breaks the lock of {holder} on {name}, if it has not changed"),
            StepTarget::Lock {
                remote: name.clone(),
                object: object.to_string(),
            },
        );
        Ok(Plan {
            steps: steps.into(),
            gates: gates(engine, &lock, self.held).await?,
            operation: Unlock {
                part: self.part.clone(),
                remote: name,
                lock: object.to_string(),
                holder,
                held: self.held,
                reason,
            }
            .into(),
            service: service.name().clone(),
            commit: None,
            tag: None,
            digest: None,
            costs: Costs::default(),
            confirmation: Confirmation::Plain,
        })
    }
}

impl Operation for Unlock {
    fn lock(&self) -> Option<LockPart> {
        None
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        Ok(Box::new(Breaking {
            unlock: self,
            subject: LockSubject::new(context.service.name(), &self.part),
        }))
    }
}

async fn gates(engine: &Engine, lock: &HeldLock, held: bool) -> Result<Vec<Gate>, EngineError> {
    let subjects = vec![LockQuestion { lock, held }.into()];
    let question =
        Question::of_environment(engine, engine.config().graph.entrance(), Moment::Unlock, subjects)?;
    Ok(gates::ask(&question).await.gates)
}

impl Engine {
    /// All locks that the remote has, those of other services too.
    pub async fn locks(&self) -> Result<Vec<LockAt>, EngineError> {
        let (remote, repository) = self.note_remote()?;
        Ok(remote.locks(&repository).await?)
    }
}

/// A run that breaks a lock.
struct Breaking<'a> {
    unlock: &'a Unlock,
    subject: LockSubject,
}

impl OperationRun for Breaking<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.judge(step)),
            StepKind::Unlock => Work::new(self.remove(step)),
            _ => return None,
        })
    }
}

impl Breaking<'_> {
    /// The lock of the plan, if it is still there.
    async fn find(&self, step: &Step<'_>) -> Result<Option<(Remote, LockAt)>, EngineError> {
        let (remote, repository) = step.context.engine.note_remote()?;
        let Some(found) = remote.lock(&self.subject, &repository).await? else {
            return Ok(None);
        };
        if found.object.as_str() != self.unlock.lock {
            return Err(LockError::Another {
                remote: remote.name().to_owned(),
                lock: Box::new(found.lock),
                now: Timestamp::now(),
            }
            .into());
        }
        Ok(Some((remote, found)))
    }

    fn is_gone(&self) -> StepOutcome {
        StepOutcome::Nothing(format!("{} is no longer locked", self.subject))
    }

    async fn judge(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        match self.find(step).await? {
            Some((_, found)) => step.judge(gates(step.context.engine, &found.lock, self.unlock.held).await?),
            None => Ok(self.is_gone()),
        }
    }

    async fn remove(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let Some((remote, found)) = self.find(step).await? else {
            return Ok(self.is_gone());
        };
        let removed = remote
            .remove_lock(&self.subject, &found.object, step.context.access)
            .await?;
        Ok(if removed {
            let Unlock { holder, reason, .. } = self.unlock;
            step.log().info(format!("broke the lock of {holder}: {reason}"));
            StepOutcome::Done(format!("{} is unlocked", self.subject))
        } else {
            self.is_gone()
        })
    }
}
