//! Which steps of a run found their work done.

use windlass::engine::{Event, EventKind, StepOutcome};

/// The steps that had nothing to do.
pub fn idle(events: &[Event]) -> Vec<&'static str> {
    events
        .iter()
        .filter_map(|event| match &event.happening {
            EventKind::StepEnded {
                step,
                outcome: StepOutcome::Nothing(_),
            } => Some(step.word()),
            _ => None,
        })
        .collect()
}
