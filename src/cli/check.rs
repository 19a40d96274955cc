//! `windlass check`.

use std::io::{self, Write as _};
use std::path::Path;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::global::Global;
use super::output::Versioned;
use super::recording::{self, Recording};
use super::report::{github, junit, sarif};
use super::world::World;
use super::{Output, operation, table};
use crate::domain::operation::Check;
use crate::domain::{Exit, Plan, StepId, StepKind, StepList, WriteAccess};
use crate::engine::{
    self, CheckEvent, CheckOptions, CheckOutcome, CheckReport, CheckStep, EngineError, Level, RecordedRun,
    StepOutcome,
};
use crate::program::cancel_on_signal;

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass check\n  \
         windlass check --skip test --fail-fast\n  \
         windlass check --json\n\
         SBOMs and reports are written to the folder `artifacts` (check.artifacts in windlass.toml). Exits with \
         3 if something is found, 1 if a tool is missing or fails.")]
pub struct CheckArgs {
    /// Stop at the first step that does not pass
    #[arg(long)]
    pub fail_fast: bool,
    /// Steps to skip
    #[arg(long, value_name = "STEP", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(CheckStep::ALL.map(CheckStep::word)))]
    pub skip: Vec<String>,
    /// Print the steps, without running them
    #[arg(long)]
    pub dry_run: bool,
    /// Print events and result as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Finished<'a> {
    event: &'static str,
    exit: u8,
    report: &'a CheckReport,
}

/// Checks, shows how it goes, and leaves the reports.
pub async fn run(args: &CheckArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    engine::must_be_trusted(world.engine.config())?;
    let options = CheckOptions {
        fail_fast: args.fail_fast,
        skip: CheckStep::ALL
            .into_iter()
            .filter(|step| args.skip.iter().any(|name| name == step.word()))
            .collect(),
    };
    let (plan, steps) = plan_of(&world)?;
    if args.dry_run {
        operation::show_recorded(&plan, args.json, io)?;
        return Ok(Exit::Done);
    }
    // Read-only, it writes no more than its reports.
    let recording = WriteAccess::unless_read_only(global.read_only)
        .map(|access| {
            let config = world.engine.config();
            Recording::begin(&world.engine.journals(), &plan, access, Some(config))
        })
        .transpose()?;
    let cancel = CancellationToken::new();
    let handling = cancel_on_signal(&cancel);
    let (sender, mut events) = unbounded_channel();
    let checking = async {
        let tell = |event| {
            let _ = sender.send(event);
        };
        let report = world.engine.check(&world.service, &options, &tell, &cancel).await;
        drop(sender);
        report
    };
    let showing = async {
        // Whoever stops reading does not stop the check: its verdict and its reports are for others, too.
        let mut shown = Ok(());
        while let Some(event) = events.recv().await {
            if let Some(recording) = &recording
                && let Err(failure) = record(&recording.run, &steps, &event)
                && shown.is_ok()
            {
                shown = Err(failure);
            }
            if shown.is_ok() {
                shown = show(&event, args.json, io);
            }
        }
        shown
    };
    let (report, shown) = tokio::join!(checking, showing);
    drop(handling);
    if let Some(recording) = recording {
        end_recording(recording, &report, io).await;
    }
    let report = report?;
    leave(&report)?;
    match shown.and_then(|()| conclude(&report, args.json, io)) {
        Ok(()) => Ok(report.exit()),
        Err(failure) if report.exit() == Exit::Done => Err(failure),
        // What was found is graver than that somebody could not read it.
        Err(failure) => {
            let _ = failure.print(&mut io.err);
            Ok(report.exit())
        }
    }
}

/// The steps of a check, as a plan, and the id of each.
fn plan_of(world: &World) -> Result<(Plan, Vec<(CheckStep, StepId)>), Failure> {
    let service = world.engine.config().service(world.service.name());
    let service = service.ok_or_else(|| EngineError::UnknownService(world.service.name().clone()))?;
    let dockerfile = service.dockerfile_in_repository().display().to_string();
    let mut list = StepList::default();
    let steps = CheckStep::ALL.map(|step| (step, list.add(kind_of(step), title_of(step))));
    let name = world.service.name().clone();
    let plan = recording::plan(Check { dockerfile }, name, None, list.into());
    Ok((plan, steps.to_vec()))
}

const fn kind_of(step: CheckStep) -> StepKind {
    match step {
        CheckStep::Lint => StepKind::Lint,
        CheckStep::Image => StepKind::Build,
        CheckStep::Sbom => StepKind::Sbom,
        CheckStep::Scan => StepKind::Scan,
        CheckStep::Test => StepKind::Test,
    }
}

const fn title_of(step: CheckStep) -> &'static str {
    match step {
        CheckStep::Lint => "the Dockerfile",
        CheckStep::Image => "the image, on this machine",
        CheckStep::Sbom => "what is in the image",
        CheckStep::Scan => "the image, by the scan policy",
        CheckStep::Test => "the structure of the image",
    }
}

