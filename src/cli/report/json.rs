//! One event, one line of JSON; the form is documented in docs/json.md.

use super::reporter::Reporter;
use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::engine::Event;

pub(super) struct Json;

impl Reporter for Json {
    fn show(&mut self, event: &Event, io: &mut Output) -> Result<(), Failure> {
        if event.happening.is_kept() {
            io.json_line(event)?;
        }
        Ok(())
    }
}
