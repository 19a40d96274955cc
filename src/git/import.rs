//! Whole histories at once, through `git fast-import`: for samples and measurements.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use jiff::Timestamp;

use super::error::GitError;
use super::program;
use super::repository::GitRepository;
use crate::domain::{BranchName, CommitSha, clean_line};

/// Makes a repository in `folder` (created if missing) out of a fast-import stream, checks `branch` out, and puts a bare
/// clone at `origin` that the repository knows as its remote of that name.
pub fn import(folder: &Path, origin: &Path, branch: &str, stream: &[u8]) -> Result<(), GitError> {
    std::fs::create_dir_all(folder).map_err(|error| GitError::Unusable {
        path: folder.to_owned(),
        why: error.to_string(),
    })?;
    run(folder, &["init", "--quiet", "--initial-branch", branch], &[])?;
    // What is committed here is a sample's: by nobody real, and under nobody's key.
    for (setting, value) in [
        ("user.name", "Ana Ruiz"),
        ("user.email", "ana.ruiz@example.com"),
        ("commit.gpgSign", "false"),
        ("tag.gpgSign", "false"),
    ] {
        run(folder, &["config", setting, value], &[])?;
    }
    run(folder, &["fast-import", "--quiet"], stream)?;
    run(folder, &["reset", "--quiet", "--hard"], &[])?;
    let origin = origin.to_string_lossy();
    run(folder, &["clone", "--quiet", "--bare", ".", &origin], &[])?;
    run(folder, &["remote", "add", "origin", &origin], &[])?;
    run(folder, &["fetch", "--quiet", "origin"], &[])
}

/// One more commit on a branch of a bare repository, as somebody pushes it.
pub struct Pushed<'a> {
    /// The branch, which must exist.
    pub branch: &'a BranchName,
    /// Whoever writes it: `Ana Ruiz <ana@example.com>`.
    pub author: &'a str,
    /// When.
    pub time: Timestamp,
    /// The message.
    pub message: &'a str,
    /// The file that it writes, and what then stands in it.
    pub file: (&'a str, &'a str),
}

/// Puts a commit on a branch of the bare repository at `folder`.
pub fn push_into(folder: &Path, pushed: &Pushed<'_>) -> Result<CommitSha, GitError> {
    let Pushed {
        branch,
        author,
        time,
        message,
        file: (path, text),
    } = pushed;
    let (reference, seconds) = (branch.reference(), time.as_second());
    let stream = format!(
        "commit {reference}\nauthor {author} {seconds} +0000\ncommitter {author} {seconds} +0000\ndata {}\n{message}\n\
         from {reference}^0\nM 100644 inline {path}\ndata {}\n{text}\n\n",
        message.len(),
        text.len(),
    );
    run(folder, &["fast-import", "--quiet"], stream.as_bytes())?;
    let repository = GitRepository::discover(folder)?;
    Ok(repository.branch(branch.as_str(), "origin")?.commit)
}

fn run(folder: &Path, args: &[&str], input: &[u8]) -> Result<(), GitError> {
    let mut child = program::git(folder)
        .args(args)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(GitError::NoProgram)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends before it has read all says why by its status.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().map_err(GitError::NoProgram)?;
    if output.status.success() {
        return Ok(());
    }
    Err(GitError::Library {
        action: "make a repository",
        why: clean_line(&String::from_utf8_lossy(&output.stderr)),
    })
}
