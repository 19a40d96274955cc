//! A run carries out a plan: steps in order, each check-then-act, every one of them told in events.

mod actor;
mod context;
pub(in crate::engine) mod event;
pub(in crate::engine) mod journal;
pub(in crate::engine) mod listener;
pub(in crate::engine) mod lock;
mod recorded;
pub(in crate::engine) mod recorder;
mod runner;
mod secrets;
mod step;

pub(in crate::engine) use actor::Actor;
pub(in crate::engine) use context::Context;
pub use recorded::RecordedRun;
pub use runner::Run;
pub use secrets::Secrets;
pub(in crate::engine) use step::Step;
