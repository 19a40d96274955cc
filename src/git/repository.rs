//! The local repository.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use semver::Version;

use super::commit::{Commit, name};
use super::error::GitError;
use super::history::History;
use super::remote::Remote;
use crate::domain::{BranchName, CommitSha, WriteAccess, clean_line, version_of_tag};

/// A repository on this machine. libgit2's handle stays behind a lock, so it can be shared among tasks; every call blocks
/// for as long as the disk takes.
pub struct GitRepository {
    git: Mutex<git2::Repository>,
    root: PathBuf,
}

/// Where a branch was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchAt {
    /// The commit that it is at.
    pub commit: CommitSha,
    /// `develop` or `origin/develop`.
    pub found_as: String,
}

impl GitRepository {
    /// The repository that `path` is in: an ordinary one, a worktree of one, or a bare one.
    pub fn discover(path: &Path) -> Result<Self, GitError> {
        let git = git2::Repository::discover(path).map_err(|error| {
            if error.code() == git2::ErrorCode::NotFound {
                GitError::NoRepository(path.to_owned())
            } else {
                GitError::Unusable {
                    path: path.to_owned(),
                    why: clean_line(error.message()),
                }
            }
        })?;
        let root = git.workdir().unwrap_or_else(|| git.path()).to_owned();
        Ok(Self {
            git: Mutex::new(git),
            root,
        })
    }

    /// The working tree's folder; of a bare repository, the repository itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it has no working tree.
    pub fn is_bare(&self) -> bool {
        self.locked().is_bare()
    }

    /// Whether its past is cut off.
    pub fn is_shallow(&self) -> bool {
        self.locked().is_shallow()
    }

    /// Whether HEAD is on no branch.
    pub fn is_detached(&self) -> bool {
        self.locked().head_detached().unwrap_or(false)
    }

    /// A remote by name; whether it answers is found out when it is asked.
    pub fn remote(&self, name: &str) -> Result<Remote, GitError> {
        let git = self.locked();
        git.find_remote(name)
            .map_err(|_| GitError::NoRemote(name.to_owned()))?;
        Ok(Remote::new(name.to_owned(), self.root.clone()))
    }

    /// Where `branch` is: the local one, else the one last fetched from `remote`.
    pub fn branch(&self, branch: &str, remote: &str) -> Result<BranchAt, GitError> {
        let git = self.locked();
        let tracking = format!("{remote}/{branch}");
        for (reference, found_as) in [
            (format!("refs/heads/{branch}"), branch),
            (format!("refs/remotes/{tracking}"), tracking.as_str()),
        ] {
            if let Ok(found) = git.find_reference(&reference) {
                let commit = found
                    .peel_to_commit()
                    .map_err(GitError::library("read a branch"))?;
                return Ok(BranchAt {
                    commit: name(commit.id())?,
                    found_as: found_as.to_owned(),
                });
            }
        }
        if git.is_empty().unwrap_or(false) {
            return Err(GitError::Unborn);
        }
        let similar = similar(&git, branch);
        Err(GitError::NoBranch {
            branch: clean_line(branch),
            remote: remote.to_owned(),
            similar,
        })
    }

    /// The history of a branch, nothing of it read yet.
    pub fn history(&self, branch: &str, remote: &str) -> Result<History, GitError> {
        Ok(History::from(self.branch(branch, remote)?.commit))
    }

    /// The commit that a revision names, in any form that git knows.
    pub fn commit(&self, text: &str) -> Result<Commit, GitError> {
        let git = self.locked();
        let object = git.revparse_single(text).map_err(|error| match error.code() {
            git2::ErrorCode::Ambiguous => GitError::Ambiguous(clean_line(text)),
            _ => GitError::NoCommit {
                text: clean_line(text),
                shallow: git.is_shallow(),
            },
        })?;
        let commit = object.peel_to_commit().map_err(|_| GitError::NoCommit {
            text: clean_line(text),
            shallow: git.is_shallow(),
        })?;
        Commit::of(&commit)
    }

    /// The whole message of a commit, harmless to a terminal.
    pub fn message(&self, sha: &CommitSha) -> Result<String, GitError> {
        self.with(|git| Ok(Commit::message(&find(git, sha)?)))
    }

    /// Whether the first seven characters name this commit only.
    pub fn short_is_unique(&self, sha: &CommitSha) -> Result<bool, GitError> {
        self.with(|git| match git.revparse_single(sha.short()) {
            Ok(_) => Ok(true),
            Err(error) if error.code() == git2::ErrorCode::Ambiguous => Ok(false),
            Err(error) => Err(GitError::library("look a short name up")(error)),
        })
    }

    /// The highest released version that is in the past of `sha`, by its tag, with the commit it is at.
    pub fn last_release(&self, sha: &CommitSha) -> Result<Option<(Version, CommitSha)>, GitError> {
        self.with(|git| {
            let fail = GitError::library("read the tags");
            let tip = oid(sha)?;
            let mut versions: Vec<(Version, git2::Oid)> = Vec::new();
            let names = git.tag_names(None).map_err(&fail)?;
            for tag in names.iter().flatten().flatten() {
                let Some(version) = version_of_tag(tag) else {
                    continue;
                };
                let Ok(object) = git.revparse_single(&format!("refs/tags/{tag}")) else {
                    continue;
                };
                if let Ok(commit) = object.peel_to_commit() {
                    versions.push((version, commit.id()));
                }
            }
            versions.sort_by(|a, b| b.0.cmp(&a.0));
            for (version, commit) in versions {
                if commit == tip || git.graph_descendant_of(tip, commit).map_err(&fail)? {
                    return Ok(Some((version, name(commit)?)));
                }
            }
            Ok(None)
        })
    }

