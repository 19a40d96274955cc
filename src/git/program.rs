//! The `git` program, started the same way by all who need it.

use std::path::Path;
use std::process::{Command, Stdio};

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
