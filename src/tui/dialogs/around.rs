//! What a dialog sees of the session that it stands in.

use jiff::Timestamp;

use crate::board::EnvironmentNow;
use crate::domain::Environment;
use crate::tui::app::theme::Theme;
use crate::tui::screens::board::Numbering;

/// The session around a dialog.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The look.
    pub theme: Theme,
    /// The time.
    pub now: Timestamp,
    /// The service.
    pub service: &'a str,
    /// Whether nothing may be written.
    pub read_only: bool,
    /// The environments, in the order of the graph.
    pub graph: &'a [Environment],
    /// What is deployed to them.
    pub environments: &'a [EnvironmentNow],
    /// How releases are numbered.
    pub numbering: Numbering,
    /// Whether the dialog stands on another, which Esc goes back to.
    pub is_stacked: bool,
    /// The rows of the terminal.
    pub height: u16,
}

impl Around<'_> {
    /// What Esc does to a dialog that asks something.
    pub const fn esc(&self) -> &'static str {
        if self.is_stacked { "back" } else { "cancel" }
    }

    /// Whole seconds from `then` to now.
    pub fn seconds_since(&self, then: Timestamp) -> i64 {
        self.now.as_second() - then.as_second()
    }
}
