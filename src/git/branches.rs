//! The branches of the repository: where they are, and making a new one without touching anything else.

use std::collections::{BTreeSet, HashMap};

use super::branch_state::BranchState;
use super::commit::name;
use super::error::GitError;
use super::history::History;
use super::repository::{GitRepository, oid};
use crate::domain::{BranchName, CommitSha, WriteAccess, clean_line};

/// What the reflog of a branch says that windlass created.
const CREATED: &str = "windlass: cut";

/// Where a branch was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchAt {
    /// The commit that it is at.
    pub commit: CommitSha,
    /// `develop` or `origin/develop`.
    pub found_as: String,
}

impl GitRepository {
    /// Where `branch` is: the local one, or the one last fetched from `remote` where there is no other, or that one is
    /// ahead.
    pub fn branch(&self, branch: &str, remote: &str) -> Result<BranchAt, GitError> {
        self.with(|git| {
            let tracking = format!("{remote}/{branch}");
            let mut found: Option<BranchAt> = None;
            for (reference, found_as) in [
                (format!("refs/heads/{branch}"), branch),
                (format!("refs/remotes/{tracking}"), tracking.as_str()),
            ] {
                let Ok(reference) = git.find_reference(&reference) else {
                    continue;
                };
                let commit = reference
                    .peel_to_commit()
                    .map_err(GitError::library("read a branch"))?;
                let is_ahead = match &found {
                    Some(local) => is_ahead(git, oid(&local.commit)?, commit.id()),
                    None => true,
                };
                if is_ahead {
                    found = Some(BranchAt {
                        commit: name(commit.id())?,
                        found_as: clean_line(found_as),
                    });
                }
            }
            if let Some(found) = found {
                return Ok(found);
            }
            let names: BTreeSet<_> = named(git, remote).into_iter().map(|(_, name)| name).collect();
            if names.is_empty() && git.head().is_err() {
                return Err(GitError::Unborn);
            }
            Err(GitError::NoBranch {
                branch: clean_line(branch),
                remote: clean_line(remote),
                similar: nearest(branch, names),
            })
        })
    }

    /// The history of a branch, nothing of it read yet.
    pub fn history(&self, branch: &str, remote: &str) -> Result<History, GitError> {
        Ok(History::from(self.branch(branch, remote)?.commit))
    }

    /// The branch that is checked out; none if HEAD is on none.
    pub fn current_branch(&self) -> Option<String> {
        self.with(|git| {
            let head = git
                .find_reference("HEAD")
                .map_err(GitError::library("read HEAD"))?;
            let target = head.symbolic_target().ok().flatten();
            Ok(target
                .and_then(|target| target.strip_prefix("refs/heads/"))
                .map(clean_line))
        })
        .ok()
        .flatten()
    }

    /// All branches and where they are: the local ones, then those last fetched from `remote` that have no local one. One
    /// that is ahead at the remote is told as it is there.
    pub fn branches(&self, remote: &str) -> Result<Vec<(String, CommitSha)>, GitError> {
        self.with(|git| {
            let odb = git.odb().map_err(GitError::library("open its objects"))?;
            let mut known: HashMap<String, usize> = HashMap::new();
            let mut found: Vec<(String, git2::Oid)> = Vec::new();
            for (branch, short) in named(git, remote) {
                let Some(commit) = commit_at(&odb, &branch) else {
                    continue;
                };
                if let Some(at) = known.get(&short) {
                    let (_, local) = &mut found[*at];
                    if is_ahead(git, *local, commit) {
                        *local = commit;
                    }
                } else {
                    known.insert(short.clone(), found.len());
                    found.push((short, commit));
                }
            }
            found
                .into_iter()
                .map(|(short, commit)| Ok((short, name(commit)?)))
                .collect()
        })
    }

    /// The local branches and where they are.
    pub fn local_branches(&self) -> Result<Vec<(String, CommitSha)>, GitError> {
        self.with(|git| {
            let odb = git.odb().map_err(GitError::library("open its objects"))?;
            let all = references(git, "refs/heads/").into_iter();
            let found = all.filter_map(|(branch, short)| Some((short, commit_at(&odb, &branch)?)));
            found.map(|(short, commit)| Ok((short, name(commit)?))).collect()
        })
    }

