//! The one way by which events leave a run: to every listener, the journal first.

use std::sync::{Arc, Mutex, PoisonError};

use super::listener::Listener;
use crate::domain::StepId;
use crate::engine::run::event::{Event, EventKind, Level, RunId};
use crate::engine::run::journal::JournalError;

/// Passes events on to all that listen. Clones have the same listeners.
#[derive(Clone)]
pub(in crate::engine) struct Recorder {
    run: RunId,
    state: Arc<Mutex<State>>,
}

struct State {
    listeners: Vec<Box<dyn Listener>>,
    /// The first failure to write; told at the next step's end, since nothing may go on without a journal.
    failure: Option<JournalError>,
}

impl Recorder {
    /// Of a run that these hear, in that order.
    pub(in crate::engine) fn new(run: RunId, listeners: Vec<Box<dyn Listener>>) -> Self {
        Self {
            run,
            state: Arc::new(Mutex::new(State {
                listeners,
                failure: None,
            })),
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
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { listeners, failure } = &mut *state;
        for listener in listeners {
            if let Err(error) = listener.hear(&event) {
                failure.get_or_insert(error);
            }
        }
    }

    /// Fails if something could not be written down since the last call.
    pub(in crate::engine) fn check(&self) -> Result<(), JournalError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failure.take().map_or(Ok(()), Err)
    }
}

/// The log of one step, or of the run.
#[derive(Clone, Copy)]
pub(in crate::engine) struct StepLog<'a> {
    pub(in crate::engine) recorder: &'a Recorder,
    /// The step; none for what the run itself says.
    pub(in crate::engine) step: Option<StepId>,
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
