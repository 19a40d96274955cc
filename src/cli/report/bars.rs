//! Progress on a terminal: a bar for each layer that moves, lines for all that stays.

use std::collections::HashMap;
use std::io::Write as _;

use indicatif::{MultiProgress, ProgressBar};
use jiff::Timestamp;

use super::plain::{ended, outcome_line, seconds};
use super::reporter::Reporter;
use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::cli::symbols::in_ascii;
use crate::cli::waiting::style;
use crate::domain::Digest;
use crate::engine::{Event, EventKind, Level};

pub(super) struct Bars {
    screen: MultiProgress,
    ascii: bool,
    step: Option<ProgressBar>,
    started: Option<Timestamp>,
    blobs: HashMap<Digest, ProgressBar>,
}

impl Bars {
    pub(super) fn new(ascii: bool) -> Self {
        Self {
            screen: MultiProgress::new(),
            ascii,
            step: None,
            started: None,
            blobs: HashMap::new(),
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
                self.line(&format!(
                    "run {}: {} (plan {hash})",
                    event.run.short(),
                    plan.operation.title()
                ))?;
            }
            EventKind::StepStarted { step } => {
                let spinner = self.screen.add(ProgressBar::new_spinner());
                spinner.set_style(style("{spinner} {msg}", self.ascii));
                spinner.set_message(step.word());
                spinner.enable_steady_tick(std::time::Duration::from_millis(100));
                self.step = Some(spinner);
                self.started = Some(event.at);
            }
            EventKind::Log {
                level: Level::Info, ..
            } => {}
            EventKind::Log { step, line, .. } => self.line(&format!("! {step:<7} {line}"))?,
            EventKind::BlobStarted { digest, size, .. } => {
                let bar = self.screen.add(ProgressBar::new(*size));
                bar.set_style(style(
                    "    {prefix} {bar:30} {bytes:>10}/{total_bytes:10} {bytes_per_sec}",
                    self.ascii,
                ));
                bar.set_prefix(digest.short());
                self.blobs.insert(digest.clone(), bar);
            }
            EventKind::BlobMoved { digest, moved, .. } => {
                if let Some(bar) = self.blobs.get(digest) {
                    bar.set_position(*moved);
                }
            }
            EventKind::BlobDone { digest, .. } => {
                if let Some(bar) = self.blobs.remove(digest) {
                    bar.finish_and_clear();
                }
            }
            EventKind::StepEnded { step, outcome } => {
                for (_, bar) in self.blobs.drain() {
                    bar.finish_and_clear();
                }
                if let Some(spinner) = self.step.take() {
                    spinner.finish_and_clear();
                }
                let took = self.started.map(|at| seconds(at, event.at)).unwrap_or_default();
                self.line(&format!("{} {took}", outcome_line(step.word(), outcome)))?;
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
