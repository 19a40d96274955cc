//! What GitHub Actions shows of a run: an error for each gate that refused and each step that failed, and a summary.

use std::fmt::Write as _;
use std::io::Write as _;

use super::workflow::{MOST, add_to_summary, cell, data, property};
use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::cli::report::reporter::Reporter;
use crate::cli::report::steps::Steps;
use crate::domain::Exit;
use crate::engine::{Event, EventKind, Level, Place, StepOutcome};

/// Gathers what happens in a run, and tells GitHub at its end.
#[derive(Default)]
pub struct RunAnnotations {
    steps: Steps,
    title: String,
    /// The errors of the log, each with its step.
    errors: Vec<(String, String)>,
    /// The steps that ended, and how.
    ended: Vec<(String, StepOutcome)>,
}

impl Reporter for RunAnnotations {
    fn show(&mut self, event: &Event, io: &mut Output) -> Result<(), Failure> {
        match &event.happening {
            EventKind::RunStarted { plan, .. } => {
                self.steps = Steps::of_plan(plan);
                self.title = plan.operation.title();
            }
            EventKind::StepAdded { added } => self.steps.add(added),
            EventKind::Log {
                step,
                level: Level::Error,
                line,
            } => self
                .errors
                .push((self.steps.word(*step).to_owned(), line.clone())),
            EventKind::StepEnded { step, outcome } => {
                self.ended
                    .push((self.steps.word(Some(*step)).to_owned(), outcome.clone()));
            }
            EventKind::RunEnded {
                exit,
                summary,
                hint,
                places,
            } => {
                for line in self.annotations(*exit, summary, hint.as_deref()) {
                    writeln!(io.err, "{line}")?;
                }
                add_to_summary(&self.summary(summary, hint.as_deref(), places))?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl RunAnnotations {
    /// The workflow commands of a run that ended so; none of one that is done.
    fn annotations(&self, exit: Exit, summary: &str, hint: Option<&str>) -> Vec<String> {
        if exit == Exit::Done {
            return Vec::new();
        }
        // The last one says how the run ended.
        let errors = self.errors.iter().take(MOST - 1);
        let mut lines: Vec<_> = errors
            .map(|(step, line)| {
                let title = property(&format!("{}: {step}", self.title));
                format!("::error title={title}::{}", data(line))
            })
            .collect();
        let hint = hint.map_or_else(String::new, |hint| format!("\nhint: {hint}"));
        lines.push(format!(
            "::error title={}::{}",
            property(&self.title),
            data(&format!("{summary}{hint}"))
        ));
        lines
    }

    /// The run in Markdown.
    fn summary(&self, summary: &str, hint: Option<&str>, places: &[Place]) -> String {
        let mut text = format!("## {}\n\n{}\n", cell(&self.title), cell(summary));
        if let Some(hint) = hint {
            let _ = writeln!(text, "\nhint: {}", cell(hint));
        }
        if !self.ended.is_empty() {
            text.push_str("\n| step | | |\n|---|---|---|\n");
        }
        for (step, outcome) in &self.ended {
            let (word, why) = outcome.words();
            let _ = writeln!(text, "| {step} | {word} | {} |", cell(why));
        }
        if !places.is_empty() {
            text.push_str("\n| environment | image |\n|---|---|\n");
        }
        for place in places {
            let image = cell(&place.image.to_string());
            let _ = writeln!(text, "| {} | {image} |", place.environment);
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> RunAnnotations {
        RunAnnotations {
            title: "promote to prod".to_owned(),
            errors: vec![(
                "gate".to_owned(),
                "scan: refused, 2 critical, 100% of\nthem | <new>".to_owned(),
            )],
            ended: vec![("gate".to_owned(), StepOutcome::Refused("scan | <b>".to_owned()))],
            ..RunAnnotations::default()
        }
    }

    #[test]
    fn a_refused_run_ends_with_an_error_for_each_gate_that_cannot_be_broken_out_of() {
        let lines = refused().annotations(Exit::Refused, "promote to prod stopped: a: b", Some("fix it"));
        assert_eq!(
            lines,
            [
                "::error title=promote to prod%3A gate::scan: refused, 2 critical, 100%25 of%0Athem | <new>",
                "::error title=promote to prod::promote to prod stopped: a: b%0Ahint: fix it",
            ]
        );
    }

    #[test]
    fn a_run_that_is_done_has_a_summary_and_no_error() {
        let run = refused();
        assert!(
            run.annotations(Exit::Done, "promote to prod is done", None)
                .is_empty()
        );
        let text = run.summary("promote to prod is done", None, &[]);
        assert!(text.contains("| gate | refused | scan \\| &lt;b> |"), "{text}");
    }

    #[test]
    fn github_gets_no_more_errors_than_it_keeps_and_the_last_says_how_the_run_ended() {
        let mut run = refused();
        run.errors = vec![run.errors[0].clone(); 40];
        let lines = run.annotations(Exit::Refused, "stopped", None);
        assert_eq!(lines.len(), MOST);
        assert_eq!(lines[MOST - 1], "::error title=promote to prod::stopped");
    }
}
