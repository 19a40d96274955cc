//! The local repository.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::commit::Commit;
use super::error::GitError;
use super::handles::Handles;
use super::remote::Remote;
use super::trusted;
use crate::domain::{CommitSha, clean_line};

/// A repository on this machine, to be shared among tasks: reads go on at the same time, each with a handle of its own, and
/// writes one after the other. Every call blocks for as long as the disk takes.
pub struct GitRepository {
    handles: Handles,
    writing: Mutex<()>,
    root: PathBuf,
    /// The second entrance that it was opened by, where it has one; it goes with this handle.
    entrance: Option<tempfile::TempDir>,
}

impl GitRepository {
    /// The repository that `path` is in: an ordinary one, a worktree of one, or a bare one.
    pub fn discover(path: &Path) -> Result<Self, GitError> {
        let (git, entrance) = match git2::Repository::discover(path) {
            Ok(git) => (git, None),
            Err(error) if error.code() == git2::ErrorCode::Owner => {
                let found = trusted::open(path).ok_or_else(|| GitError::NotOwned(path.to_owned()))?;
                (found.git, Some(found.folder))
            }
            Err(error) => return Err(not_opened(path, &error)),
        };
        let root = match git.workdir() {
            Some(root) => root.to_owned(),
            None if entrance.is_some() => git.commondir().to_owned(),
            None => git.path().to_owned(),
        };
        Ok(Self {
            handles: Handles::new(git, entrance.as_ref().map(tempfile::TempDir::path)),
            writing: Mutex::new(()),
            root,
            entrance,
        })
    }

    /// A second handle that knows neither the working tree nor the index.
    pub(super) fn apart(&self) -> Result<git2::Repository, GitError> {
        let place = match &self.entrance {
            Some(folder) => folder.path().to_owned(),
            None => self.with(|git| Ok(git.commondir().to_owned()))?,
        };
        trusted::open_bare(&place).map_err(GitError::library("open its objects"))
    }

    /// The working tree's folder; of a bare repository, the repository itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it has no working tree.
    pub fn is_bare(&self) -> bool {
        self.handles.with(git2::Repository::is_bare)
    }

    /// Whether its past is cut off.
    pub fn is_shallow(&self) -> bool {
        self.handles.with(git2::Repository::is_shallow)
    }

    /// Whether HEAD is on no branch.
    pub fn is_detached(&self) -> bool {
        self.handles.with(|git| git.head_detached().unwrap_or(false))
    }

    /// A remote by name; whether it answers is found out when it is asked.
    pub fn remote(&self, name: &str) -> Result<Remote, GitError> {
        self.handles.with(|git| {
            git.find_remote(name)
                .map_err(|_| GitError::NoRemote(clean_line(name)))?;
            let config = git.config().map_err(GitError::library("read its settings"))?;
            let has_ssh_command = config.get_entry("core.sshCommand").is_ok();
            Ok(Remote::new(name.to_owned(), self.root.clone(), has_ssh_command))
        })
    }

    /// The names of the remotes.
    pub fn remote_names(&self) -> Vec<String> {
        let names = self.handles.with(|git| git.remotes().ok());
        names.map_or_else(Vec::new, |names| {
            names.iter().flatten().flatten().map(clean_line).collect()
        })
    }

    /// The commit that a revision names, in any form that git knows. A branch that was only fetched need not be called by
    /// its remote's name if no other remote has it.
    pub fn commit(&self, text: &str) -> Result<Commit, GitError> {
        self.with(|git| {
            let found = match git.revparse_single(text) {
                Err(error) if error.code() == git2::ErrorCode::Ambiguous => {
                    let commits = commits_beginning(git, text)?;
                    match commits.as_slice() {
                        [only] => git.find_object(*only, None).ok(),
                        _ => {
                            return Err(GitError::Ambiguous {
                                text: clean_line(text),
                                commits: commits.iter().map(|id| id.to_string()[..12].to_owned()).collect(),
                            });
                        }
                    }
                }
                Err(_) => fetched(git, text),
                Ok(object) => Some(object),
            };
            let commit = found.and_then(|object| object.peel_to_commit().ok());
            let commit = commit.ok_or_else(|| GitError::NoCommit {
                text: clean_line(text),
                shallow: git.is_shallow(),
            })?;
            Commit::of(&commit)
        })
    }

    /// The whole message of a commit, harmless to a terminal.
    pub fn message(&self, sha: &CommitSha) -> Result<String, GitError> {
        self.with(|git| Ok(Commit::message(&find(git, sha)?)))
    }

