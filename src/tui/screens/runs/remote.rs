//! The runs on GitHub: asked for while somebody looks, less often while nothing moves, and not at all once nobody is there.

use jiff::Timestamp;

use crate::engine::{RemoteRun, RemoteRuns};
use crate::tui::screens::Screen;
use crate::tui::session::{Effect, Message, Model};

/// How old the list may become while it is looked at and a run in it has not ended, in seconds.
const MOVING: i64 = 10;
/// How old it may become otherwise.
const RESTING: i64 = 60;
/// How long after the last key somebody is still taken to look.
const SOMEBODY_LOOKS: i64 = 300;

/// What GitHub lists.
#[derive(Debug, Clone, Default)]
pub struct Remote {
    /// Whether promotions run there, so that the board says what waits.
    pub is_runner: bool,
    /// Newest first.
    pub runs: Vec<RemoteRun>,
    /// How many requests GitHub still takes.
    pub remaining: Option<u64>,
    /// When it answered last.
    pub at: Option<Timestamp>,
    /// Whether it is being asked.
    pub asking: bool,
    /// When it was asked last.
    asked_at: Option<Timestamp>,
    /// Whether the repository is known not to be there.
    pub is_elsewhere: bool,
    /// Why it could not be asked.
    pub trouble: Option<Message>,
}

impl Remote {
    /// The runs that wait for the person at this console.
    pub fn waiting_for_you(&self) -> impl Iterator<Item = &RemoteRun> {
        self.runs.iter().filter(|run| run.waits_for_you())
    }

    /// The run with that number.
    pub fn find(&self, number: u64) -> Option<&RemoteRun> {
        self.runs.iter().find(|run| run.run.id == number)
    }
}

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
    if !is_in_sight || model.seconds_since(model.touched) > SOMEBODY_LOOKS {
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
