//! The room on real repositories.

mod ancestry;
mod branches;
mod conflicts;
mod handles;
mod locks;
mod merge;
mod network;
mod push;
mod range;
mod reading;
mod release_lines;
mod remote_refs;
mod sides;
mod signing;
mod tags;

use std::path::{Path, PathBuf};

use super::*;
use crate::domain::{BranchName, WriteAccess};

/// Runs git as Ana, whoever runs the tests and however their git is set up.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = program::git(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([
            ("GIT_AUTHOR_NAME", "Ana Ruiz"),
            ("GIT_COMMITTER_NAME", "Ana Ruiz"),
        ])
        .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "ana@example.com")))
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {err}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Lets the git that windlass runs be Bo there, and not whoever runs the tests; nor does it sign with their keys.
fn named(folder: &Path) {
    for (name, value) in [
        ("user.name", "Bo"),
        ("user.email", "bo@example.com"),
        ("commit.gpgSign", "false"),
        ("tag.gpgSign", "false"),
        ("tag.forceSignAnnotated", "false"),
    ] {
        git(folder, &["config", name, value]);
    }
}

fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

fn branch(name: &str) -> BranchName {
    name.parse().unwrap()
}

/// A repository `work` with `develop`, a bare `origin.git` beside it, a tag and some commits.
pub(super) struct Sample {
    folder: tempfile::TempDir,
    repository: GitRepository,
}

impl Sample {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (work, origin) = (folder.path().join("work"), folder.path().join("origin.git"));
        std::fs::create_dir(&work).unwrap();
        git(folder.path(), &["init", "-q", "--bare", "origin.git"]);
        git(&work, &["init", "-q", "-b", "develop"]);
        named(&work);
        git(&work, &["remote", "add", "origin", origin.to_str().unwrap()]);
        for message in ["feat: begin", "fix: one", "feat: two\n\nmore of it"] {
            git(&work, &["commit", "-q", "--allow-empty", "-m", message]);
        }
        git(&work, &["tag", "v1.3.2", "HEAD~1"]);
        git(&work, &["push", "-q", "origin", "develop"]);
        let repository = GitRepository::discover(&work).unwrap();
        Self { folder, repository }
    }

    pub(super) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(super) fn origin(&self) -> PathBuf {
        self.folder.path().join("origin.git")
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.work(), arguments)
    }

    fn remote(&self) -> Remote {
        self.repository.remote("origin").unwrap()
    }

    pub(super) fn sha(&self, text: &str) -> crate::domain::CommitSha {
        self.repository.commit(text).unwrap().sha
    }

    /// The released versions, by the tags that are here.
    fn released(&self) -> Vec<(semver::Version, crate::domain::CommitSha)> {
        let tags = self.repository.tags().unwrap().into_iter();
        tags.filter_map(|(name, at)| Some((crate::domain::version_of_tag(&name)?, at.commit)))
            .collect()
    }

    /// Everything of the working tree that a person would notice if it changed.
    fn untouched(&self) -> (String, Vec<u8>, String) {
        (
            self.git(&["status", "--porcelain", "-b"]),
            std::fs::read(self.work().join(".git/index")).unwrap_or_default(),
            std::fs::read_to_string(self.work().join(".git/HEAD")).unwrap(),
        )
    }
}
