//! What a person says of one registry host.

use std::path::PathBuf;

use super::ProxyAddress;

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
