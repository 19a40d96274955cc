//! What stands where a branch is to be.

use crate::domain::CommitSha;

/// What stands where a branch is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchState {
    /// Nothing.
    Free,
    /// The branch, at this commit.
    At(CommitSha),
    /// Another branch that git cannot have beside it: `release` beside `release/v1.4.0`.
    Blocked(String),
}
