//! A run that a command carries out by itself, outside of what the engine plans: it has a plan and a journal like all others.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::actor::Actor;
use super::event::{Event, EventKind, Level, RunId, StepOutcome};
use super::journal::{JournalError, Journals};
use super::recorder::{Recorder, StepLog};
use crate::domain::{Exit, Plan, StepId, WriteAccess};

/// A run under way that its command records.
#[derive(Clone)]
pub struct RecordedRun {
    recorder: Recorder,
    title: String,
    operation: String,
    actor: String,
}

impl RecordedRun {
    /// Begins the journal of `plan`. Nothing of the run may happen before this has succeeded. The events that it tells come
    /// out of the other end. `identity` is how git knows whoever runs it, for where the environment does not name them.
    ///
    /// # Errors
    /// When the journal cannot be created or written.
    pub fn begin(
        journals: &Journals,
        plan: &Plan,
        access: WriteAccess,
        identity: Option<String>,
    ) -> Result<(Self, UnboundedReceiver<Event>), JournalError> {
        let id = RunId::fresh();
        let journal = journals.begin(&id, access)?;
        let (sender, events) = unbounded_channel();
        let recorder = Recorder::new(id, vec![Box::new(journal), Box::new(sender)]);
        let actor = Actor::known_as(identity).to_string();
        recorder.record(EventKind::RunStarted {
            plan: Box::new(plan.clone()),
            hash: plan.hash().to_string(),
            actor: actor.clone(),
        });
        recorder.check()?;
        let run = Self {
            recorder,
            title: plan.operation.title(),
            operation: plan.operation.name(),
            actor,
        };
        Ok((run, events))
    }

    /// Its name.
    pub const fn id(&self) -> &RunId {
        self.recorder.run()
    }

    /// One word for what is done: `copy`.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Who runs it: user and host.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// A step begins.
    pub fn step_started(&self, step: StepId) {
        self.recorder.record(EventKind::StepStarted { step });
    }

    /// A line of the log of a step.
    pub fn log(&self, step: StepId, level: Level, line: &str) {
        let step = Some(step);
        let recorder = &self.recorder;
        let log = StepLog { recorder, step };
        match level {
            Level::Info => log.info(line),
            Level::Warning => log.warning(line),
            Level::Error => log.error(line),
        }
    }

    /// A step has ended.
    ///
    /// # Errors
    /// When something could not be written since the last call: nothing may go on without a journal.
    pub fn step_ended(&self, step: StepId, outcome: StepOutcome) -> Result<(), JournalError> {
        if let StepOutcome::Failed(why) = &outcome {
            self.log(step, Level::Error, why);
        }
        self.recorder.record(EventKind::StepEnded { step, outcome });
        self.recorder.check()
    }

    /// The run has ended, with an exit code and, where it is not done, why and what to do now.
    pub fn end(self, exit: Exit, why: Option<&str>, hint: Option<String>) {
        let summary = match why {
            None => format!("{} is done", self.title),
            Some(why) => format!("{} stopped: {why}", self.title),
        };
        self.recorder.record(EventKind::RunEnded {
            exit,
            summary,
            hint,
            places: Vec::new(),
        });
    }
}
