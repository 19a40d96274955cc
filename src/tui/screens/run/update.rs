//! A run: its events are taken in, and keys move among its steps and lines.

use super::events::apply;
use super::model::{Ended, Pane, RunModel, StepState};
use crate::domain::{Exit, Plan};
use crate::engine::{Event, EventKind, Level, RunId};
use crate::tui::dialogs::Dialog;
use crate::tui::screens::keys::Action;
use crate::tui::screens::releases::update as releases;
use crate::tui::screens::runs::{listing, update as runs};
use crate::tui::screens::screen::Screen;
use crate::tui::session::{Effect, Message, Model, Notice, approvals};
use crate::tui::widgets::search::{Search, next_match};

pub(in crate::tui) fn on_started(
    model: &mut Model,
    result: Result<(RunId, Box<Plan>), Message>,
    effects: &mut Vec<Effect>,
) {
    match result {
        Ok((id, plan)) => {
            model.dialogs.clear();
            model.runs.begin(RunModel::begun(id.clone(), &plan, model.now));
            if model.screen != Screen::Run {
                model.before_run = model.screen;
            }
            model.screen = Screen::Run;
            if model.leaving {
                effects.push(Effect::Stop(id));
            }
        }
        Err(message) => {
            model.dialogs.clear();
            model.dialogs.push(Dialog::Message(message));
        }
    }
}

pub(in crate::tui) fn on_event(model: &mut Model, event: Event, effects: &mut Vec<Effect>) {
    let Some(run) = model.runs.find_mut(&event.run) else {
        return;
    };
    let id = event.run.clone();
    // What GitHub says of the run itself, and not of a job, is that something waits, or waits no more.
    let is_of_github = matches!(
        &event.happening,
        EventKind::Log {
            step: None,
            level: Level::Warning,
            ..
        }
    ) && run.number.is_some();
    apply(run, event);
    if run.ended.is_some() {
        on_end(model, &id, effects);
    } else if is_of_github {
        listing::ask(model, effects);
    }
}

/// Shows a run whose events are read from its journal.
pub(in crate::tui) fn on_replayed(model: &mut Model, result: Result<Vec<Event>, Message>) {
    let events = match result {
        Ok(events) => events,
        Err(message) => return model.dialogs.push(Dialog::Message(message)),
    };
    let mut events = events.into_iter();
    let Some((id, at, plan)) = events.next().and_then(|first| match first.happening {
        EventKind::RunStarted { plan, .. } => Some((first.run, first.at, plan)),
        _ => None,
    }) else {
        return;
    };
    // One that was begun here meanwhile is known better.
    if model.runs.find(&id).is_some() {
        return;
    }
    let mut run = RunModel::begun(id.clone(), &plan, at);
    for event in events {
        apply(&mut run, event);
    }
    run.ended.get_or_insert_with(|| Ended {
        at,
        exit: Exit::Interrupted,
        summary: "its journal has no end: it is still running elsewhere, or was killed".to_owned(),
        hint: None,
        places: Vec::new(),
    });
    let is_wanted = model.screen == Screen::Runs;
    model.runs.begin(run);
    if is_wanted {
        model.before_run = Screen::Runs;
        model.screen = Screen::Run;
    }
}

/// A run has ended: what it changed is asked for again, and the console is left where it was only waited for.
fn on_end(model: &mut Model, id: &RunId, effects: &mut Vec<Effect>) {
    if !model.is_running() {
        model.dialogs.close(|dialog| matches!(dialog, Dialog::Quit(_)));
    }
    model.board.gates.clear();
    if model.leaving {
        if !model.is_running() {
            effects.push(Effect::Quit);
        }
        return;
    }
    tell_of_end(model, id);
    effects.push(Effect::Refresh);
    releases::ask(model, effects);
    let is_remote = model.runs.find(id).is_some_and(|run| run.number.is_some());
    if is_remote {
        listing::ask(model, effects);
    }
}

/// Says how a run ended that is not in sight.
fn tell_of_end(model: &mut Model, id: &RunId) {
    let is_shown = model.screen == Screen::Run && model.runs.shown().is_some_and(|run| run.id == *id);
    let run = model.runs.find_mut(id).filter(|_| !is_shown);
    if let Some(ended) = run.and_then(|run| run.ended.as_ref()) {
        model.notice = Some(Notice {
            text: ended.summary.clone(),
            grave: ended.exit != Exit::Done,
        });
    }
}

