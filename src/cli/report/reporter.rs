//! The forms in which a run is shown.

use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::engine::Event;

/// Something that shows events; each form of output is one.
pub trait Reporter {
    /// Shows one event.
    fn show(&mut self, event: &Event, io: &mut Output) -> Result<(), Failure>;
}
