//! The mirror of a repository of configuration: a bare one in windlass's cache, which may be deleted at any time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::failure::failure;
use crate::deploy::error::DeployError;
use crate::domain::{BranchName, CommitSha, GitopsSettings, ProjectId, WriteAccess};
use crate::git::{GitError, GitRepository, RefUpdate, shown_address};
use crate::state;

/// A mirror, for one branch. It is made and fetched into by one process at a time.
pub(super) struct Mirror {
    repository: Arc<GitRepository>,
    branch: BranchName,
    name: String,
    cancel: CancellationToken,
    lock: PathBuf,
}

/// What a push came to.
pub(super) enum Pushed {
    Done,
    /// Somebody else was faster.
    Raced(GitError),
}

impl Mirror {
    /// The mirror of the repository of `settings` in `folder`; nothing is fetched yet.
    pub(super) async fn open(
        settings: &GitopsSettings,
        folder: &Path,
        cancel: &CancellationToken,
    ) -> Result<Self, DeployError> {
        let name = shown_address(&settings.remote);
        let address = settings.remote.clone();
        let place = folder.join(ProjectId::new(&address, "").as_str());
        let lock = place.join("lock");
        let opening = tokio::task::spawn_blocking(move || make(&place, &address));
        let opened = tokio::select! {
            () = cancel.cancelled() => return Err(DeployError::Interrupted),
            opened = opening => opened,
        };
        let unusable = |why: String| DeployError::Unfit {
            target: name.clone(),
            why: format!("its mirror cannot be opened: {why}"),
            hint: format!("check that {} can be written", folder.display()),
        };
        let repository = opened
            .map_err(|error| unusable(error.to_string()))?
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            repository: Arc::new(repository),
            branch: settings.branch.clone(),
            name,
            cancel: cancel.clone(),
            lock,
        })
    }

    /// The address of the repository, without credentials.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn failure(&self, error: GitError) -> DeployError {
        failure(&self.name, &self.branch, error)
    }

    /// That the branch is not as it has to be.
    pub(super) fn unfit(&self, why: &str) -> DeployError {
        DeployError::Unfit {
            target: format!("{} of {}", self.branch, self.name),
            why: why.to_owned(),
            hint: "look at the repository, then make a new plan".to_owned(),
        }
    }

    /// Waits, until that is over or the run is cancelled.
    pub(super) async fn pause(&self, time: Duration) -> Result<(), DeployError> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(DeployError::Interrupted),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }

    async fn or_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, GitError>>,
    ) -> Result<Result<T, GitError>, DeployError> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(DeployError::Interrupted),
            done = work => Ok(done),
        }
    }

    /// Where the branch is now.
    pub(super) async fn fetch(&self) -> Result<CommitSha, DeployError> {
        // The mirror is a cache of windlass's own: nothing of the user's is written, so that --read-only allows it.
        let Some(access) = WriteAccess::unless_read_only(false) else {
            return Err(DeployError::Interrupted);
        };
        let path = self.lock.clone();
        let locking = async {
            tokio::task::spawn_blocking(move || locked(&path))
                .await
                .map_err(std::io::Error::other)?
        };
        let fetching = async {
            let _lock = locking.await.map_err(|error| GitError::Unusable {
                path: self.lock.clone(),
                why: error.to_string(),
            })?;
            self.repository.fetch_branch(&self.branch, access).await
        };
        self.or_cancelled(fetching)
            .await?
            .map_err(|error| self.failure(error))
    }

    /// The text of a file.
    pub(super) fn text_at(&self, commit: &CommitSha, path: &str) -> Result<String, DeployError> {
        let target = || format!("{path} of {}", self.name);
        let unfit = |why: &str, hint: &str| DeployError::Unfit {
            target: target(),
            why: why.to_owned(),
            hint: hint.to_owned(),
        };
        let found = self.repository.file_at(commit, path);
        let bytes = found.map_err(|error| self.failure(error))?.ok_or_else(|| {
            let why = format!("{} at {} has no such file", self.branch, commit.short());
            unfit(
                &why,
                "correct `file` or `branch` of the deployer in windlass.toml",
            )
        })?;
        String::from_utf8(bytes).map_err(|_| unfit("it is not UTF-8", "save the file as UTF-8"))
    }

    /// Whether `commit` is `found` or in its past; a commit of another branch has nothing of this one.
    pub(super) fn contains(&self, found: &CommitSha, commit: &CommitSha) -> bool {
        self.repository.is_in_past_of(commit, found).unwrap_or(false)
    }

    /// A commit with the file; nothing is pushed.
    pub(super) async fn commit(
        &self,
        head: &CommitSha,
        file: (&str, &[u8]),
        message: &str,
        identity: &Path,
        access: WriteAccess,
    ) -> Result<CommitSha, DeployError> {
        self.or_cancelled(self.repository.commit_file(head, file, message, identity, access))
            .await?
            .map_err(|error| self.failure(error))
    }

    /// Moves the branch on to `commit`, which follows `head`, if it is still there.
    pub(super) async fn push(
        &self,
        head: &CommitSha,
        commit: &CommitSha,
        access: WriteAccess,
    ) -> Result<Pushed, DeployError> {
        let update = RefUpdate::advance(self.branch.reference(), head.into(), commit.into());
        self.push_one(update, access).await
    }

    /// Makes a branch at `commit`. One of that name that is there already stays where it is.
    pub(super) async fn push_new(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        access: WriteAccess,
    ) -> Result<Pushed, DeployError> {
        let update = RefUpdate::create(branch.reference(), commit.into());
        self.push_one(update, access).await
    }

    async fn push_one(&self, update: RefUpdate, access: WriteAccess) -> Result<Pushed, DeployError> {
        let remote = self.repository.mirrored().map_err(|error| self.failure(error))?;
        match self.or_cancelled(remote.push(&[update], access)).await? {
            Ok(_) => Ok(Pushed::Done),
            Err(error @ (GitError::Moved { .. } | GitError::BranchTaken { .. })) => Ok(Pushed::Raced(error)),
            Err(error) => Err(self.failure(error)),
        }
    }
}

fn make(place: &Path, address: &str) -> Result<GitRepository, GitError> {
    let unusable = |why: std::io::Error| GitError::Unusable {
        path: place.to_owned(),
        why: why.to_string(),
    };
    state::create_folder(place).map_err(unusable)?;
    let _lock = locked(&place.join("lock")).map_err(unusable)?;
    GitRepository::mirror(place, address)
}

/// The lock, once no other process has it; it ends with the file.
fn locked(path: &Path) -> std::io::Result<File> {
    let file = state::open_locked(path)?;
    file.lock()?;
    Ok(file)
}
