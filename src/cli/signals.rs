//! Ctrl-C and termination signals.

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Cancels `token` at the first Ctrl-C, termination or hang-up; a second one ends the process at once, for whoever does
/// not want to wait for a clean end. The listener ends when the returned task is aborted.
pub fn cancel_on_signal(token: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let interrupt = tokio::signal::ctrl_c();
            let (Ok(mut terminate), Ok(mut hangup)) =
                (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
            else {
                return;
            };
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            if token.is_cancelled() {
                std::process::exit(i32::from(crate::domain::Exit::Interrupted.code()));
            }
            token.cancel();
        }
    })
}
