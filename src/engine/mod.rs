//! The write side: command → plan → run → events; steps, journal, lock.

mod event;
mod journal;

pub use event::{Event, Happening, Level, Place, RunId, StepOutcome};
pub use journal::{Journal, JournalError, Journals};
