//! How far a reconciler is with a commit.

use serde_json::Value;

use crate::domain::{CommitSha, clean_line};

/// How far a reconciler is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::deploy::gitops) enum Verdict {
    /// It goes on, in words.
    Waiting(String),
    /// It may be done, and what it says is older than what it did: it has to look again.
    Stale(String),
    /// It has applied the commit, or one after it.
    Done(String),
    /// It has tried and failed: the reason.
    Failed(String),
    /// It does not find its path in the source that it had when it did what it was asked for, which may be an older one.
    NoPath {
        /// What it was asked for.
        asked: String,
        /// The reason.
        why: String,
    },
}

/// The text at a path of keys, harmless; empty where there is none.
pub(super) fn text(object: &Value, path: &str) -> String {
    object
        .pointer(path)
        .and_then(Value::as_str)
        .map(clean_line)
        .unwrap_or_default()
}

/// The commit in `main@sha1:COMMIT` and `COMMIT`.
pub(super) fn commit_in(revision: &str) -> Option<CommitSha> {
    let last = revision.rsplit([':', '/', '@']).next()?;
    last.parse().ok()
}

/// The words of a state: `reason: message`, as far as they are there.
pub(super) fn reason(reason: &str, message: &str) -> String {
    match (reason.is_empty(), message.is_empty()) {
        (true, true) => "no reason given".to_owned(),
        (true, false) => message.to_owned(),
        (false, true) => reason.to_owned(),
        (false, false) => format!("{reason}: {message}"),
    }
}
