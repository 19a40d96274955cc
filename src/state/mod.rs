//! What windlass keeps on this machine between runs: journals, locks, uploads, evidence that is not listed yet, trust. Only the user may read it, and
//! nothing in it is reached through a symbolic link that somebody else may have put there.

mod log;
mod private;

use std::path::{Path, PathBuf};

use crate::domain::ProjectId;

pub use log::open_log;
pub use private::{create_folder, create_new, open_locked, read, replace, sweep};

/// Where this user's state lives: `$XDG_STATE_HOME/windlass`, by default `~/.local/state/windlass`.
pub fn folder_of_user() -> PathBuf {
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || std::env::home_dir().unwrap_or_default().join(".local/state");
    state.unwrap_or_else(home).join("windlass")
}

/// Where what windlass can fetch again is kept: `$XDG_CACHE_HOME/windlass`, by default `~/.cache/windlass`.
pub fn cache_of_user() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || std::env::home_dir().unwrap_or_default().join(".cache");
    cache.unwrap_or_else(home).join("windlass")
}

/// The folder in `state` that keeps the journals and locks of one project.
pub fn folder_of_project(state: &Path, project: &ProjectId) -> PathBuf {
    folder_of_projects(state).join(project.as_str())
}

/// The folder in `state` with a folder for each project.
pub fn folder_of_projects(state: &Path) -> PathBuf {
    state.join("projects")
}
