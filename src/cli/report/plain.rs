//! Lines for logs and pipes: no colour, no cursor movements, one thing a line.

use std::io::Write;

use jiff::Timestamp;

use super::reporter::Reporter;
use super::steps::Steps;
use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::domain::Exit;
use crate::engine::{Event, EventKind, Level, Place, StepOutcome};
use crate::report::workflow_run;

/// Shows a run line by line.
#[derive(Default)]
pub(super) struct Plain {
    steps: Steps,
}

impl Reporter for Plain {
    fn show(&mut self, event: &Event, io: &mut Output) -> Result<(), Failure> {
        let out = &mut io.out;
        match &event.happening {
            EventKind::RunStarted { plan, hash, actor } => {
                self.steps = Steps::of_plan(plan);
                writeln!(
                    out,
                    "run {}: {} (plan {hash}, {actor})",
                    event.run.short(),
                    plan.operation.title()
                )?;
                if let Some(digest) = &plan.digest {
                    writeln!(out, "  {digest}")?;
                }
            }
            EventKind::WorkflowRun {
                number,
                attempt,
                title,
                url,
            } => {
                writeln!(out, "{}", workflow_run(*number, *attempt, title))?;
                writeln!(out, "  {url}")?;
            }
            EventKind::StepAdded { added } => self.steps.add(added),
            EventKind::StepStarted { step } => self.steps.start(*step, event.at),
            EventKind::Log { step, level, line } => {
                let mark = match level {
                    Level::Info => "",
                    Level::Warning => "! ",
                    Level::Error => "✗ ",
                };
                writeln!(out, "  {:<7} {mark}{line}", self.steps.word(*step))?;
            }
            EventKind::StepEnded { step, outcome } => {
                let took = self
                    .steps
                    .end(*step)
                    .map(|at| seconds(at, event.at))
                    .unwrap_or_default();
                writeln!(
                    out,
                    "{} {took}",
                    outcome_line(self.steps.word(Some(*step)), outcome)
                )?;
            }
            EventKind::RunEnded {
                exit,
                summary,
                hint,
                places,
            } => {
                ended(out, *exit, summary, hint.as_deref(), places)?;
            }
            // That an approval is asked for is a line of the log as well.
            EventKind::ApprovalRequested { .. }
            | EventKind::ItemStarted { .. }
            | EventKind::ItemMoved { .. }
            | EventKind::ItemDone { .. } => {}
        }
        out.flush()?;
        Ok(())
    }
}

/// `✓ copy    24 MB moved`: how a step ended, symbol and word.
pub(super) fn outcome_line(step: &str, outcome: &StepOutcome) -> String {
    match outcome {
        StepOutcome::Done(words) => format!("✓ {step:<7} {words}"),
        StepOutcome::Nothing(why) => format!("✓ {step:<7} nothing to do: {why}"),
        StepOutcome::Refused(why) => format!("✗ {step:<7} {why}"),
        StepOutcome::Failed(why) => format!("✗ {step:<7} failed: {why}"),
        StepOutcome::Interrupted => format!("! {step:<7} interrupted"),
    }
}

/// The end of a run: the sentence, what to do now, and the proof.
pub(super) fn ended(
    out: &mut dyn Write,
    exit: Exit,
    summary: &str,
    hint: Option<&str>,
    places: &[Place],
) -> std::io::Result<()> {
    let symbol = if exit == Exit::Done { "✓" } else { "✗" };
    writeln!(out, "{symbol} {summary}")?;
    if let Some(hint) = hint {
        writeln!(out, "  hint: {hint}")?;
    }
    let width = places
        .iter()
        .map(|place| place.environment.as_str().len())
        .max()
        .unwrap_or(0);
    for place in places {
        writeln!(out, "  {:<width$}  {}", place.environment, place.image)?;
    }
    Ok(())
}

pub(super) fn seconds(from: Timestamp, to: Timestamp) -> String {
    let milliseconds = to.as_millisecond().saturating_sub(from.as_millisecond()).max(0);
    format!("({}.{} s)", milliseconds / 1000, milliseconds % 1000 / 100)
}