    /// What stands where a local branch is to be.
    pub fn branch_state(&self, branch: &BranchName) -> Result<BranchState, GitError> {
        self.with(|git| {
            let fail = GitError::library("read a branch");
            match git.find_reference(&branch.reference()) {
                Ok(found) => {
                    let commit = found.peel_to_commit().map_err(fail)?;
                    return Ok(BranchState::At(name(commit.id())?));
                }
                Err(error) if error.code() == git2::ErrorCode::NotFound => {}
                Err(error) => return Err(fail(error)),
            }
            let name = branch.as_str();
            let below = references(git, &format!("{}/", branch.reference()));
            let below = below.into_iter().map(|(_, rest)| format!("{name}/{rest}"));
            // `release` would be in the way of `release/v1.4.0`.
            let folders = name.match_indices('/').map(|(at, _)| name[..at].to_owned());
            let folders =
                folders.filter(|folder| git.find_reference(&format!("refs/heads/{folder}")).is_ok());
            let blocking = folders.chain(below).next();
            Ok(blocking.map_or(BranchState::Free, BranchState::Blocked))
        })
    }

    /// Creates a local branch at `commit`; nothing else in the repository changes. Whether it is new is told: the same
    /// branch at the same commit is fine.
    pub fn create_branch(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        _access: WriteAccess,
    ) -> Result<bool, GitError> {
        match self.branch_state(branch)? {
            BranchState::At(found) if found == *commit => return Ok(false),
            BranchState::At(found) => {
                return Err(GitError::BranchTaken {
                    branch: branch.clone(),
                    place: "here".to_owned(),
                    found: found.short().to_owned(),
                });
            }
            BranchState::Blocked(by) => {
                return Err(GitError::BranchBlocked {
                    branch: branch.clone(),
                    place: "here".to_owned(),
                    by,
                });
            }
            BranchState::Free => {}
        }
        self.write(|git| {
            git.reference(&branch.reference(), oid(commit)?, false, CREATED)
                .map_err(GitError::library("create a branch"))?;
            Ok(true)
        })
    }

    /// Takes back a local branch that windlass created, as after a refused push: only if it is still at `commit`, was not
    /// made by someone else (its reflog tells), and is checked out nowhere. Whether it was removed is told.
    pub fn take_back_branch(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        _access: WriteAccess,
    ) -> Result<bool, GitError> {
        self.write(|git| {
            let Ok(mut found) = git.find_branch(branch.as_str(), git2::BranchType::Local) else {
                return Ok(false);
            };
            let is_there = found.get().target() == Some(oid(commit)?);
            let log = git.reflog(&branch.reference());
            let is_ours = log.is_ok_and(|log| {
                let first = log.len().checked_sub(1).and_then(|oldest| log.get(oldest));
                first.is_some_and(|first| first.message_bytes() == Some(CREATED.as_bytes()))
            });
            // libgit2 refuses to remove the branch that is checked out, here or in another worktree.
            Ok(is_there && is_ours && found.delete().is_ok())
        })
    }
}

/// References below `prefix` with the rest of their names, in the order of the names. One with a name that is no UTF-8
/// cannot be named in a configuration either, and is left out.
pub(super) fn references<'a>(git: &'a git2::Repository, prefix: &str) -> Vec<(git2::Reference<'a>, String)> {
    let all = git.references_glob(&format!("{prefix}*")).into_iter();
    all.flatten()
        .flatten()
        .filter_map(|reference| {
            let short = reference.name().ok()?.strip_prefix(prefix)?.to_owned();
            Some((reference, short))
        })
        .collect()
}

/// The commit that a branch is at, not read itself: thousands of branches are looked through. One that points at nothing
/// is no branch that anything could come from.
fn commit_at(odb: &git2::Odb<'_>, branch: &git2::Reference<'_>) -> Option<git2::Oid> {
    let Some(target) = branch.target() else {
        return branch.peel_to_commit().ok().map(|commit| commit.id());
    };
    let (_, kind) = odb.read_header(target).ok()?;
    (kind == git2::ObjectType::Commit).then_some(target)
}

/// Whether a branch has moved on at the remote since this machine's was there.
fn is_ahead(git: &git2::Repository, local: git2::Oid, remote: git2::Oid) -> bool {
    local != remote && git.graph_descendant_of(remote, local).unwrap_or(false)
}

/// Local branches, then those last fetched from `remote`, by the names they have at home.
pub(super) fn named<'a>(git: &'a git2::Repository, remote: &str) -> Vec<(git2::Reference<'a>, String)> {
    let mut all = references(git, "refs/heads/");
    let fetched = references(git, &format!("refs/remotes/{remote}/"));
    all.extend(fetched.into_iter().filter(|(_, name)| name != "HEAD"));
    all
}

/// The branches whose names come closest.
fn nearest(branch: &str, names: BTreeSet<String>) -> Vec<String> {
    let mut scored: Vec<_> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(branch, &name), clean_line(&name)))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(4).map(|(_, name)| name).collect()
}
