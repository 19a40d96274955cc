//! The commits of a branch, newest first, read as they are asked for.

use super::commit::Commit;
use super::error::GitError;
use super::repository::GitRepository;
use crate::domain::CommitSha;

/// Where reading a history stands. It holds no handle of libgit2, so it can cross threads; each page opens the walk anew
/// at the commits that come next.
///
/// The order is that of `git log` without options: by commit time among those that are known, newest first. libgit2's
/// unsorted walk gives it without reading the whole history first.
#[derive(Debug, Clone)]
pub struct History {
    start: CommitSha,
    read: usize,
    ended: bool,
}

impl History {
    pub(super) const fn from(start: CommitSha) -> Self {
        Self {
            start,
            read: 0,
            ended: false,
        }
    }

    /// The commit that it begins with.
    pub const fn start(&self) -> &CommitSha {
        &self.start
    }

    /// Whether all has been read.
    pub const fn is_at_end(&self) -> bool {
        self.ended
    }

    /// The next `count` commits, fewer at the end.
    pub fn next_page(&mut self, repository: &GitRepository, count: usize) -> Result<Vec<Commit>, GitError> {
        let page = repository.with(|git| {
            let fail = GitError::library("read the history");
            let mut walk = git.revwalk().map_err(&fail)?;
            walk.set_sorting(git2::Sort::NONE).map_err(&fail)?;
            walk.push(git2::Oid::from_str(self.start.as_str()).map_err(&fail)?)
                .map_err(&fail)?;
            let mut page = Vec::with_capacity(count);
            for id in walk.skip(self.read).take(count) {
                // The past of a shallow clone ends here; what lies before is not missing, only elsewhere.
                let Ok(id) = id else { break };
                page.push(Commit::of(&git.find_commit(id).map_err(&fail)?)?);
            }
            Ok(page)
        })?;
        self.read += page.len();
        self.ended = page.len() < count;
        Ok(page)
    }
}
