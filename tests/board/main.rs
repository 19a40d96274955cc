//! The board against embedded registries and a real repository: what each cell says, and what is asked for at all.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/call.rs"]
mod call;
#[path = "../support/git.rs"]
mod git;
#[path = "../support/image.rs"]
mod image;

mod cells;
mod drift;
mod live;
mod program;
#[path = "../support/receiver.rs"]
mod receiver;
mod watch;
mod world;
