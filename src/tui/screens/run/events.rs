//! The events of a run become states of steps, progress and lines.

use jiff::Timestamp;

use super::model::{Ended, Item, LogLine, RunModel, StepRow, StepState};
use crate::domain::{Digest, Exit, StepId};
use crate::engine::{Event, EventKind, Level, StepOutcome, Unit};
use crate::report::workflow_run;

/// Lines that are kept of a step; the journal keeps them all.
const LINES: usize = 20_000;

/// Takes an event of a run in.
pub(super) fn apply(run: &mut RunModel, event: Event) {
    let at = event.at;
    match event.happening {
        EventKind::RunStarted { .. } => run.started = at,
        EventKind::WorkflowRun {
            number,
            attempt,
            title,
            url,
        } => {
            if run.number.is_none() {
                run.goes_to_github();
            }
            let line = format!("{}  {url}", workflow_run(number, attempt, &title));
            let level = Level::Info;
            run.number = Some(number);
            run.page = Some(url);
            let first = run.steps.first().map(|row| row.id);
            with(run, first, |row| {
                log(row, LogLine { at, level, line });
                row.state = StepState::Running(at);
            });
        }
        EventKind::StepAdded { added } => run.add(&added),
        EventKind::StepStarted { step } => {
            if let Some(index) = run.steps.iter().position(|row| row.id == step) {
                run.steps[index].state = StepState::Running(at);
                if run.along {
                    run.show(index);
                }
            }
        }
        EventKind::Log { step, level, line } => {
            // What the run itself says stands with its first step.
            let step = step.or_else(|| run.steps.first().map(|row| row.id));
            with(run, step, |row| log(row, LogLine { at, level, line }));
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
            if run.number.is_some() {
                let first = run.steps.first().map(|row| row.id);
                let outcome = match exit {
                    Exit::Done => StepOutcome::Done(String::new()),
                    Exit::StillRunning | Exit::Interrupted => StepOutcome::Interrupted,
                    Exit::Refused => StepOutcome::Refused(summary.clone()),
                    _ => StepOutcome::Failed(summary.clone()),
                };
                with(run, first, |row| row.state = ended(row, outcome, at));
            }
            run.ended = Some(Ended {
                at,
                exit,
                summary,
                hint,
                places,
            });
        }
        item => apply_item(run, item),
    }
}

/// Takes in what happens to an item of a step.
fn apply_item(run: &mut RunModel, happening: EventKind) {
    match happening {
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
        _ => {}
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
