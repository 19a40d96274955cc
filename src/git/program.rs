//! The `git` program, started the same way by all who need it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::error::GitError;

/// Variables that would point git at another repository than the folder it is started in, as they are set inside a hook
/// or an alias (`git rev-parse --local-env-vars`, without those that only carry configuration).
const OTHER_REPOSITORY: [&str; 9] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// `git` in `folder`, in plain English, with nothing to read and all output caught.
pub(super) fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder);
    for variable in OTHER_REPOSITORY {
        command.env_remove(variable);
    }
    command
        .env("LC_ALL", "C")
        // A question on the terminal would be drawn over by the console, and CI has nobody to answer it.
        .env("GIT_TERMINAL_PROMPT", "0")
        // Neither git nor a hook has any use for the password of a signing key.
        .env_remove("COSIGN_PASSWORD")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What `git` is asked for.
pub(super) struct Asked<'a> {
    /// `ls-remote`, `push`.
    pub(super) action: &'static str,
    /// How long an answer may take.
    pub(super) patience: Duration,
    /// What it is given to read.
    pub(super) input: Option<&'a str>,
}

/// What the `git` program said.
pub(super) struct Answer {
    pub(super) success: bool,
    pub(super) out: String,
    pub(super) err: String,
}

/// Starts `git` with its arguments and waits for its end; a call that is dropped ends it.
pub(super) async fn ask(command: Command, arguments: &[&str], asked: Asked<'_>) -> Result<Answer, GitError> {
    let mut command = tokio::process::Command::from(command);
    command.args(arguments).kill_on_drop(true);
    if asked.input.is_some() {
        command.stdin(Stdio::piped());
    }
    let running = async {
        let mut child = command.spawn()?;
        if let (Some(text), Some(mut input)) = (asked.input, child.stdin.take()) {
            // Whoever stops reading has a reason, and says it.
            let _ = input.write_all(text.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    let output = tokio::time::timeout(asked.patience, running)
        .await
        .map_err(|_| GitError::Slow {
            action: asked.action,
            seconds: asked.patience.as_secs(),
        })?
        .map_err(GitError::NoProgram)?;
    Ok(Answer {
        success: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
