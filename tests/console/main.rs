//! The console without a terminal: what keys and events make of the model, and what each screen looks like.

#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

mod approvals;
mod checks;
mod dialogs;
mod environments;
mod fleet;
mod hands;
mod keys;
mod looks;
mod reasons;
mod release_keys;
mod release_looks;
mod runs;
mod sample;
mod wire;
