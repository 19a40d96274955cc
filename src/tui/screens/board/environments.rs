//! The environments above the board: asked again while somebody looks, so that drift shows by itself.

use jiff::Timestamp;

use crate::board::EnvironmentNow;
use crate::domain::Drift;
use crate::tui::session::{Effect, Model, Notice};

/// How old what is known of the environments may become before they are asked again, in seconds.
const LOOK_AGAIN_AFTER: i64 = 30;

/// Asks the environments again when what is known of them is old. Called as time goes on, of the session that is shown alone.
pub(in crate::tui) fn look_again(model: &mut Model, effects: &mut Vec<Effect>) {
    let is_old = |at| model.seconds_since(at) >= LOOK_AGAIN_AFTER;
    if !model.board.looking && model.board.environments_at.is_some_and(is_old) {
        model.board.looking = true;
        effects.push(Effect::LookAtEnvironments);
    }
}

/// Takes in what is known of the environments now; drift that was not there before is told.
pub(in crate::tui) fn on_environments(model: &mut Model, environments: Vec<EnvironmentNow>, at: Timestamp) {
    let board = &mut model.board;
    board.looking = false;
    // At first it is the board that tells.
    let told = board.environments_at.replace(at).and_then(|_| {
        let drifts = environments
            .iter()
            .flat_map(|now| now.drift.iter().map(move |drift| (now, drift)));
        drifts
            .into_iter()
            .find(|(now, drift)| !was_there(&board.environments, now, drift))
    });
    let notice = told.map(|(now, drift)| Notice {
        text: format!("drift in {}: {}", now.environment, drift.words()),
        grave: true,
    });
    board.environments = environments;
    if notice.is_some() {
        model.notice = notice;
    }
}

fn was_there(before: &[EnvironmentNow], now: &EnvironmentNow, drift: &Drift) -> bool {
    let before = before.iter().find(|before| before.environment == now.environment);
    before.is_some_and(|before| before.drift.contains(drift))
}
