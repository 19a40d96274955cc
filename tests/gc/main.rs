//! `windlass gc`: what it keeps whatever the rule says, what it deletes, and in which order, with the embedded registry and a
//! real repository.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/call.rs"]
mod call;
#[path = "../support/document.rs"]
mod document;
#[path = "../support/git.rs"]
mod git;
mod ground;
mod kept;
mod program;
mod removal;
mod requests;
#[path = "../support/run.rs"]
mod run;
mod unknown;

/// What runs are begun with; there is no sample world here.
mod sample {
    use windlass::domain::WriteAccess;

    pub fn access() -> WriteAccess {
        WriteAccess::unless_read_only(false).unwrap()
    }
}
