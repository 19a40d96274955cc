//! What is said of registries from outside: the configuration's part of this room.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::HostSettings;

/// How registries are spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What is said of single hosts, by host (with its port, if any).
    pub hosts: BTreeMap<String, HostSettings>,
    /// The `config.json` that credentials are read from, as Docker writes it; where none is named, those of Docker and
    /// Podman in their usual places.
    pub docker_config: Option<PathBuf>,
    /// Where unfinished uploads are remembered, so that a copy that was killed goes on in the middle of a layer; nothing
    /// is remembered where no folder is named.
    pub uploads: Option<PathBuf>,
    /// Where evidence is remembered that was pushed and is not listed yet, so that another attempt lists it and leaves no
    /// second one; nothing is remembered where no folder is named.
    pub unlisted: Option<PathBuf>,
    /// The most bytes of one request of an upload, so that a registry confirms now and then what it has of a very large
    /// layer; smaller ones take one request.
    pub chunk: u64,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a host may be silent, before its first byte or between two.
    pub idle_timeout: Duration,
}

impl Settings {
    /// The same, with what has to outlive the process kept in the folder `state`.
    #[must_use]
    pub fn remembering_in(self, state: &Path) -> Self {
        Self {
            uploads: Some(state.join("uploads")),
            unlisted: Some(state.join("unlisted")),
            ..self
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hosts: BTreeMap::new(),
            docker_config: None,
            uploads: None,
            unlisted: None,
            chunk: 128 * 1024 * 1024,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
        }
    }
}
