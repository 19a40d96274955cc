//! The commits of a branch, newest first, read as they are asked for.

use super::commit::{Commit, name};
use super::error::GitError;
use super::repository::{GitRepository, oid};
use crate::domain::CommitSha;

/// Where reading a history stands. It holds no handle of libgit2, so it can cross threads.
///
/// It follows the first parents: what came into the branch, one by one, as builds see it. The commits inside a merged
/// feature branch were never built by themselves and are no candidates. Each page goes on where the last one ended, so
/// the thousandth costs no more than the first.
#[derive(Debug, Clone)]
pub struct History {
    next: Option<CommitSha>,
}

impl History {
    pub(super) const fn from(start: CommitSha) -> Self {
        Self { next: Some(start) }
    }

    /// The commit that is read next; none at the end.
    pub const fn head(&self) -> Option<&CommitSha> {
        self.next.as_ref()
    }

    /// Whether all has been read.
    pub const fn is_at_end(&self) -> bool {
        self.next.is_none()
    }

    /// The next `count` commits, fewer at the end.
    pub fn next_page(&mut self, repository: &GitRepository, count: usize) -> Result<Vec<Commit>, GitError> {
        repository.with(|git| {
            let mut page = Vec::with_capacity(count);
            while page.len() < count
                && let Some(sha) = &self.next
            {
                let Ok(commit) = git.find_commit(oid(sha)?) else {
                    // The past of a shallow clone ends here; what lies before is not missing, only elsewhere.
                    if git.is_shallow() {
                        self.next = None;
                        break;
                    }
                    return Err(GitError::Unreadable(sha.clone()));
                };
                self.next = commit.parent_id(0).ok().map(name).transpose()?;
                page.push(Commit::of(&commit)?);
            }
            Ok(page)
        })
    }
}
