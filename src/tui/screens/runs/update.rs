//! The list of runs: gone among, one of them shown, and those on GitHub followed.

use super::row::{PastRun, RunRow};
use crate::domain::Exit;
use crate::engine::RunId;
use crate::tui::dialogs::Dialog;
use crate::tui::screens::keys::Action;
use crate::tui::screens::run::model::RunModel;
use crate::tui::screens::runs::listing;
use crate::tui::screens::screen::Screen;
use crate::tui::session::{Effect, Message, Model, approvals};

/// Shows the run that is active; of several that are, and where none is, the list.
pub(in crate::tui) fn watch(model: &mut Model, effects: &mut Vec<Effect>) {
    model.before_runs = model.screen;
    model.before_run = model.screen;
    model.runs.show_newest();
    if model.runs.active().count() == 1 {
        model.screen = Screen::Run;
        return;
    }
    model.runs.select_waiting();
    show_list(model, effects);
}

/// Shows the list, from a run.
pub(in crate::tui) fn open(model: &mut Model, effects: &mut Vec<Effect>) {
    model.before_runs = match model.before_run {
        Screen::Runs => model.before_runs,
        screen => screen,
    };
    show_list(model, effects);
}

fn show_list(model: &mut Model, effects: &mut Vec<Effect>) {
    model.screen = Screen::Runs;
    effects.push(Effect::PastRuns);
    listing::ask(model, effects);
}

pub(in crate::tui) fn on_past(model: &mut Model, result: Result<Vec<PastRun>, Message>) {
    match result {
        Ok(past) => model.runs.past = past,
        Err(message) => model.dialogs.push(Dialog::Message(message)),
    }
}

pub(super) fn on_action(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let page = model.runs.height.max(1);
    match action {
        Action::Up => step(model, false, 1),
        Action::Down => step(model, true, 1),
        Action::PageUp => step(model, false, page),
        Action::PageDown => step(model, true, page),
        Action::First => model.runs.select(0),
        Action::Last => model.runs.select(usize::MAX),
        Action::Enter => enter(model, effects),
        Action::Refresh => show_list(model, effects),
        Action::Approve => {
            if let Some(number) = with_selected(model, number).flatten() {
                approvals::open(model, number, effects);
            }
        }
        Action::Open => {
            let page = with_selected(model, |row| {
                let remote = row.remote.map(|remote| remote.run.url.clone());
                remote.or_else(|| row.here?.page.clone())
            });
            effects.extend(page.flatten().map(Effect::Open));
        }
        Action::Back => model.screen = model.before_runs,
        _ => {}
    }
}

/// Something about the selected row; nothing where there is none.
pub(super) fn with_selected<T>(model: &Model, of: impl FnOnce(&RunRow<'_>) -> T) -> Option<T> {
    let rows = model.runs.rows();
    rows.get(model.runs.selected(&rows)).map(of)
}

fn number(row: &RunRow<'_>) -> Option<u64> {
    row.number()
}

/// What becomes of a row that is entered.
enum Entered {
    /// This console has it.
    Shown(RunId),
    /// It goes on, or was, on GitHub.
    Followed(Box<RunModel>),
    /// Its journal has it.
    Replayed(RunId),
}

fn enter(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(entered) = with_selected(model, entered).flatten() else {
        return;
    };
    match entered {
        Entered::Replayed(id) => return effects.push(Effect::Replay(id)),
        Entered::Shown(id) => {
            model.runs.show(&id);
        }
        Entered::Followed(run) => {
            effects.extend(run.number.map(Effect::Follow));
            model.runs.begin(*run);
        }
    }
    model.before_run = Screen::Runs;
    model.screen = Screen::Run;
}

fn entered(row: &RunRow<'_>) -> Option<Entered> {
    let is_left = |exit: Option<Exit>| matches!(exit, None | Some(Exit::StillRunning));
    let goes_on = row.remote.filter(|remote| !remote.is_ended());
    if let Some(here) = row.here {
        // One that was followed until somebody stopped is followed again while it goes on.
        let has_stopped = here
            .ended
            .as_ref()
            .is_some_and(|ended| ended.exit == Exit::StillRunning);
        return Some(match goes_on {
            Some(remote) if has_stopped => Entered::Followed(Box::new(RunModel::followed(remote))),
            _ => Entered::Shown(here.id.clone()),
        });
    }
    match (row.past, row.remote) {
        // Its journal has no end that says how it ended: whoever began it went away meanwhile.
        (Some(past), Some(remote)) if is_left(past.ended.map(|(exit, _)| exit)) => {
            Some(Entered::Followed(Box::new(RunModel::followed(remote))))
        }
        (Some(past), _) => Some(Entered::Replayed(past.id.clone())),
        (None, Some(remote)) => Some(Entered::Followed(Box::new(RunModel::followed(remote)))),
        (None, None) => None,
    }
}

/// Moves the selection by so many runs.
pub(super) fn step(model: &mut Model, down: bool, rows: usize) {
    let all = model.runs.rows();
    let at = model.runs.selected(&all);
    drop(all);
    model.runs.select(if down {
        at.saturating_add(rows)
    } else {
        at.saturating_sub(rows)
    });
}
