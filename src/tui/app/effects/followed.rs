//! A run on GitHub that is followed here.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engine::RunId;

/// A run on GitHub that is followed.
pub(in crate::tui::app) struct FollowedRun {
    pub(in crate::tui::app) id: RunId,
    pub(in crate::tui::app) cancel: CancellationToken,
    pub(in crate::tui::app) task: JoinHandle<()>,
}