/// Keeps in the journal what happens in a check.
fn record(run: &RecordedRun, steps: &[(CheckStep, StepId)], event: &CheckEvent) -> Result<(), Failure> {
    let id = |step: CheckStep| steps.iter().find(|(known, _)| *known == step).map(|(_, id)| *id);
    match event {
        CheckEvent::Started { step } => {
            if let Some(id) = id(*step) {
                run.step_started(id);
            }
        }
        CheckEvent::Log { step, line } => {
            if let Some(id) = id(*step) {
                run.log(id, Level::Info, line);
            }
        }
        CheckEvent::Ended(checked) => {
            let what = checked.outcome.what().to_owned();
            let outcome = match &checked.outcome {
                CheckOutcome::Passed { .. } => StepOutcome::Done(what),
                CheckOutcome::Found { .. } => StepOutcome::Refused(what),
                CheckOutcome::Broken { .. } => StepOutcome::Failed(what),
                CheckOutcome::NotRun { .. } | CheckOutcome::Off { .. } => StepOutcome::Nothing(what),
            };
            if let Some(id) = id(checked.step) {
                run.step_ended(id, outcome)?;
            }
        }
    }
    Ok(())
}

/// Keeps how a check ended. What GitHub is to show of it, the check tells by itself.
async fn end_recording(recording: Recording, report: &Result<CheckReport, EngineError>, io: &mut Output) {
    let (exit, why, hint) = match report {
        Ok(report) if report.exit() == Exit::Done => (Exit::Done, None, None),
        Ok(report) => {
            let failing = report.steps.iter().filter(|step| !step.outcome.passes());
            let steps: Vec<_> = failing.map(|step| step.step.word()).collect();
            let why = format!("not passed: {}", steps.join(", "));
            (report.exit(), Some(why), None)
        }
        Err(error) => (error.exit(), Some(error.to_string()), error.hint()),
    };
    recording.end_quietly(exit, why.as_deref(), hint, io).await;
}

/// The result as a whole, for whoever reads the output, and for GitHub.
fn conclude(report: &CheckReport, json: bool, io: &mut Output) -> Result<(), Failure> {
    if github::is_here() {
        for line in github::annotations(report) {
            writeln!(io.err, "{line}")?;
        }
        github::summarise(report)?;
    }
    if json {
        io.json_line(&Finished {
            event: "finished",
            exit: report.exit().code(),
            report,
        })?;
    } else {
        print(report, io)?;
    }
    Ok(io.out.flush()?)
}

fn show(event: &CheckEvent, json: bool, io: &mut Output) -> Result<(), Failure> {
    if json {
        return io.json_line(event);
    }
    match event {
        CheckEvent::Started { .. } => {}
        CheckEvent::Log { step, line } => writeln!(io.err, "  {step:<7} {line}")?,
        CheckEvent::Ended(checked) => {
            let (word, what) = (checked.outcome.word(), checked.outcome.what());
            let mark = mark(&checked.outcome);
            writeln!(io.err, "{mark} {:<7} {word}: {what}", checked.step)?;
        }
    }
    Ok(())
}

const fn mark(outcome: &CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Passed { .. } => "✓",
        CheckOutcome::Found { .. } | CheckOutcome::Broken { .. } => "✗",
        CheckOutcome::NotRun { .. } | CheckOutcome::Off { .. } => "·",
    }
}

/// The result as a table, with what to do about tools that broke.
fn print(report: &CheckReport, io: &mut Output) -> Result<(), Failure> {
    let head = ["STEP", "", "TIME", ""].map(str::to_owned).to_vec();
    let steps = report.steps.iter().map(|checked| {
        vec![
            checked.step.to_string(),
            format!("{} {}", mark(&checked.outcome), checked.outcome.word()),
            format!("{:.1} s", seconds(checked.milliseconds)),
            checked.outcome.what().to_owned(),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(steps).collect();
    table::print(&rows, None, &mut io.out)?;
    for checked in &report.steps {
        if let CheckOutcome::Broken { hint: Some(hint), .. } = &checked.outcome {
            writeln!(io.out, "  {}: {hint}", checked.step)?;
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a step does not take a thousand years")]
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

/// Leaves the reports that other programs read.
fn leave(report: &CheckReport) -> Result<(), Failure> {
    let folder = &report.artifacts;
    let uri = report.dockerfile.display().to_string();
    let findings = report
        .judgement
        .as_ref()
        .map_or(&[][..], |judgement| &judgement.findings);
    let log = sarif::log([sarif::of_lint(&report.lint, &uri), sarif::of_scan(findings, &uri)]);
    let write = |name: &str, text: &str| write(&folder.join(name), text);
    write("check.sarif", &serde_json::to_string_pretty(&log)?)?;
    write(
        "check.json",
        &serde_json::to_string_pretty(&Versioned::new(report))?,
    )?;
    if !report.tests.is_empty() {
        write("structure-test.junit.xml", &junit::of_tests(&report.tests))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        let error = io::Error::new(
            error.kind(),
            format!("could not write {}: {error}", path.display()),
        );
        Failure::from(error)
    })
}
