//! The `git` program, started the same way by all who need it.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::error::GitError;
use crate::program::{Audience, Call, ProgramError};

/// The most that `git` may answer, in bytes: the references of a large remote have some millions.
const MAX_ANSWER: u64 = 256 * 1024 * 1024;

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

/// What a read must not start, whatever the repository's configuration names: hooks (a fetch runs `reference-transaction`),
/// a file system monitor, a pager, and maintenance with its own hook. How the remote is reached (`core.sshCommand`,
/// credential helpers) stays the user's.
const NO_PROGRAMS: [&str; 5] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// `git` in `folder` for whatever only reads: no hook and no other program that the configuration names is run.
pub(super) fn git(folder: &Path) -> Command {
    let mut command = git_with_hooks(folder);
    for setting in NO_PROGRAMS {
        command.args(["-c", setting]);
    }
    command
}

/// `git` in `folder` for a write that the user's own hooks may have a say in: a tag, and a push.
pub(super) fn git_with_hooks(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env_clear()
        .envs(Audience::Git.variables());
    for variable in OTHER_REPOSITORY {
        command.env_remove(variable);
    }
    command
        .env("LC_ALL", "C")
        // A question on the terminal would be drawn over by the console, and CI has nobody to answer it.
        .env("GIT_TERMINAL_PROMPT", "0")
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
    let mut call = Call::new(command.get_program())
        .args(command.get_args())
        .args(arguments)
        .limit(asked.patience)
        .keep(MAX_ANSWER)
        .keep_errors();
    if let Some(folder) = command.get_current_dir() {
        call = call.folder(folder);
    }
    for (name, value) in command.get_envs() {
        call = match value {
            Some(value) => call.variable(name, value),
            None => call.without_variable(name),
        };
    }
    if let Some(input) = asked.input {
        call = call.input(input.to_owned());
    }
    let ended = call.run(&|_| (), &CancellationToken::new()).await;
    let ended = ended.map_err(|error| match error {
        ProgramError::Slow { .. } => GitError::Slow {
            action: asked.action,
            seconds: asked.patience.as_secs(),
        },
        ProgramError::Start { source, .. } => GitError::NoProgram(source),
        error => GitError::NoProgram(io::Error::other(error.to_string())),
    })?;
    Ok(Answer {
        success: ended.status.success(),
        out: String::from_utf8_lossy(&ended.output).into_owned(),
        err: String::from_utf8_lossy(&ended.errors).into_owned(),
    })
}
