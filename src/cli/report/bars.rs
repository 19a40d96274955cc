//! Progress on a terminal: a bar for each layer that moves, lines for all that stays.

use std::collections::HashMap;
use std::io::Write as _;

use indicatif::{MultiProgress, ProgressBar};

use super::plain::{ended, outcome_line, seconds};
use super::reporter::Reporter;
use super::steps::Steps;
use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::cli::symbols::in_ascii;
use crate::cli::waiting::style;
use crate::engine::{Event, EventKind, Level, Unit};
use crate::report::workflow_run;

pub(super) struct Bars {
    screen: MultiProgress,
    ascii: bool,
    step: Option<ProgressBar>,
    items: HashMap<String, ProgressBar>,
    steps: Steps,
}

impl Bars {
    pub(super) fn new(ascii: bool) -> Self {
        Self {
            screen: MultiProgress::new(),
            ascii,
            step: None,
            items: HashMap::new(),
            steps: Steps::default(),
        }
    }

    fn line(&self, line: &str) -> Result<(), Failure> {
        let line = if self.ascii {
            in_ascii(line)
        } else {
            line.to_owned()
        };
        Ok(self.screen.println(line)?)
    }
}

impl Reporter for Bars {
    fn show(&mut self, event: &Event, io: &mut Output) -> Result<(), Failure> {
        match &event.happening {
            EventKind::RunStarted { plan, hash, .. } => {
                self.steps = Steps::of_plan(plan);
                self.line(&format!(
                    "run {}: {} (plan {hash})",
                    event.run.short(),
                    plan.operation.title()
                ))?;
            }
            EventKind::WorkflowRun {
                number,
                attempt,
                title,
                url,
            } => {
                self.line(&workflow_run(*number, *attempt, title))?;
                self.line(&format!("  {url}"))?;
            }
            EventKind::StepAdded { added } => self.steps.add(added),
            EventKind::StepStarted { step } => {
                let spinner = self.screen.add(ProgressBar::new_spinner());
                spinner.set_style(style("{spinner} {msg}", self.ascii));
                spinner.set_message(self.steps.word(Some(*step)).to_owned());
                spinner.enable_steady_tick(std::time::Duration::from_millis(100));
                if let Some(other) = self.step.replace(spinner) {
                    other.finish_and_clear();
                }
                self.steps.start(*step, event.at);
            }
            // What the run itself says is what a person waits for; that an approval is asked for is a line of it.
            EventKind::ApprovalRequested { .. }
            | EventKind::Log {
                level: Level::Info,
                step: Some(_),
                ..
            } => {}
            EventKind::Log { step, line, .. } => {
                self.line(&format!("! {:<7} {line}", self.steps.word(*step)))?
            }
            EventKind::ItemStarted {
                item,
                label,
                unit,
                total,
                ..
            } => {
                let bar = self.screen.add(ProgressBar::new(*total));
                bar.set_style(style(form(*unit), self.ascii));
                bar.set_prefix(label.clone());
                self.items.insert(item.clone(), bar);
            }
            EventKind::ItemMoved { item, done, .. } => {
                if let Some(bar) = self.items.get(item) {
                    bar.set_position(*done);
                }
            }
            EventKind::ItemDone { item, .. } => {
                if let Some(bar) = self.items.remove(item) {
                    bar.finish_and_clear();
                }
            }
            EventKind::StepEnded { step, outcome } => {
                for (_, bar) in self.items.drain() {
                    bar.finish_and_clear();
                }
                if let Some(spinner) = self.step.take() {
                    spinner.finish_and_clear();
                }
                let took = self
                    .steps
                    .end(*step)
                    .map(|at| seconds(at, event.at))
                    .unwrap_or_default();
                self.line(&format!(
                    "{} {took}",
                    outcome_line(self.steps.word(Some(*step)), outcome)
                ))?;
            }
            EventKind::RunEnded {
                exit,
                summary,
                hint,
                places,
            } => {
                self.screen.clear()?;
                ended(&mut io.out, *exit, summary, hint.as_deref(), places)?;
                io.out.flush()?;
            }
        }
        Ok(())
    }
}

/// The bar of an item.
const fn form(unit: Unit) -> &'static str {
    match unit {
        Unit::Bytes => "    {prefix} {bar:30} {bytes:>10}/{total_bytes:10} {bytes_per_sec}",
        Unit::Replicas => "    {prefix} {bar:30} {pos:>10}/{len:10} replicas",
        Unit::Jobs => "    {prefix} {bar:30} {pos:>10}/{len:10} jobs",
        Unit::Tags => "    {prefix} {bar:30} {pos:>10}/{len:10} tags",
    }
}
