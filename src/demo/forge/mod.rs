//! A small stand-in of GitHub on loopback: of its API what windlass asks, for one repository with one workflow. A run of that
//! workflow waits for an approval, and then really runs: this very program carries the plan out as a job would.

mod answer;
mod job;
pub mod objects;
mod server;
mod settings;
mod shapes;
mod shared;
mod state;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::shared::Server;
use self::state::State;

pub use settings::{ForgeSettings, REPOSITORY};

/// The forge, up for as long as this is held; dropped, it stops its jobs.
pub struct Forge {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Drop for Forge {
    fn drop(&mut self) {
        self.stop.cancel();
        self.serving.abort();
    }
}

impl Forge {
    /// Starts it on a port of its own.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(settings: ForgeSettings) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let server = Arc::new(Server {
            base: format!("http://{address}"),
            state: Mutex::new(State::new()),
            settings,
            stop: stop.clone(),
        });
        let router = Router::new().fallback(server::answer).with_state(server);
        let serving = tokio::spawn(async move {
            // Its end is the end of the demo.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            stop,
            serving,
        })
    }

    /// The address of its API.
    pub fn api(&self) -> String {
        format!("http://{}", self.address)
    }
}
