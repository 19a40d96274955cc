//! What the steps of a run are called.

use crate::domain::{Plan, StepId, StepKind};

/// The steps of the run that is shown.
#[derive(Default)]
pub(super) struct Steps {
    kinds: Vec<(StepId, StepKind)>,
}

impl Steps {
    /// Those of `plan`.
    pub(super) fn of_plan(plan: &Plan) -> Self {
        let kinds = plan.steps.iter().map(|step| (step.id, step.kind)).collect();
        Self { kinds }
    }

    /// One word for a step, or for the run itself.
    pub(super) fn word(&self, step: Option<StepId>) -> &'static str {
        let Some(step) = step else { return "run" };
        let found = self.kinds.iter().find(|(id, _)| *id == step);
        found.map_or("step", |(_, kind)| kind.word())
    }
}
