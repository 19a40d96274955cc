//! One step of a run at work.

use super::context::Context;
use super::event::StepOutcome;
use super::recorder::StepLog;
use crate::domain::{Gate, PlannedStep, StepId, StepKind, count};
use crate::engine::error::EngineError;

/// A step of the plan, and the run that it is in.
pub(in crate::engine) struct Step<'a> {
    pub(in crate::engine) context: &'a Context<'a>,
    pub(in crate::engine) planned: &'a PlannedStep,
}

impl<'a> Step<'a> {
    /// Which part of an operation it is.
    pub(in crate::engine) const fn kind(&self) -> StepKind {
        self.planned.kind
    }

    /// Its number.
    pub(in crate::engine) const fn id(&self) -> StepId {
        self.planned.id
    }

    /// Its log.
    pub(in crate::engine) const fn log(&self) -> StepLog<'a> {
        StepLog {
            recorder: self.context.recorder,
            step: Some(self.planned.id),
        }
    }

    /// Writes every gate down and lets the run go on only if all allow it.
    pub(in crate::engine) fn judge(&self, gates: Vec<Gate>) -> Result<StepOutcome, EngineError> {
        judge(self.log(), gates)
    }
}

/// Writes every gate into `log`; an error unless all allow it.
pub(super) fn judge(log: StepLog<'_>, gates: Vec<Gate>) -> Result<StepOutcome, EngineError> {
    for gate in &gates {
        let line = format!(
            "{}: {}, {}",
            gate.kind,
            gate.verdict.word(),
            gate.verdict.reason()
        );
        if gate.verdict.allows() {
            log.info(line);
        } else {
            log.error(line);
        }
        for note in &gate.notes {
            log.info(format!("{}: {note}", gate.kind));
        }
        if let Some(way_out) = &gate.way_out {
            log.info(format!("{}: {}", gate.kind, way_out.words()));
        }
    }
    let (allowed, refused): (Vec<_>, Vec<_>) = gates.into_iter().partition(|gate| gate.verdict.allows());
    if refused.is_empty() {
        Ok(StepOutcome::Done(format!(
            "{} allowed",
            count(allowed.len(), "gate")
        )))
    } else {
        Err(EngineError::Refused(refused))
    }
}
