//! The way of an answer back to the session that asked.

use tokio::sync::mpsc::UnboundedSender;

use super::state::{AppMsg, SessionId};
use crate::tui::session::Msg;

/// Sends messages to one session.
#[derive(Clone)]
pub(in crate::tui) struct SessionSender {
    id: SessionId,
    messages: UnboundedSender<AppMsg>,
}

impl SessionSender {
    pub(super) const fn new(id: SessionId, messages: UnboundedSender<AppMsg>) -> Self {
        Self { id, messages }
    }

    /// Sends a message. The loop that would hear it is over when that fails, and nothing is lost; whether it was heard.
    pub(in crate::tui) fn send(&self, msg: Msg) -> bool {
        self.messages.send(AppMsg::Session(self.id, msg)).is_ok()
    }
}
