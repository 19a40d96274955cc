//! The embedded OCI 1.1 registry: a real one, small, for demonstrations, trials and tests.
//!
//! It serves the whole of the OCI distribution specification 1.1 on a loopback port, from memory or from a folder.
//! The conformance program of that specification is what decides whether it does.

mod answer;
mod auth;
mod blobs;
mod call;
mod connection;
mod content;
mod failure;
mod folder;
mod listing;
mod manifests;
mod options;
mod repository;
mod route;
mod scope;
mod server;
mod sessions;
mod store;
mod uploads;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::answer::answer;
use self::connection::{Connection, CuttableListener};
use self::server::Server;
use super::faults::Fault;
use super::locked::locked;

pub use self::options::{Auth, Credentials, Options, RequestLine, Storage};

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