    /// The addresses of who wrote a commit, co-authors included.
    pub fn addresses(&self, sha: &CommitSha) -> Result<Vec<String>, GitError> {
        self.with(|git| Ok(Commit::addresses(&find(git, sha)?)))
    }

    /// Whether the first seven characters name this commit only. Trees and files with such a name do not count: no tag
    /// and no branch is named after them.
    pub fn short_is_unique(&self, sha: &CommitSha) -> Result<bool, GitError> {
        self.with(|git| {
            let fail = GitError::library("look up a short id");
            let prefix = git2::Oid::from_str(sha.short()).map_err(&fail)?;
            match git.odb().map_err(&fail)?.exists_prefix(prefix, sha.short().len()) {
                Ok(_) => Ok(true),
                Err(error) if error.code() == git2::ErrorCode::Ambiguous => {
                    Ok(commits_beginning(git, sha.short())?.len() == 1)
                }
                Err(error) => Err(fail(error)),
            }
        })
    }

    /// Reads.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&git2::Repository) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        self.handles
            .with(|git| work(git).map_err(|error| error.in_repository(git)))
    }

    /// Writes, after every other write of this process.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&git2::Repository) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.with(work)
    }
}

/// Whether a clone was told to leave objects out, to be fetched when they are asked for.
pub(super) fn is_partial(git: &git2::Repository) -> bool {
    let Ok(config) = git.config() else { return false };
    let has = |pattern: &str| {
        let mut entries = config.entries(Some(pattern));
        entries
            .as_mut()
            .is_ok_and(|entries| entries.next().is_some_and(|entry| entry.is_ok()))
    };
    has("^extensions\\.partialclone$") || has("^remote\\..*\\.promisor$")
}

/// Why libgit2 did not open a repository; two forms that it does not know are named.
fn not_opened(path: &Path, error: &git2::Error) -> GitError {
    let said = error.message().to_lowercase();
    let path = path.to_owned();
    if error.code() == git2::ErrorCode::NotFound {
        GitError::NoRepository(path)
    } else if said.contains("refstorage") || said.contains("reftable") {
        GitError::Form {
            path,
            form: "its references are stored in a reftable",
            advice: "convert it with `git refs migrate --ref-format=files`, or clone it with --ref-format=files",
        }
    } else if said.contains("objectformat") || said.contains("object format") || said.contains("sha256") {
        GitError::Form {
            path,
            form: "its object format is SHA-256",
            advice: "windlass supports only SHA-1 repositories; git cannot convert one",
        }
    } else {
        GitError::Unusable {
            path,
            why: clean_line(error.message()),
        }
    }
}

pub(super) fn oid(sha: &CommitSha) -> Result<git2::Oid, GitError> {
    git2::Oid::from_str(sha.as_str()).map_err(GitError::library("name a commit"))
}

pub(super) fn find<'a>(git: &'a git2::Repository, sha: &CommitSha) -> Result<git2::Commit<'a>, GitError> {
    git.find_commit(oid(sha)?)
        .map_err(|_| GitError::Unreadable(sha.clone()))
}

/// All commits whose names begin with `prefix`; none if it is no beginning of a name. Reads the names of all objects, so
/// it is for the rare case that there are several.
fn commits_beginning(git: &git2::Repository, prefix: &str) -> Result<Vec<git2::Oid>, GitError> {
    let fail = GitError::library("look up a short id");
    let odb = git.odb().map_err(&fail)?;
    let prefix = prefix.to_ascii_lowercase();
    let mut found = Vec::new();
    odb.foreach(|id| {
        if id.to_string().starts_with(&prefix) {
            found.push(*id);
        }
        true
    })
    .map_err(&fail)?;
    // The same object may be stored in several packs.
    found.sort_unstable();
    found.dedup();
    found.retain(|id| {
        odb.read_header(*id)
            .is_ok_and(|(_, kind)| kind == git2::ObjectType::Commit)
    });
    Ok(found)
}

/// What `develop` or `develop~3` names where only `origin/develop` is there, as in a clone made by CI.
fn fetched<'a>(git: &'a git2::Repository, text: &str) -> Option<git2::Object<'a>> {
    let remotes = git.remotes().ok()?;
    let mut found = remotes
        .iter()
        .flatten()
        .flatten()
        .filter_map(|remote| git.revparse_single(&format!("refs/remotes/{remote}/{text}")).ok());
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
