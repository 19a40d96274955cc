//! The console is left.

use super::message::Effect;
use super::model::Model;
use crate::tui::dialogs::{Dialog, QuitDialog};

/// Leaves, once a person has agreed to stop the runs that are active, here and in other sessions.
pub(super) fn quit(model: &mut Model, effects: &mut Vec<Effect>) {
    let runs: Vec<_> = model
        .active_runs()
        .chain(model.elsewhere.iter().cloned())
        .collect();
    if runs.is_empty() {
        effects.push(Effect::Quit);
    } else {
        model.dialogs.push(Dialog::Quit(QuitDialog { runs }));
    }
}

/// Leaves without a question; runs that are active are stopped cleanly first.
pub(in crate::tui) fn leave(model: &mut Model, effects: &mut Vec<Effect>) {
    model.leaving = true;
    if !model.is_running() {
        return effects.push(Effect::Quit);
    }
    for run in model.runs.active_mut() {
        run.stopping = true;
        effects.push(Effect::Stop(run.id.clone()));
    }
}