    /// The messages of the commits that are in the past of `until` and not in that of `since`.
    pub fn messages(&self, since: Option<&CommitSha>, until: &CommitSha) -> Result<Vec<String>, GitError> {
        self.with(|git| {
            let fail = GitError::library("read the history");
            let mut walk = git.revwalk().map_err(&fail)?;
            walk.push(oid(until)?).map_err(&fail)?;
            if let Some(since) = since {
                walk.hide(oid(since)?).map_err(&fail)?;
            }
            let mut messages = Vec::new();
            for id in walk {
                let commit = git.find_commit(id.map_err(&fail)?).map_err(&fail)?;
                messages.push(Commit::message(&commit));
            }
            Ok(messages)
        })
    }

    /// Whether `ancestor` is `commit` or in its past.
    pub fn contains(&self, commit: &CommitSha, ancestor: &CommitSha) -> Result<bool, GitError> {
        self.with(|git| {
            let (commit, ancestor) = (oid(commit)?, oid(ancestor)?);
            Ok(commit == ancestor
                || git
                    .graph_descendant_of(commit, ancestor)
                    .map_err(GitError::library("compare two commits"))?)
        })
    }

    /// The names of the remotes.
    pub fn remote_names(&self) -> Vec<String> {
        let git = self.locked();
        let names = git.remotes().ok();
        names.map_or_else(Vec::new, |names| {
            names.iter().flatten().flatten().map(clean_line).collect()
        })
    }

    /// The branch that is checked out; none if HEAD is on none.
    pub fn current_branch(&self) -> Option<String> {
        let git = self.locked();
        let head = git.find_reference("HEAD").ok()?;
        let target = head.symbolic_target().ok()??;
        target.strip_prefix("refs/heads/").map(clean_line)
    }

    /// All branches and where they are, local ones before those of remotes, whose names lose the remote in front.
    pub fn branches(&self) -> Result<Vec<(String, CommitSha)>, GitError> {
        self.with(|git| {
            let mut found: Vec<(String, CommitSha)> = Vec::new();
            for (branch, name_only) in all_branches(git) {
                let Ok(commit) = branch.into_reference().peel_to_commit() else {
                    continue;
                };
                if !found.iter().any(|(known, _)| *known == name_only) {
                    found.push((name_only, name(commit.id())?));
                }
            }
            Ok(found)
        })
    }

    /// The commit of a local branch; none if there is no such branch.
    pub fn local_branch(&self, branch: &BranchName) -> Result<Option<CommitSha>, GitError> {
        self.with(|git| match git.find_reference(&branch.reference()) {
            Ok(found) => {
                let commit = found
                    .peel_to_commit()
                    .map_err(GitError::library("read a branch"))?;
                Ok(Some(name(commit.id())?))
            }
            Err(_) => Ok(None),
        })
    }

    /// Creates a local branch at `commit`; nothing else in the repository changes. The same branch at the same commit
    /// is fine.
    pub fn create_branch(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        _access: WriteAccess,
    ) -> Result<(), GitError> {
        if let Some(found) = self.local_branch(branch)? {
            if found == *commit {
                return Ok(());
            }
            let place = "here".to_owned();
            return Err(GitError::BranchTaken {
                branch: branch.clone(),
                place,
                found: found.short().to_owned(),
            });
        }
        self.with(|git| {
            git.reference(&branch.reference(), oid(commit)?, false, "windlass: cut")
                .map_err(GitError::library("create a branch"))?;
            Ok(())
        })
    }

    /// Removes a local branch that is still at `commit`, as after a refused push.
    pub fn remove_branch(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        _access: WriteAccess,
    ) -> Result<(), GitError> {
        if self.local_branch(branch)?.as_ref() != Some(commit) {
            return Ok(());
        }
        self.with(|git| {
            let fail = GitError::library("remove a branch");
            git.find_reference(&branch.reference())
                .map_err(&fail)?
                .delete()
                .map_err(&fail)
        })
    }

    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&git2::Repository) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        work(&self.locked())
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, git2::Repository> {
        self.git.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn oid(sha: &CommitSha) -> Result<git2::Oid, GitError> {
    git2::Oid::from_str(sha.as_str()).map_err(GitError::library("name a commit"))
}

fn find<'a>(git: &'a git2::Repository, sha: &CommitSha) -> Result<git2::Commit<'a>, GitError> {
    git.find_commit(oid(sha)?)
        .map_err(|_| GitError::Unreadable(sha.clone()))
}

/// Branches with their names, local ones first.
fn all_branches(git: &git2::Repository) -> Vec<(git2::Branch<'_>, String)> {
    let mut all = Vec::new();
    for kind in [git2::BranchType::Local, git2::BranchType::Remote] {
        for (branch, _) in git.branches(Some(kind)).into_iter().flatten().flatten() {
            let Ok(bytes) = branch.name_bytes() else { continue };
            let full = clean_line(&String::from_utf8_lossy(bytes));
            let name = match (kind, full.split_once('/')) {
                (git2::BranchType::Remote, Some((_, name))) => name.to_owned(),
                _ => full,
            };
            if name != "HEAD" {
                all.push((branch, name));
            }
        }
    }
    all
}

/// The branches whose names come closest.
fn similar(git: &git2::Repository, branch: &str) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = all_branches(git).into_iter().map(|(_, name)| name).collect();
    let mut scored: Vec<_> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(branch, &name), name))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(4).map(|(_, name)| name).collect()
}
