//! How long deployers are waited for.

use jiff::SignedDuration;

use crate::config::ConfigError;
use crate::config::section::Section;

/// How long a run waits until what was deployed runs, unless it is said otherwise.
const OBSERVE_FOR: SignedDuration = SignedDuration::from_mins(5);

/// The key `observe_for`: how long a run waits until what was deployed is what runs.
pub(super) fn observe_for(table: &Section<'_>) -> Result<SignedDuration, ConfigError> {
    table
        .get("observe_for")
        .map_or(Ok(OBSERVE_FOR), |value| value.duration())
}
