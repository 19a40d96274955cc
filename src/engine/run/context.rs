//! What each step of a run is given.

use std::sync::OnceLock;

use tokio_util::sync::CancellationToken;

use super::event::StepOutcome;
use super::recorder::{Recorder, StepLog};
use super::secrets::Secrets;
use crate::domain::{Gate, GateRecord, Plan, StepKind, WriteAccess, count};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::exception::SkippedGates;
use crate::engine::operations::{build, finish};
use crate::registry::Descriptor;
use crate::scan::FreshScan;

/// What each step of a run is given.
pub(in crate::engine) struct Context<'a> {
    pub(in crate::engine) engine: &'a Engine,
    pub(in crate::engine) plan: &'a Plan,
    pub(in crate::engine) recorder: &'a Recorder,
    pub(in crate::engine) secrets: &'a Secrets,
    pub(in crate::engine) cancel: &'a CancellationToken,
    pub(in crate::engine) access: WriteAccess,
    /// What was found out about the image, for the steps that leave it there.
    pub(in crate::engine) proof: OnceLock<Proof>,
    /// What the build step made, for the steps after it.
    pub(in crate::engine) built: OnceLock<build::Built>,
    /// What the merge step made, for the push.
    pub(in crate::engine) prepared: OnceLock<finish::Prepared>,
}

/// What was found out about the image of a run.
pub(in crate::engine) struct Proof {
    /// The record of the verdict of the scan gate.
    pub(in crate::engine) record: Option<GateRecord>,
    /// The scan that was made in this run.
    pub(in crate::engine) fresh: Option<FreshScan>,
    /// The image that it is of.
    pub(in crate::engine) image: Descriptor,
    /// Whether the image had its tag at the target already. A run that is only given again leaves nothing new.
    pub(in crate::engine) promoted_before: bool,
    /// What was passed over, where this is an exception.
    pub(in crate::engine) exception: Option<SkippedGates>,
}

impl Context<'_> {
    pub(in crate::engine) fn log(&self, step: StepKind) -> StepLog<'_> {
        StepLog {
            recorder: self.recorder,
            step,
        }
    }

    /// What is to be left with the image.
    pub(in crate::engine) fn to_leave(&self) -> Option<&Proof> {
        self.proof.get().filter(|proof| !proof.promoted_before)
    }

    /// Writes every gate down and lets the run go on only if all allow it.
    pub(in crate::engine) fn judge(&self, gates: Vec<Gate>) -> Result<StepOutcome, EngineError> {
        let log = self.log(StepKind::Gate);
        for gate in &gates {
            let line = format!(
                "{}: {}, {}",
                gate.kind,
                gate.verdict.word(),
                gate.verdict.reason()
            );
            if gate.verdict.allows() {
                log.info(line)
            } else {
                log.error(line)
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
}
