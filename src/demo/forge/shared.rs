//! What the routes and the jobs of the forge share.

use std::sync::Mutex;

use tokio_util::sync::CancellationToken;

use super::settings::ForgeSettings;
use super::state::State;

/// The forge behind its socket.
pub(super) struct Server {
    /// Its own address.
    pub(super) base: String,
    pub(super) state: Mutex<State>,
    pub(super) settings: ForgeSettings,
    /// Cancelled when the demo ends, and its jobs with it.
    pub(super) stop: CancellationToken,
}
