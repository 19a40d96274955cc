//! Breaking a lock that somebody left at the remote: the very one that the plan names, with a reason that is kept.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{
    Confirmation, Costs, Gate, GateKind, HeldLock, LockPart, LockStanding, LockSubject, Operation, Override,
    Plan, PlannedStep, ServiceName, StepKind, Verdict, clean_line,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::run::Context;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::lock::LockError;
use crate::git::{GitError, GitRepository, LockAt, Remote};

/// Plans to break the lock on a part of `service`; one whose time is not over only where `held` says so.
pub(in crate::engine) async fn plan(
    engine: &Engine,
    service: &ServiceName,
    part: &LockPart,
    reason: &str,
    held: bool,
) -> Result<Plan, EngineError> {
    let subject = LockSubject {
        service: service.clone(),
        part: part.clone(),
    };
    let reason = clean_line(reason).trim().to_owned();
    if reason.is_empty() {
        return Err(LockError::NoReason(subject).into());
    }
    let (remote, repository) = place(engine)?;
    let name = remote.name().to_owned();
    let found = remote.lock(&subject, &repository).await?;
    let LockAt { lock, object } = found.ok_or(LockError::NotLocked {
        subject,
        remote: name.clone(),
    })?;
    let holder = lock.holder();
    let step = |kind, what: String| PlannedStep { kind, what };
    Ok(Plan {
        steps: vec![
            step(StepKind::Gate, "re-check the lock".to_owned()),
            step(
                StepKind::Unlock,
                format!("breaks the lock of {holder} on {name}, if it has not changed"),
            ),
        ],
        gates: vec![gate(&lock, held)],
        operation: Operation::Unlock {
            part: part.clone(),
            remote: name,
            lock: object.to_string(),
            holder,
            held,
            reason,
        },
        service: service.clone(),
        commit: None,
        tag: None,
        digest: None,
        costs: Costs::default(),
        confirmation: Confirmation::Plain,
    })
}

fn gate(lock: &HeldLock, held: bool) -> Gate {
    let now = Timestamp::now();
    let words = lock.words(now);
    let gate = |verdict| Gate::new(GateKind::Lock, verdict);
    match (lock.standing(now), held) {
        (LockStanding::Stale { .. }, _) => gate(Verdict::Allowed(words)),
        (LockStanding::Held, true) => gate(Verdict::Allowed(format!("broken: {words}"))),
        (LockStanding::Held, false) => gate(Verdict::Refused(words)).with_override(Override::TakeLock),
    }
}

fn place(engine: &Engine) -> Result<(Remote, Arc<GitRepository>), EngineError> {
    let repository = engine.repository();
    let repository = repository.ok_or_else(|| GitError::NoRepository(engine.config().folder().to_owned()))?;
    Ok((
        repository.remote(&engine.config().git.remote)?,
        Arc::clone(repository),
    ))
}

impl Engine {
    /// All locks that the remote has, those of other services too.
    pub async fn locks(&self) -> Result<Vec<LockAt>, EngineError> {
        let (remote, repository) = place(self)?;
        Ok(remote.locks(&repository).await?)
    }
}

/// Carries out one step.
pub(in crate::engine) async fn step(
    context: &Context<'_>,
    step: StepKind,
) -> Result<StepOutcome, EngineError> {
    let Operation::Unlock {
        part,
        lock,
        holder,
        held,
        reason,
        ..
    } = &context.plan.operation
    else {
        return Err(EngineError::Internal("an unlock plan without a lock".to_owned()));
    };
    let subject = LockSubject {
        service: context.plan.service.clone(),
        part: part.clone(),
    };
    let (remote, repository) = place(context.engine)?;
    let found = remote.lock(&subject, &repository).await?;
    let Some(found) = found else {
        return Ok(StepOutcome::Nothing(format!("{subject} is no longer locked")));
    };
    if found.object.as_str() != lock {
        return Err(LockError::Another {
            remote: remote.name().to_owned(),
            lock: Box::new(found.lock),
            now: Timestamp::now(),
        }
        .into());
    }
    if step == StepKind::Gate {
        return context.judge(vec![gate(&found.lock, *held)]);
    }
    let removed = remote
        .remove_lock(&subject, &found.object, context.access)
        .await?;
    Ok(if removed {
        context
            .log(step)
            .info(format!("broke the lock of {holder}: {reason}"));
        StepOutcome::Done(format!("{subject} is unlocked"))
    } else {
        StepOutcome::Nothing(format!("{subject} is no longer locked"))
    })
}
