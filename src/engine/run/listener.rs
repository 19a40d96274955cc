//! Who hears what happens in a run.

use tokio::sync::mpsc::UnboundedSender;

use super::event::Event;
use super::journal::{Journal, JournalError};

/// Hears everything that happens in a run, in order.
pub(in crate::engine) trait Listener: Send {
    /// Hears one event. A run ends at the next step once it cannot be heard by one that it needs.
    fn hear(&mut self, event: &Event) -> Result<(), JournalError>;
}

impl Listener for Journal {
    fn hear(&mut self, event: &Event) -> Result<(), JournalError> {
        self.append(event)
    }
}

/// Whoever follows a run. One that has gone away does not stop it.
impl Listener for UnboundedSender<Event> {
    fn hear(&mut self, event: &Event) -> Result<(), JournalError> {
        let _ = self.send(event.clone());
        Ok(())
    }
}