pub(in crate::tui) fn on_action(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let Some(run) = model.runs.shown_mut() else {
        model.screen = Screen::Board;
        return;
    };
    match action {
        Action::Stop if run.ended.is_some() => effects.push(Effect::Quit),
        Action::Stop => {
            run.stopping = true;
            let text = if run.number.is_some() {
                "following stops; the run on GitHub goes on"
            } else {
                "stopping: completed work is kept, and the same command resumes the run"
            };
            let text = text.to_owned();
            model.notice = Some(Notice { text, grave: false });
            effects.push(Effect::Stop(run.id.clone()));
        }
        Action::Watch => runs::open(model, effects),
        Action::Approve => {
            if let Some(number) = run.number {
                approvals::open(model, number, effects);
            }
        }
        Action::Open => effects.extend(run.page.clone().map(Effect::Open)),
        Action::Back => match run.pane {
            Pane::Zoomed => run.pane = Pane::Log,
            Pane::Log if run.ended.is_none() => run.pane = Pane::Steps,
            _ if run.search.is_some() => run.search = None,
            _ => model.screen = model.before_run,
        },
        Action::Switch | Action::Enter => {
            run.pane = if run.pane == Pane::Steps {
                Pane::Log
            } else {
                Pane::Steps
            };
        }
        Action::Zoom => {
            run.pane = if run.pane == Pane::Zoomed {
                Pane::Log
            } else {
                Pane::Zoomed
            }
        }
        Action::Follow => {
            run.follow = !run.follow;
            if !run.follow {
                run.scroll = run.last_scroll();
            }
        }
        Action::Wrap => run.style.wrap = !run.style.wrap,
        Action::Times => run.style.times = !run.style.times,
        Action::Search => {
            run.search = Some(Search::begun());
        }
        Action::NextError => {
            next_error(run);
        }
        Action::NextFound | Action::PreviousFound => {
            if !find(run, action == Action::NextFound, false) {
                let text = "no match in this log".to_owned();
                model.notice = Some(Notice { text, grave: true });
            }
        }
        _ => on_move(run, action),
    }
}

fn on_move(run: &mut RunModel, action: Action) {
    let page = run.height.max(1);
    let in_steps = run.pane == Pane::Steps;
    match action {
        Action::Up if in_steps => select(run, run.selected.saturating_sub(1)),
        Action::Down if in_steps => select(run, run.selected + 1),
        Action::First if in_steps => select(run, 0),
        Action::Last if in_steps => select(run, usize::MAX),
        Action::Up => scroll(run, false, 1),
        Action::Down => scroll(run, true, 1),
        Action::PageUp => scroll(run, false, page),
        Action::PageDown => scroll(run, true, page),
        Action::First => scroll(run, false, usize::MAX),
        Action::Last => run.follow = true,
        _ => {}
    }
}

/// Selects a step by hand; the selection goes along with the run again once it is back on the step at work.
pub(in crate::tui) fn select(run: &mut RunModel, index: usize) {
    let index = index.min(run.steps.len().saturating_sub(1));
    run.along = run
        .steps
        .get(index)
        .is_some_and(|step| matches!(step.state, StepState::Running(_)));
    run.show(index);
}

/// Scrolls the log; at its end it follows again.
pub(in crate::tui) fn scroll(run: &mut RunModel, down: bool, lines: usize) {
    let last = run.last_scroll();
    if run.follow {
        run.scroll = last;
    }
    run.scroll = if down {
        run.scroll.saturating_add(lines)
    } else {
        run.scroll.saturating_sub(lines)
    };
    run.follow = run.scroll >= last;
    run.scroll = run.scroll.min(last);
}

fn go_to(run: &mut RunModel, line: usize) {
    run.follow = false;
    run.scroll = line;
}

fn next_error(run: &mut RunModel) {
    let log = run.log();
    let from = if run.follow { 0 } else { run.scroll + 1 };
    let grave = |index: &usize| log[*index].level > Level::Info;
    let found = (from..log.len()).chain(0..from.min(log.len())).find(grave);
    if let Some(line) = found {
        go_to(run, line);
    }
}

/// Goes to the next line that the search finds; tells whether there is one. An empty search is found where one is.
pub(in crate::tui) fn find(run: &mut RunModel, forward: bool, from_here: bool) -> bool {
    let Some(needle) = run.search.as_ref().map(Search::needle) else {
        return false;
    };
    let log = run.log();
    if needle.is_empty() || log.is_empty() {
        return needle.is_empty();
    }
    let here = if run.follow { run.last_scroll() } else { run.scroll };
    let matches = |line: usize| log[line].line.to_lowercase().contains(&needle);
    let found = next_match(log.len(), here, forward, from_here, matches);
    if let Some(line) = found {
        go_to(run, line);
    }
    found.is_some()
}
