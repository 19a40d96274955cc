//! A run: its events become states of steps, progress and lines; keys move among them.

use jiff::Timestamp;

use super::model::{Ended, Item, LogLine, Pane, RunModel, StepRow, StepState};
use crate::domain::{Digest, Exit, Plan, StepId};
use crate::engine::{Event, EventKind, Level, RunId, StepOutcome, Unit};
use crate::tui::dialogs::Dialog;
use crate::tui::screens::keys::Action;
use crate::tui::screens::releases::update as releases;
use crate::tui::screens::runs::update as runs;
use crate::tui::screens::screen::Screen;
use crate::tui::session::{Effect, Message, Model, Notice};
use crate::tui::widgets::search::{Search, next_match};

/// Lines that are kept of a step; the journal keeps them all.
const LINES: usize = 20_000;

pub(in crate::tui) fn on_started(
    model: &mut Model,
    result: Result<(RunId, Box<Plan>), Message>,
    effects: &mut Vec<Effect>,
) {
    match result {
        Ok((id, plan)) => {
            model.dialogs.clear();
            model.runs.begin(RunModel::begun(id.clone(), *plan, model.now));
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
    let at = event.at;
    match event.happening {
        EventKind::RunStarted { .. } => run.started = at,
        EventKind::WorkflowRun {
            number,
            attempt,
            title,
            url,
        } => {
            let line = format!("run {number} on GitHub, attempt {attempt}: {title}  {url}");
            let level = Level::Info;
            let first = run.steps.first().map(|row| row.id);
            with(run, first, |row| log(row, LogLine { at, level, line }));
        }
        EventKind::StepAdded { added } => run.add(&added),
        EventKind::StepStarted { step } => {
            if let Some(index) = run.steps.iter().position(|row| row.id == step) {
                run.steps[index].state = StepState::Running(at);
                if run.along {
                    show(run, index);
                }
            }
        }
        EventKind::Log { step, level, line } => {
            // What the run itself says stands with its first step.
            let step = step.or_else(|| run.steps.first().map(|row| row.id));
            with(run, step, |row| log(row, LogLine { at, level, line }));
        }
        EventKind::ItemStarted {
            step,
            item: id,
            label,
            unit,
            total,
        } => with(run, Some(step), |row| {
            row.items.push(Item {
                id,
                label,
                unit,
                total,
                done: 0,
                result: None,
            });
        }),
        EventKind::ItemMoved { step, item, done } => with(run, Some(step), |row| {
            if let Some(item) = row.items.iter_mut().find(|known| known.id == item) {
                item.done = done.min(item.total);
            }
        }),
        EventKind::ItemDone { step, item, result } => {
            with(run, Some(step), |row| item_done(row, item, result))
        }
        EventKind::StepEnded { step, outcome } => {
            with(run, Some(step), |row| row.state = ended(row, outcome, at))
        }
        EventKind::RunEnded {
            exit,
            summary,
            hint,
            places,
        } => {
            run.ended = Some(Ended {
                at,
                exit,
                summary,
                hint,
                places,
            });
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
            tell_of_end(model, &event.run);
            effects.push(Effect::Refresh);
            releases::ask(model, effects);
        }
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

fn with(run: &mut RunModel, step: Option<StepId>, change: impl FnOnce(&mut StepRow)) {
    if let Some(row) = run.steps.iter_mut().find(|row| Some(row.id) == step) {
        change(row);
    }
}

/// An item that was there already never began.
fn item_done(row: &mut StepRow, id: String, result: String) {
    if let Some(item) = row.items.iter_mut().find(|item| item.id == id) {
        item.done = item.total;
        item.result = Some(result);
    } else {
        let label = id
            .parse()
            .map_or_else(|_| id.clone(), |digest: Digest| digest.short());
        row.items.push(Item {
            id,
            label,
            unit: Unit::Bytes,
            total: 0,
            done: 0,
            result: Some(result),
        });
    }
}

fn log(row: &mut StepRow, line: LogLine) {
    if row.log.len() >= LINES {
        let at = line.at;
        row.log.drain(..LINES / 10);
        let told = "earlier lines are only in the journal".to_owned();
        row.log.insert(
            0,
            LogLine {
                at,
                level: Level::Info,
                line: told,
            },
        );
    }
    row.log.push(line);
}

fn ended(row: &StepRow, outcome: StepOutcome, at: Timestamp) -> StepState {
    let took = match row.state {
        StepState::Running(since) => at.as_millisecond() - since.as_millisecond(),
        _ => 0,
    };
    match outcome {
        StepOutcome::Done(what) => StepState::Done(took, what),
        StepOutcome::Nothing(why) => StepState::Nothing(why),
        StepOutcome::Refused(why) => StepState::Refused(why),
        StepOutcome::Failed(why) => StepState::Failed(took, why),
        StepOutcome::Interrupted => StepState::Interrupted,
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
            let text = "stopping: completed work is kept, and the same command resumes the run".to_owned();
            model.notice = Some(Notice { text, grave: false });
            effects.push(Effect::Stop(run.id.clone()));
        }
        Action::Watch => runs::open(model),
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
    show(run, index);
}

fn show(run: &mut RunModel, index: usize) {
    if run.selected != index {
        run.selected = index;
        run.scroll = 0;
        run.follow = true;
    }
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
