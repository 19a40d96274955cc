//! A proxy before a registry: counts what passes, adds distance, and goes wrong where it is told to.
//!
//! For tests and benches, each with `#[path = "…/support/proxy.rs"] mod proxy;`. It speaks HTTP/1.1 on both sides, keeps
//! connections, and passes bodies on as they come. `Host` is passed on as the client sent it, so that a registry that
//! builds addresses from it names the proxy; addresses that name the registry are rewritten.

#[path = "proxy/exchange.rs"]
mod exchange;
#[path = "proxy/fault.rs"]
pub mod fault;
#[path = "proxy/wire.rs"]
mod wire;

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpSocket, lookup_host};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use fault::{Effect, Fault};

/// One request that came to the proxy, as far as it has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`, `PUT`…
    pub method: String,
    /// Path and query, as the client sent them.
    pub path: String,
    /// The status that the client was answered; none where it was not.
    pub status: Option<u16>,
    /// Bytes of the request's body that were passed on.
    pub up: u64,
    /// Bytes of the answer's body that were passed on.
    pub down: u64,
    /// Whether a fault struck it.
    pub struck: bool,
}

/// All that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests that came.
    pub requests: u64,
    /// Bytes of requests' bodies.
    pub up: u64,
    /// Bytes of answers' bodies.
    pub down: u64,
}

/// A running proxy. It ends when this is dropped, and its connections with it.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    stop: CancellationToken,
}

/// Starts a proxy before `upstream` (`host:port`, plain HTTP) on a free port of 127.0.0.1.
pub async fn start(upstream: &str) -> Proxy {
    // Better told here than as a connection that breaks.
    let mut found = lookup_host(upstream).await.unwrap();
    assert!(found.next().is_some(), "{upstream} has no address");
    let socket = TcpSocket::new_v4().unwrap();
    // What is passed on has nearly arrived then: much of it would wait here otherwise, and be counted.
    socket.set_send_buffer_size(32 * 1024).unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = socket.listen(1024).unwrap();
    let address = listener.local_addr().unwrap();
    let state = Arc::new(State {
        upstream: upstream.to_owned(),
        own: address.to_string(),
        entries: Mutex::default(),
        faults: Mutex::default(),
        lost: Mutex::default(),
        delay: AtomicU64::new(0),
        traffic: watch::Sender::default(),
        hold: Mutex::default(),
        held: watch::Sender::default(),
    });
    let stop = CancellationToken::new();
    tokio::spawn({
        let (state, stop) = (Arc::clone(&state), stop.clone());
        stop.clone().run_until_cancelled_owned(async move {
            loop {
                if let Ok((client, _)) = listener.accept().await {
                    let serving = exchange::serve(client, Arc::clone(&state));
                    tokio::spawn(stop.clone().run_until_cancelled_owned(serving));
                }
            }
        })
    });
    Proxy { address, state, stop }
}

impl Proxy {
    /// What an image name begins with to go through here: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests that came, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.state.entries)
            .iter()
            .map(|entry| entry.told())
            .collect()
    }

    /// All that has passed.
    pub fn traffic(&self) -> Traffic {
        *self.state.traffic.borrow()
    }

    /// Forgets what has passed, so that what follows can be counted alone.
    pub fn forget(&self) {
        locked(&self.state.entries).clear();
        self.state.traffic.send_replace(Traffic::default());
    }

    /// From now on, every request waits so long before it is passed on.
    pub fn delay(&self, delay: Duration) {
        let micros = delay.as_micros().try_into().unwrap_or(u64::MAX);
        self.state.delay.store(micros, Ordering::Relaxed);
    }

    /// Adds a fault. A request is struck by the first that strikes.
    pub fn inject(&self, fault: Fault) {
        locked(&self.state.faults).push(fault);
    }

    /// Takes all faults back, and finds lost upload sessions again.
    pub fn heal(&self) {
        locked(&self.state.faults).clear();
        locked(&self.state.lost).clear();
    }

    /// Lets nothing pass any more once `when` is true of the traffic, until [`Self::release`].
    pub fn hold(&self, when: impl Fn(&Traffic) -> bool + Send + 'static) {
        *locked(&self.state.hold) = Some(Box::new(when));
    }

    /// What makes it hold at once.
    pub fn brake(&self) -> impl Fn() + Send + 'static {
        let state = Arc::clone(&self.state);
        move || {
            state.held.send_replace(true);
        }
    }

    /// Waits until it holds.
    pub async fn holds(&self) {
        let mut held = self.state.held.subscribe();
        let _ = held.wait_for(|held| *held).await;
    }

    /// Lets everything pass again.
    pub fn release(&self) {
        *locked(&self.state.hold) = None;
        self.state.held.send_replace(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Says of the traffic whether it has to stop.
type When = Box<dyn Fn(&Traffic) -> bool + Send>;

/// What all connections share.
struct State {
    upstream: String,
    own: String,
    entries: Mutex<Vec<Arc<Entry>>>,
    faults: Mutex<Vec<Fault>>,
    /// Paths of upload sessions that are lost.
    lost: Mutex<HashSet<String>>,
    /// In microseconds.
    delay: AtomicU64,
    traffic: watch::Sender<Traffic>,
    hold: Mutex<Option<When>>,
    held: watch::Sender<bool>,
}

impl State {
    /// Takes a request in, and says what goes wrong with it.
    fn begin(&self, method: &str, path: &str) -> (Arc<Entry>, Option<Effect>) {
        let effect = {
            let mut faults = locked(&self.faults);
            let mut concerned = faults.iter_mut().filter(|fault| fault.concerns(method, path));
            concerned.find_map(Fault::strike)
        };
        let entry = Arc::new(Entry {
            method: method.to_owned(),
            path: path.to_owned(),
            status: AtomicU16::new(0),
            up: AtomicU64::new(0),
            down: AtomicU64::new(0),
            struck: effect.is_some(),
        });
        locked(&self.entries).push(Arc::clone(&entry));
        self.count(|traffic| traffic.requests += 1);
        (entry, effect)
    }

    fn count(&self, change: impl FnOnce(&mut Traffic)) {
        self.traffic.send_modify(change);
        let traffic = *self.traffic.borrow();
        if locked(&self.hold).as_ref().is_some_and(|when| when(&traffic)) {
            self.held.send_replace(true);
        }
    }

    fn count_up(&self, entry: &Entry, length: usize) {
        entry.up.fetch_add(length as u64, Ordering::Relaxed);
        self.count(|traffic| traffic.up += length as u64);
    }

    fn count_down(&self, entry: &Entry, length: usize) {
        entry.down.fetch_add(length as u64, Ordering::Relaxed);
        self.count(|traffic| traffic.down += length as u64);
    }

    /// Waits while nothing may pass.
    async fn pass(&self) {
        let mut held = self.held.subscribe();
        let _ = held.wait_for(|held| !held).await;
    }

    async fn keep_distance(&self) {
        let delay = Duration::from_micros(self.delay.load(Ordering::Relaxed));
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }
}

/// A request as it is under way.
struct Entry {
    method: String,
    path: String,
    status: AtomicU16,
    up: AtomicU64,
    down: AtomicU64,
    struck: bool,
}

impl Entry {
    fn told(&self) -> Request {
        let status = self.status.load(Ordering::Relaxed);
        Request {
            method: self.method.clone(),
            path: self.path.clone(),
            status: (status != 0).then_some(status),
            up: self.up.load(Ordering::Relaxed),
            down: self.down.load(Ordering::Relaxed),
            struck: self.struck,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
