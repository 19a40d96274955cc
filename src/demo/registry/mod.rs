//! The embedded OCI 1.1 registry: a real one, small, for demonstrations, trials and tests.
//!
//! It serves the whole of the OCI distribution specification 1.1 on a loopback port, from memory or from a folder.
//! The conformance program of that specification is what decides whether it does.

mod auth;
mod blobs;
mod connection;
mod content;
mod failure;
mod folder;
mod listing;
mod manifests;
mod repository;
mod route;
mod scope;
mod server;
mod store;
mod uploads;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::connection::{Connection, CuttableListener};
use self::server::{Server, answer};
use super::faults::Fault;

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

/// How long requests in progress may take to finish when the registry ends.
const GRACE: Duration = Duration::from_secs(2);

/// A running registry. It ends when this is dropped.
#[derive(Debug)]
pub struct EmbeddedRegistry {
    address: SocketAddr,
    server: Arc<Server>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl EmbeddedRegistry {
    /// Binds 127.0.0.1 and serves from a task of the current tokio runtime.
    ///
    /// # Errors
    /// When the port is taken, or the folder cannot be used or is in use by another registry.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let open = {
            let stop = stop.clone();
            move || Server::open(options, stop)
        };
        let server = Arc::new(tokio::task::spawn_blocking(open).await??);
        let task = tokio::spawn(run(listener, Arc::clone(&server), stop.clone()));
        Ok(Self {
            address,
            server,
            stop,
            task: Some(task),
        })
    }

    /// What an image name begins with to be in this registry: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests answered so far, oldest first; of very many, the newest.
    pub fn requests(&self) -> Vec<RequestLine> {
        locked(&self.server.requests).iter().cloned().collect()
    }

    /// Forgets the requests so far, so that what follows can be counted alone.
    pub fn forget_requests(&self) {
        locked(&self.server.requests).clear();
    }

    /// Adds a fault.
    pub fn inject(&self, fault: Fault) {
        self.server.faults.add(fault);
    }

    /// Makes every bearer token given out so far worthless, as their expiry would.
    pub fn revoke_tokens(&self) {
        self.server.gatekeeper.revoke();
    }

    /// A new identity token, as `docker login` may get one and keep it in place of the password.
    pub fn identity_token(&self) -> String {
        self.server.gatekeeper.identity()
    }

    /// Lets requests in progress finish, for a moment, and ends. Its folder is free for another registry then.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // The task has nothing to say; if it panicked it has ended, too.
            let _ = task.await;
        }
    }
}

impl Drop for EmbeddedRegistry {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Serves until told to stop, then lets requests in progress finish, for a moment.
async fn run(listener: TcpListener, server: Arc<Server>, stop: CancellationToken) {
    let service = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&server))
        .into_make_service_with_connect_info::<Connection>();
    let serving = axum::serve(CuttableListener(listener), service)
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let out_of_time = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        // It serves until it is stopped and has no other way to end.
        _ = serving => {}
        () = out_of_time => {}
    }
    server.store.close();
}

/// The value behind a lock. Nothing here panics half-way through a change, so a poisoned lock guards a whole value.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
