//! Which steps of a run found their work done.

use windlass::domain::{StepId, StepKind};
use windlass::engine::{Event, EventKind, StepOutcome};

/// The steps that had nothing to do.
pub fn idle(events: &[Event]) -> Vec<&'static str> {
    let kind_of = |step: StepId| {
        events.iter().find_map(|event| match &event.happening {
            EventKind::RunStarted { plan, .. } => plan.step(step).map(|step| step.kind),
            _ => None,
        })
    };
    events
        .iter()
        .filter_map(|event| match &event.happening {
            EventKind::StepEnded {
                step,
                outcome: StepOutcome::Nothing(_),
            } => kind_of(*step).map(StepKind::word),
            _ => None,
        })
        .collect()
}
