//! The release flow on the sample world: real repositories, a real remote, two registries, and the pipeline that builds
//! what is pushed.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/call.rs"]
mod call;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/run.rs"]
mod run;
#[path = "../support/sample.rs"]
mod sample;

mod finish;
mod hotfix;
mod journey;
mod kinds;
mod listing;
mod lost;
mod partial;
mod versions;
mod world;
