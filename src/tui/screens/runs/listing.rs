//! The runs on GitHub: asked for while somebody looks, less often while nothing moves, and not at all once nobody is there.

use crate::engine::RemoteRuns;
use crate::tui::screens::Screen;
use crate::tui::session::{Effect, Message, Model};

/// How old the list may become while it is looked at and a run in it has not ended, in seconds.
const MOVING: i64 = 10;
/// How old it may become otherwise.
const RESTING: i64 = 60;

/// Asks for the list, unless that is under way or there is none.
pub(in crate::tui) fn ask(model: &mut Model, effects: &mut Vec<Effect>) {
    let remote = &mut model.runs.remote;
    if !remote.asking && !remote.is_elsewhere {
        remote.asking = true;
        remote.asked_at = Some(model.now);
        effects.push(Effect::RemoteRuns);
    }
}

/// Asks again when the list is old and somebody looks at what is made of it.
pub(in crate::tui) fn look_again(model: &mut Model, effects: &mut Vec<Effect>) {
    let remote = &model.runs.remote;
    let is_in_sight = match model.screen {
        Screen::Runs => true,
        Screen::Board | Screen::Releases | Screen::Run => remote.is_runner,
        Screen::Findings | Screen::Page => false,
    };
    if !is_in_sight || !model.somebody_looks() {
        return;
    }
    let is_moving = model.screen == Screen::Runs && remote.runs.iter().any(|run| !run.is_ended());
    let limit = if is_moving { MOVING } else { RESTING };
    if remote.asked_at.is_none_or(|at| model.seconds_since(at) >= limit) {
        ask(model, effects);
    }
}

/// Takes in what GitHub lists; none where the repository is elsewhere.
pub(in crate::tui) fn on_listed(model: &mut Model, result: Result<Option<RemoteRuns>, Message>) {
    let remote = &mut model.runs.remote;
    remote.asking = false;
    match result {
        Ok(Some(listed)) => {
            remote.runs = listed.runs;
            remote.remaining = listed.remaining;
            remote.at = Some(listed.at);
            remote.trouble = None;
        }
        Ok(None) => remote.is_elsewhere = true,
        // What was known stays in sight, with its age.
        Err(message) => remote.trouble = Some(message),
    }
}
