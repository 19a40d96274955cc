//! The list of runs: gone among, and one of them shown.

use crate::tui::screens::keys::Action;
use crate::tui::screens::screen::Screen;
use crate::tui::session::Model;

/// Shows the run that is active, or the last one; of several that are active the list.
pub(in crate::tui) fn watch(model: &mut Model) {
    model.before_runs = model.screen;
    model.runs.select_newest();
    model.screen = if model.runs.active().count() > 1 {
        Screen::Runs
    } else {
        Screen::Run
    };
    model.before_run = model.before_runs;
}

/// Shows the list, from a run.
pub(in crate::tui) fn open(model: &mut Model) {
    model.before_runs = model.before_run;
    model.screen = Screen::Runs;
}

pub(super) fn on_action(model: &mut Model, action: Action) {
    let page = model.runs.height.max(1);
    match action {
        Action::Up => step(model, false, 1),
        Action::Down => step(model, true, 1),
        Action::PageUp => step(model, false, page),
        Action::PageDown => step(model, true, page),
        Action::First => model.runs.select(0),
        Action::Last => model.runs.select(usize::MAX),
        Action::Enter => {
            model.before_run = Screen::Runs;
            model.screen = Screen::Run;
        }
        Action::Back => model.screen = model.before_runs,
        _ => {}
    }
}

/// Moves the selection by so many runs.
pub(super) fn step(model: &mut Model, down: bool, rows: usize) {
    let at = model.runs.at();
    model.runs.select(if down {
        at.saturating_add(rows)
    } else {
        at.saturating_sub(rows)
    });
}
