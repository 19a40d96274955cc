//! The release flow on the sample world: real repositories, a real remote, two registries, and the pipeline that builds
//! what is pushed.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

mod finish;
mod hotfix;
mod journey;
mod kinds;
mod listing;
mod world;
