//! The registry client against the embedded registry: bytes unchanged, whole, and honest about what goes wrong.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

mod access;
mod answers;
mod contents;
mod copy;
mod faults;
mod lists;
mod manners;
mod options;
mod raw;
mod refusals;
mod resume;
#[path = "../support/tls.rs"]
mod tls;
mod ways;
mod world;
