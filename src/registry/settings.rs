//! What is said of registries from outside: the configuration's part of this room.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::ProxyAddress;

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
    /// The most bytes of one request of an upload, so that a registry confirms now and then what it has of a very large
    /// layer; smaller ones take one request.
    pub chunk: u64,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a host may be silent, before its first byte or between two.
    pub idle_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hosts: BTreeMap::new(),
            docker_config: None,
            uploads: None,
            chunk: 128 * 1024 * 1024,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
        }
    }
}

/// What is said of one registry host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostSettings {
    /// Whether it is spoken to without TLS. Loopback hosts always are, unless a CA file is given.
    pub plain_http: bool,
    /// A file of PEM certificates that its TLS certificate may be signed by, beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// A file of PEM certificates that it is shown when it asks for one, the client's own first.
    pub client_cert: Option<PathBuf>,
    /// The file of the private key to `client_cert` (PEM); by default it is in the same file.
    pub client_key: Option<PathBuf>,
    /// The proxy on the way to it, in place of those of the environment. Loopback hosts are never reached through one.
    pub proxy: Option<ProxyAddress>,
    /// The most requests that it is sent in a second.
    pub requests_per_second: Option<u32>,
    /// The most requests that it is sent at once.
    pub concurrency: Option<usize>,
}
