//! Whole histories at once, through `git fast-import`: for samples and measurements.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::error::GitError;
use super::program;
use crate::domain::clean_line;

/// Makes a repository in `folder` (created if missing) out of a fast-import stream, checks `branch` out, and puts a bare
/// clone at `origin` that the repository knows as its remote of that name.
pub fn import(folder: &Path, origin: &Path, branch: &str, stream: &[u8]) -> Result<(), GitError> {
    std::fs::create_dir_all(folder).map_err(|error| GitError::Unusable {
        path: folder.to_owned(),
        why: error.to_string(),
    })?;
    run(folder, &["init", "--quiet", "--initial-branch", branch], &[])?;
    run(folder, &["fast-import", "--quiet"], stream)?;
    run(folder, &["reset", "--quiet", "--hard"], &[])?;
    let origin = origin.to_string_lossy();
    run(folder, &["clone", "--quiet", "--bare", ".", &origin], &[])?;
    run(folder, &["remote", "add", "origin", &origin], &[])?;
    run(folder, &["fetch", "--quiet", "origin"], &[])
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
