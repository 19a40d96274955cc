//! How a registry is set up, and what it remembers.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// Where the registry keeps what it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Storage {
    /// In memory, gone when it ends.
    #[default]
    Memory,
    /// In this folder, which is made if it is missing. A registry that is started on it again holds what was there.
    Disk(PathBuf),
}

/// A user's name and password.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

impl Credentials {
    /// The credentials of `user`.
    pub fn new(user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            password: SecretString::from(password),
        }
    }
}

/// Who may use the registry, and how they show it.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    /// Everyone.
    #[default]
    Open,
    /// Who sends these with each request (`Basic`).
    Basic(Credentials),
    /// Who fetches a token for them at the registry's own token endpoint (`Bearer`, as most registries do).
    Bearer(Credentials),
}

/// How a registry is set up. The default is an open one in memory, on a free port, with all that OCI 1.1 offers.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where content is kept.
    pub storage: Storage,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Who may use it.
    pub auth: Auth,
    /// Whether it has the referrers API. Without it, clients keep the index at the fallback tag themselves.
    pub referrers_api: bool,
    /// Whether manifests are taken whose blobs or child manifests are not there.
    pub accept_sparse: bool,
    /// Whether it refuses every write.
    pub read_only: bool,
    /// The most tags or referrers in one answer; more come by `Link`.
    pub page_limit: usize,
    /// Added to each request before it is served, as distance would.
    pub delay: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            storage: Storage::Memory,
            port: 0,
            auth: Auth::Open,
            referrers_api: true,
            accept_sparse: false,
            read_only: false,
            page_limit: 1000,
            delay: Duration::ZERO,
        }
    }
}

/// One request as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// `GET`, `HEAD`, `PUT`…
    pub method: String,
    /// Path and query, as they were sent.
    pub path: String,
    /// The answer's status; none if a fault cut the connection before one was given.
    pub status: Option<u16>,
}
