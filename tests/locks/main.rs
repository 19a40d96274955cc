//! Locks among machines, in the sample world: two engines with a state folder each are two machines at one remote.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/call.rs"]
mod call;
#[path = "../support/git.rs"]
mod git;
#[path = "../support/plan.rs"]
mod plan;
#[path = "../support/run.rs"]
mod run;
#[path = "../support/sample.rs"]
mod sample;

mod halts;
mod remotes;
mod renewing;
mod stale;
mod taking;
mod world;
