//! Which commits touch a folder: the source of one service among several in a repository.

use std::path::Path;

use super::error::GitError;
use super::repository::{GitRepository, oid};
use crate::domain::CommitSha;

impl GitRepository {
    /// For each of `commits`, whether it touches `folder`: whether what is in there differs from each of its parents. A
    /// merge that only takes over what one of them had does not.
    pub fn touching(&self, commits: &[CommitSha], folder: &Path) -> Result<Vec<bool>, GitError> {
        self.with(|git| {
            let fail = GitError::library("look into a commit");
            let touches = |commit: &CommitSha| -> Result<bool, GitError> {
                let commit = git.find_commit(oid(commit)?).map_err(&fail)?;
                let here = content(&commit, folder).map_err(&fail)?;
                if commit.parent_count() == 0 {
                    return Ok(here.is_some());
                }
                for parent in commit.parents() {
                    if content(&parent, folder).map_err(&fail)? == here {
                        return Ok(false);
                    }
                }
                Ok(true)
            };
            commits.iter().map(touches).collect()
        })
    }

    /// For each of `commits`, whether it changed `folder` on its branch: whether what is in there differs from its first
    /// parent. A merge did if what it brought did.
    pub fn changing(&self, commits: &[CommitSha], folder: &Path) -> Result<Vec<bool>, GitError> {
        self.with(|git| {
            let fail = GitError::library("look into a commit");
            let changes = |commit: &CommitSha| -> Result<bool, GitError> {
                let commit = git.find_commit(oid(commit)?).map_err(&fail)?;
                let here = content(&commit, folder).map_err(&fail)?;
                match commit.parent(0) {
                    Ok(parent) => Ok(content(&parent, folder).map_err(&fail)? != here),
                    // The first commit of all, or where a shallow clone ends.
                    Err(_) => Ok(here.is_some()),
                }
            };
            commits.iter().map(changes).collect()
        })
    }

    /// Whether `commit` has something at `folder`.
    pub fn has_folder(&self, commit: &CommitSha, folder: &Path) -> Result<bool, GitError> {
        self.with(|git| {
            let fail = GitError::library("look into a commit");
            let commit = git.find_commit(oid(commit)?).map_err(&fail)?;
            Ok(content(&commit, folder).map_err(&fail)?.is_some())
        })
    }
}

/// What `commit` has at `folder`.
fn content(commit: &git2::Commit<'_>, folder: &Path) -> Result<Option<git2::Oid>, git2::Error> {
    match commit.tree()?.get_path(folder) {
        Ok(entry) => Ok(Some(entry.id())),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
