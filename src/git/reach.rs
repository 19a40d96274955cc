//! What is asked of a branch that may have arrived somewhere, and the answers.

use crate::domain::CommitSha;

/// Whether what a branch brought has arrived somewhere, and is still there: a revert takes back what a merge, a pick or a
/// squash had brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Its head is in that past.
    Ancestor,
    /// Every commit of it is there by its patch (`git patch-id`), as after a cherry-pick or a rebase.
    SamePatches,
    /// All of its commits are there as this one, as after a squash: it has the same patch as they have together.
    AsOne(CommitSha),
    /// This commit has exactly the content of its head, however it came to it.
    SameContent(CommitSha),
    /// These commits are not there, the newest first.
    Missing(Vec<CommitSha>),
    /// These commits, the newest first, were there until this commit reverted them, or never came.
    Reverted {
        /// They.
        commits: Vec<CommitSha>,
        /// The newest revert.
        by: CommitSha,
    },
}

/// What is asked for: the commits that are in the past of `head` and not in that of `base`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The last commit of the branch.
    pub head: CommitSha,
    /// The commit that the branch was cut from; without one, all is asked for that the other side lacks.
    pub base: Option<CommitSha>,
}

impl Reach {
    /// Whether nothing is missing.
    pub const fn is_there(&self) -> bool {
        !matches!(self, Self::Missing(_) | Self::Reverted { .. })
    }
}
