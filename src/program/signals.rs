//! Signals that ask this process to stop: SIGINT, SIGTERM and SIGHUP mean the same, from the first instruction on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long a command without anything to tidy up may take to notice that it is to end; it may wait for a person to type.
const NOTICING: Duration = Duration::from_millis(500);

/// Listens for signals from the moment it is made.
#[derive(Debug, Clone)]
pub struct Signals {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Cancelled at the first signal that nobody has asked to handle.
    unhandled: CancellationToken,
    /// Who handles the next signal: the last of them.
    handlers: Mutex<Vec<(u64, CancellationToken)>>,
    next: AtomicU64,
}

static LISTENING: OnceLock<Signals> = OnceLock::new();

impl Signals {
    /// Begins to listen, inside a runtime; a second call answers with the first listener. `exit` ends the process at once:
    /// at a second signal, or where a command does not notice the first.
    ///
    /// # Errors
    /// When the system has no room for a handler.
    pub fn listen(exit: fn() -> !) -> std::io::Result<Self> {
        if let Some(listening) = LISTENING.get() {
            return Ok(listening.clone());
        }
        let mut asked = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ];
        let signals = Self {
            shared: Arc::default(),
        };
        let shared = Arc::clone(&signals.shared);
        tokio::spawn(async move {
            loop {
                any_of(&mut asked).await;
                shared.heard(exit);
            }
        });
        Ok(LISTENING.get_or_init(|| signals).clone())
    }

    /// Ends when a signal comes that nobody handles.
    pub async fn unhandled(&self) {
        self.shared.unhandled.cancelled().await;
    }
}

async fn any_of([one, two, three]: &mut [Signal; 3]) {
    tokio::select! {
        _ = one.recv() => {}
        _ = two.recv() => {}
        _ = three.recv() => {}
    }
}

impl Shared {
    fn heard(&self, exit: fn() -> !) {
        let handlers = self.handlers.lock().unwrap_or_else(PoisonError::into_inner);
        match handlers.last() {
            Some((_, handler)) if !handler.is_cancelled() => handler.cancel(),
            None if !self.unhandled.is_cancelled() => {
                self.unhandled.cancel();
                tokio::spawn(async move {
                    tokio::time::sleep(NOTICING).await;
                    exit()
                });
            }
            // For whoever does not want to wait for a clean end.
            _ => exit(),
        }
    }
}

/// Somebody who handles signals, until it is dropped.
#[derive(Debug)]
#[must_use = "signals are handled until it is dropped"]
pub struct Handling(Option<(Arc<Shared>, u64)>);

/// Has the first signal cancel `token`, as long as the answer lives; the second ends the process at once. Where nothing
/// listens for signals, none is handled.
pub fn cancel_on_signal(token: &CancellationToken) -> Handling {
    Handling(LISTENING.get().map(|signals| {
        let shared = Arc::clone(&signals.shared);
        let id = shared.next.fetch_add(1, Ordering::Relaxed);
        let mut handlers = shared.handlers.lock().unwrap_or_else(PoisonError::into_inner);
        handlers.push((id, token.clone()));
        drop(handlers);
        (shared, id)
    }))
}

impl Drop for Handling {
    fn drop(&mut self) {
        if let Some((shared, id)) = &self.0 {
            let mut handlers = shared.handlers.lock().unwrap_or_else(PoisonError::into_inner);
            handlers.retain(|(known, _)| known != id);
        }
    }
}
