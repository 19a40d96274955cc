//! The runs on GitHub, as they were listed last.

use jiff::Timestamp;

use crate::engine::RemoteRun;
use crate::tui::session::notice::Message;

/// What GitHub lists.
#[derive(Debug, Clone, Default)]
pub struct Remote {
    /// Whether promotions run there, so that the board says what waits.
    pub is_runner: bool,
    /// Newest first.
    pub runs: Vec<RemoteRun>,
    /// How many requests GitHub still takes.
    pub remaining: Option<u64>,
    /// When it answered last.
    pub at: Option<Timestamp>,
    /// Whether it is being asked.
    pub asking: bool,
    /// When it was asked last.
    pub asked_at: Option<Timestamp>,
    /// Whether the repository is known not to be there.
    pub is_elsewhere: bool,
    /// Why it could not be asked.
    pub trouble: Option<Message>,
}

impl Remote {
    /// The runs that wait for the person at this console.
    pub fn waiting_for_you(&self) -> impl Iterator<Item = &RemoteRun> {
        self.runs.iter().filter(|run| run.waits_for_you())
    }

    /// The run with that number.
    pub fn find(&self, number: u64) -> Option<&RemoteRun> {
        self.runs.iter().find(|run| run.run.id == number)
    }
}
