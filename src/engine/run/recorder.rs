//! The one way by which events leave a run: into the journal first, then to whoever listens.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use crate::domain::StepKind;
use crate::engine::run::event::{Event, EventKind, Level, RunId};
use crate::engine::run::journal::{Journal, JournalError};

/// Writes events down and passes them on. Clones write into the same journal.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Recorder {
    run: RunId,
    state: Arc<Mutex<State>>,
    listener: UnboundedSender<Event>,
}

#[derive(Debug)]
struct State {
    journal: Journal,
    /// The first failure to write; told at the next step's end, since nothing may go on without a journal.
    failure: Option<JournalError>,
}

impl Recorder {
    pub(in crate::engine) fn new(run: RunId, journal: Journal, listener: UnboundedSender<Event>) -> Self {
        Self {
            run,
            state: Arc::new(Mutex::new(State {
                journal,
                failure: None,
            })),
            listener,
        }
    }

    /// The run.
    pub(in crate::engine) const fn run(&self) -> &RunId {
        &self.run
    }

    /// Records what happened. A failure of the journal is kept for [`Recorder::check`], so that callbacks in the middle of
    /// a copy need no error path; listeners hear the event in any case.
    pub(in crate::engine) fn record(&self, happening: EventKind) {
        let event = Event {
            run: self.run.clone(),
            at: jiff::Timestamp::now(),
            happening,
        };
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.failure.is_none()
                && let Err(failure) = state.journal.append(&event)
            {
                state.failure = Some(failure);
            }
        }
        // A listener that has gone away does not stop a run.
        let _ = self.listener.send(event);
    }

    /// Fails if something could not be written down since the last call.
    pub(in crate::engine) fn check(&self) -> Result<(), JournalError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failure.take().map_or(Ok(()), Err)
    }
}

/// The log of one step.
#[derive(Clone, Copy)]
pub(in crate::engine) struct StepLog<'a> {
    pub(in crate::engine) recorder: &'a Recorder,
    pub(in crate::engine) step: StepKind,
}

impl StepLog<'_> {
    pub(in crate::engine) fn info(&self, line: impl Into<String>) {
        self.write(Level::Info, line.into());
    }

    pub(in crate::engine) fn warning(&self, line: impl Into<String>) {
        self.write(Level::Warning, line.into());
    }

    pub(in crate::engine) fn error(&self, line: impl Into<String>) {
        self.write(Level::Error, line.into());
    }

    fn write(&self, level: Level, line: String) {
        self.recorder.record(EventKind::Log {
            step: self.step,
            level,
            line,
        });
    }
}
