//! The program itself, as people and scripts call it.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;
use windlass::config::{Config, Trust};

/// The program in `folder`, which keeps what it knows in `state`. Nobody's credentials and settings reach it, whoever
/// runs the tests. The windlass.toml of the folder, which the test wrote, is trusted as it is now.
pub fn program(folder: &Path, state: &Path, args: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_windlass"));
    program
        .args(args)
        .current_dir(folder)
        .env("XDG_STATE_HOME", state)
        .env("XDG_CONFIG_HOME", state)
        .env("DOCKER_CONFIG", folder)
        .env("WINDLASS_TRUST", trusted(folder))
        .env_remove("COSIGN_PASSWORD")
        .env_remove("GITHUB_ACTIONS")
        .env_remove("WINDLASS_CONFIG")
        .env_remove("WINDLASS_READ_ONLY")
        .stdin(Stdio::null());
    program
}

/// The hash of the sensitive settings of the windlass.toml of `folder`, if there is one that can be read.
pub fn trusted(folder: &Path) -> String {
    let opened = Config::find(folder).and_then(|path| Config::open(&path, None, &Trust::default()));
    opened.map_or_else(|_| String::new(), |config| config.withheld.hash().to_string())
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
