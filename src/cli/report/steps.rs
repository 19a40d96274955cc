//! What the steps of a run are called, and since when each is at work.

use jiff::Timestamp;

use crate::domain::{Plan, PlannedStep, StepId, StepKind};

/// The steps of the run that is shown.
#[derive(Default)]
pub(super) struct Steps {
    names: Vec<(StepId, String)>,
    started: Vec<(StepId, Timestamp)>,
}

impl Steps {
    /// Those of `plan`.
    pub(super) fn of_plan(plan: &Plan) -> Self {
        let names = plan.steps.iter();
        let names = names.map(|step| (step.id, step.kind.word().to_owned()));
        Self {
            names: names.collect(),
            started: Vec::new(),
        }
    }

    /// A step that came up. A job and its steps have names of their own: `build`, `build / Run tests`.
    pub(super) fn add(&mut self, step: &PlannedStep) {
        let own = match step.kind {
            StepKind::Job => step.title.as_str(),
            kind => kind.word(),
        };
        let name = match step.parent {
            Some(parent) => format!("{} / {own}", self.word(Some(parent))),
            None => own.to_owned(),
        };
        self.names.push((step.id, name));
    }

    /// A step began.
    pub(super) fn start(&mut self, step: StepId, at: Timestamp) {
        self.started.push((step, at));
    }

    /// A step ended: since when it was at work, if it ever began.
    pub(super) fn end(&mut self, step: StepId) -> Option<Timestamp> {
        let index = self.started.iter().rposition(|(known, _)| *known == step)?;
        Some(self.started.swap_remove(index).1)
    }

    /// The name of a step, or of the run itself.
    pub(super) fn word(&self, step: Option<StepId>) -> &str {
        let Some(step) = step else { return "run" };
        let found = self.names.iter().find(|(id, _)| *id == step);
        found.map_or("step", |(_, name)| name)
    }
}
