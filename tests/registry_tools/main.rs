//! `windlass registry`: the real program against embedded registries, and against servers that do as others do.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/call.rs"]
mod call;
mod ground;
mod listing;
mod looking;
#[path = "../registry_client/raw.rs"]
mod raw;
mod removal;
#[path = "../support/runs.rs"]
mod runs;
