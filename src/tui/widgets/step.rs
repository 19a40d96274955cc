//! What is shown of a step of a run.

use jiff::Timestamp;

use crate::tui::app::theme::State;
use crate::tui::screens::run::model::StepState;

/// The symbol and the word of a step.
pub const fn of_step(state: &StepState) -> (State, &'static str) {
    match state {
        StepState::Waiting => (State::None, "waiting"),
        StepState::Running(_) => (State::Loading, "running"),
        StepState::Done(..) => (State::Ok, "done"),
        StepState::Nothing(_) => (State::Ok, "nothing to do"),
        StepState::Refused(_) => (State::Bad, "refused"),
        StepState::Failed(..) => (State::Bad, "failed"),
        StepState::Interrupted => (State::Attention, "interrupted"),
    }
}

/// `14:02:11`, in UTC.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}
