//! The program itself, as people and scripts call it.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

/// The program in `folder`, which keeps what it knows in `state`. Nobody's credentials and settings reach it, whoever
/// runs the tests.
pub fn program(folder: &Path, state: &Path, args: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_windlass"));
    program
        .args(args)
        .current_dir(folder)
        .env("XDG_STATE_HOME", state)
        .env("DOCKER_CONFIG", folder)
        .env_remove("COSIGN_PASSWORD")
        .env_remove("WINDLASS_CONFIG")
        .env_remove("WINDLASS_READ_ONLY")
        .stdin(Stdio::null());
    program
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
