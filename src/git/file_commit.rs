//! One file of a branch that is only at a remote: read, and changed by a commit, without a working tree.

use std::path::Path;

use super::error::GitError;
use super::mirror::MIRROR_REMOTE;
use super::program::{self, Asked};
use super::remote::{ASKING, Remote};
use super::repository::{GitRepository, oid};
use crate::domain::{BranchName, CommitSha, WriteAccess};

impl GitRepository {
    /// The remote of a mirror. Pushes to it run none of the user's hooks: those are about the user's own clones.
    ///
    /// # Errors
    /// When it is no mirror.
    pub fn mirrored(&self) -> Result<Remote, GitError> {
        Ok(self.remote(MIRROR_REMOTE)?.without_hooks())
    }

    /// Fetches `branch` into a mirror, and says where it is.
    ///
    /// # Errors
    /// When there is no such branch, or the remote does not answer.
    pub async fn fetch_branch(
        &self,
        branch: &BranchName,
        access: WriteAccess,
    ) -> Result<CommitSha, GitError> {
        self.mirrored()?.fetch_branch(branch, access).await?;
        let name = format!("refs/remotes/{MIRROR_REMOTE}/{branch}");
        Ok(self.commit(&name)?.sha)
    }

    /// The file at `path` of a commit; none where there is no such file. A symbolic link is none.
    ///
    /// # Errors
    /// When the objects cannot be read.
    pub fn file_at(&self, commit: &CommitSha, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        self.with(|git| {
            let fail = GitError::library("read a file of it");
            let tree = git
                .find_commit(oid(commit)?)
                .and_then(|commit| commit.tree())
                .map_err(&fail)?;
            let entry = match tree.get_path(Path::new(path)) {
                Ok(entry) => entry,
                Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
                Err(error) => return Err(fail(error)),
            };
            // Symbolic links are blobs too, and lead nowhere here.
            let is_file = matches!(entry.filemode(), 0o100_644 | 0o100_755);
            let blob = entry.to_object(git).map_err(&fail)?;
            Ok(blob
                .as_blob()
                .filter(|_| is_file)
                .map(|blob| blob.content().to_vec()))
        })
    }

    /// A commit after `parent` in which the file at `path`, which must be there, has other content; signed as the user's git
    /// has it, and by whom it is in `identity`, a folder. Only objects are written.
    ///
    /// # Errors
    /// When the file is not there, or the commit cannot be made.
    pub async fn commit_file(
        &self,
        parent: &CommitSha,
        (path, content): (&str, &[u8]),
        message: &str,
        identity: &Path,
        _access: WriteAccess,
    ) -> Result<CommitSha, GitError> {
        let tree = self.write(|git| {
            let fail = GitError::library("write a file");
            let before = git.find_commit(oid(parent)?).and_then(|commit| commit.tree());
            let before = before.map_err(&fail)?;
            let mode = before.get_path(Path::new(path)).map_err(&fail)?.filemode();
            let mode = if mode == 0o100_755 {
                git2::FileMode::BlobExecutable
            } else {
                git2::FileMode::Blob
            };
            let blob = git.blob(content).map_err(&fail)?;
            let mut update = git2::build::TreeUpdateBuilder::new();
            update.upsert(path, blob, mode);
            let tree = update.create_updated(git, &before).map_err(&fail)?;
            Ok(tree.to_string())
        })?;
        let identity = identity_in(identity).await?;
        self.commit_tree(&tree, &[parent], message, &identity).await
    }

    /// Whether `commit` is `tip` or in its past.
    ///
    /// # Errors
    /// When the objects cannot be read.
    pub fn is_in_past_of(&self, commit: &CommitSha, tip: &CommitSha) -> Result<bool, GitError> {
        if commit == tip {
            return Ok(true);
        }
        self.with(|git| {
            git.graph_descendant_of(oid(tip)?, oid(commit)?)
                .map_err(GitError::library("compare two commits"))
        })
    }
}

/// The settings by which git is there who it is in `folder`; none where it is nobody.
async fn identity_in(folder: &Path) -> Result<Vec<String>, GitError> {
    let asked = Asked {
        action: "var",
        patience: ASKING,
        input: None,
    };
    let answer = program::ask(program::git(folder), &["var", "GIT_COMMITTER_IDENT"], asked).await?;
    let found = answer
        .out
        .rsplit_once('>')
        .and_then(|(who, _)| who.split_once(" <"));
    Ok(match found {
        Some((name, email)) if answer.success => {
            vec![format!("user.name={name}"), format!("user.email={email}")]
        }
        _ => Vec::new(),
    })
}
