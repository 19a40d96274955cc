//! The console is left.

use super::message::Effect;
use super::model::Model;
use crate::tui::dialogs::{Dialog, QuitDialog};

/// Leaves, once a person has agreed to stop a run that is active.
pub(super) fn quit(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.is_running() {
        let runs = model.run.iter().map(|run| run.plan.operation.title()).collect();
        model.dialogs.push(Dialog::Quit(QuitDialog { runs }));
    } else {
        effects.push(Effect::Quit);
    }
}

/// Leaves without a question; a run at work is stopped cleanly first.
pub(in crate::tui) fn leave(model: &mut Model, effects: &mut Vec<Effect>) {
    model.leaving = true;
    match &mut model.run {
        Some(run) if run.ended.is_none() => {
            run.stopping = true;
            effects.push(Effect::Stop);
        }
        _ => effects.push(Effect::Quit),
    }
}
