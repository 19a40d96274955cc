//! A commit, as people look at it.

use jiff::Timestamp;

use super::error::GitError;
use crate::domain::{Clean, CommitSha, clean_text};

/// One commit; its texts are harmless to a terminal, whatever was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub sha: CommitSha,
    /// How many parents it has; two or more for a merge.
    pub parents: usize,
    /// Who wrote it.
    pub author: Clean,
    /// When it was committed, by the committer's clock.
    pub time: Timestamp,
    /// The committer's offset from UTC, in minutes.
    pub offset: i32,
    /// The first line of the message.
    pub subject: Clean,
}

impl Commit {
    pub(super) fn of(commit: &git2::Commit<'_>) -> Result<Self, GitError> {
        let sha = name(commit.id())?;
        let time = commit.time();
        Ok(Self {
            time: Timestamp::from_second(time.seconds()).unwrap_or(Timestamp::UNIX_EPOCH),
            offset: time.offset_minutes(),
            parents: commit.parent_count(),
            author: Clean::line(&String::from_utf8_lossy(commit.author().name_bytes())),
            subject: Clean::line(&String::from_utf8_lossy(
                commit.summary_bytes().unwrap_or_default(),
            )),
            sha,
        })
    }

    /// The whole message of a commit, harmless.
    pub(super) fn message(commit: &git2::Commit<'_>) -> String {
        clean_text(&String::from_utf8_lossy(commit.message_bytes()))
    }
}

/// libgit2's name of an object as ours.
pub(super) fn name(id: git2::Oid) -> Result<CommitSha, GitError> {
    id.to_string()
        .parse()
        .map_err(|error: crate::domain::CommitShaError| GitError::Library {
            action: "name a commit",
            why: error.to_string(),
        })
}
