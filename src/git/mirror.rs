//! Bare mirrors: what a remote has, without a working tree, kept in a folder of windlass's own.

use std::path::Path;

use super::error::GitError;
use super::remote::{ASKING, Remote};
use super::repository::GitRepository;
use super::trusted::open_bare;
use crate::domain::clean_line;

/// What the remote of a mirror is called.
pub const MIRROR_REMOTE: &str = "origin";
/// Where a mirror remembers the default branch of its remote.
const DEFAULT_BRANCH: &str = "refs/remotes/origin/HEAD";

impl GitRepository {
    /// The mirror in `folder` of the repository at `address`, made where there is none; one whose making was broken off is
    /// made again. Nothing is fetched yet.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn mirror(folder: &Path, address: &str) -> Result<Self, GitError> {
        let place = folder.join(".git");
        let is_whole = open_bare(&place).is_ok_and(|git| {
            let remote = git.find_remote(MIRROR_REMOTE);
            remote.is_ok_and(|remote| remote.url_bytes() == address.as_bytes())
        });
        if !is_whole {
            make(&place, address).map_err(|why| GitError::Unusable {
                path: place.clone(),
                why,
            })?;
        }
        Self::discover(folder)
    }

    /// Whether a mirror has a branch of its remote: whether it was ever fetched.
    pub fn has_branches(&self) -> bool {
        self.with(|git| {
            let found = git.references_glob(&format!("refs/remotes/{MIRROR_REMOTE}/*"));
            Ok(found.is_ok_and(|mut found| found.next().is_some()))
        })
        .unwrap_or(false)
    }

    /// Remembers which branch is the default one of a mirror's remote.
    ///
    /// # Errors
    /// When the reference cannot be written.
    pub fn remember_default_branch(&self, branch: &str) -> Result<(), GitError> {
        self.write(|git| {
            let target = format!("refs/remotes/{MIRROR_REMOTE}/{branch}");
            git.reference_symbolic(DEFAULT_BRANCH, &target, true, "default branch of the remote")
                .map(drop)
                .map_err(GitError::library("write a reference"))
        })
    }

    /// The file at `path` in the default branch of a mirror, as it was last fetched; none where there is no such file.
    ///
    /// # Errors
    /// When nothing was fetched yet, or the objects cannot be read.
    pub fn file_of_default_branch(&self, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let commit = self.commit(DEFAULT_BRANCH)?;
        self.file_at(&commit.sha, path)
    }
}

fn make(place: &Path, address: &str) -> Result<(), String> {
    if place.exists() {
        std::fs::remove_dir_all(place).map_err(|error| error.to_string())?;
    }
    if let Some(folder) = place.parent() {
        crate::state::create_folder(folder).map_err(|error| error.to_string())?;
    }
    let words = |error: git2::Error| clean_line(error.message());
    let git = git2::Repository::init_bare(place).map_err(words)?;
    git.remote(MIRROR_REMOTE, address).map_err(words)?;
    Ok(())
}

impl Remote {
    /// The name of its default branch; none where its HEAD is on no branch.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn default_branch(&self) -> Result<Option<String>, GitError> {
        let arguments = ["ls-remote", "--symref", "--", self.name(), "HEAD"];
        let answer = self.git("ls-remote", &arguments, ASKING).await?;
        if !answer.success {
            return Err(self.failure(&answer.err));
        }
        let line = answer
            .out
            .lines()
            .find_map(|line| line.strip_prefix("ref: refs/heads/"));
        Ok(line.and_then(|line| line.split('\t').next()).map(str::to_owned))
    }
}
