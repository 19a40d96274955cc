//! The write side: command → plan → run → events; steps, journal, lock.

mod event;

pub use event::{Event, Happening, Level, Place, RunId, StepOutcome};
