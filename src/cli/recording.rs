//! Commands that write, and that the engine does not plan, leave a journal all the same: `check`, `copy`, `registry rm` and
//! `scan --attach`.

use std::io::Write as _;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::Output;
use super::failure::Failure;
use super::report::github;
use crate::config::Config;
use crate::domain::{
    Confirmation, Costs, Digest, Exit, NotifySettings, Operation, Plan, PlannedStep, Repository, ServiceName,
    StepId, WriteAccess,
};
use crate::engine::{Event, Journals, RecordedRun, StepOutcome, notify_of, record_change};
use crate::git::GitRepository;
use crate::program::cancel_on_signal;
use crate::registry::Writer;
use crate::state;

/// A command that is recorded.
pub struct Recording {
    /// The run.
    pub run: RecordedRun,
    events: UnboundedReceiver<Event>,
    webhooks: Vec<NotifySettings>,
}

/// What a command does, as a plan: nothing is judged, and nothing confirmed in it.
pub fn plan(
    operation: impl Into<Operation>,
    service: ServiceName,
    digest: Option<Digest>,
    steps: Vec<PlannedStep>,
) -> Plan {
    Plan {
        operation: operation.into(),
        service,
        commit: None,
        tag: None,
        digest,
        gates: Vec::new(),
        steps,
        costs: Costs::default(),
        confirmation: Confirmation::Plain,
    }
}

/// The service that a repository is of, where no project says so: the last part of its path.
pub fn service_of(repository: &Repository) -> Result<ServiceName, Failure> {
    let path = repository.path();
    let name = path.rsplit('/').next().unwrap_or(path);
    let fitting: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let parsed = fitting.trim_matches('-').parse();
    parsed.map_err(|error: crate::domain::NameError| Failure::from(color_eyre::Report::new(error)))
}

/// The journals of what belongs to no project.
pub fn journals_of_no_project() -> Journals {
    Journals::of_project(&state::folder_of_user())
}

impl Recording {
    /// Begins to record; the webhooks of `config` are told of the end.
    pub fn begin(
        journals: &Journals,
        plan: &Plan,
        access: WriteAccess,
        config: Option<&Config>,
    ) -> Result<Self, Failure> {
        let here = std::env::current_dir().ok();
        let identity = here.and_then(|here| GitRepository::discover(&here).ok()?.identity());
        let (run, events) = RecordedRun::begin(journals, plan, access, identity)?;
        let webhooks = config.map_or_else(Vec::new, |config| config.notify.clone());
        Ok(Self {
            run,
            events,
            webhooks,
        })
    }

    /// Records the only step of a command, which came to `result`, and its end.
    pub async fn end_with<T>(
        self,
        step: StepId,
        done: &str,
        result: Result<T, Failure>,
        io: &mut Output,
    ) -> Result<T, Failure> {
        let outcome = match &result {
            Ok(_) => StepOutcome::Done(done.to_owned()),
            Err(failure) => outcome_of(failure),
        };
        let kept = self.run.step_ended(step, outcome);
        let why = result.as_ref().err().map(|failure| failure.report.to_string());
        let exit = result
            .as_ref()
            .map_or_else(|failure| failure.exit, |_| Exit::Done);
        let hint = result.as_ref().err().and_then(|failure| failure.hint.clone());
        self.end(exit, why.as_deref(), hint, io).await?;
        let result = result?;
        kept?;
        Ok(result)
    }

    /// Records the end, and tells GitHub of it where this goes on there, and the webhooks.
    pub async fn end(
        self,
        exit: Exit,
        why: Option<&str>,
        hint: Option<String>,
        io: &mut Output,
    ) -> Result<(), Failure> {
        let events = self.end_quietly(exit, why, hint, io).await;
        if github::is_here() {
            github::tell_of(&events, io)?;
        }
        Ok(())
    }

    /// Records the end, and tells the webhooks alone.
    pub async fn end_quietly(
        mut self,
        exit: Exit,
        why: Option<&str>,
        hint: Option<String>,
        io: &mut Output,
    ) -> Vec<Event> {
        self.run.end(exit, why, hint);
        let mut events = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            events.push(event);
        }
        let ended = CancellationToken::new();
        let _handling = cancel_on_signal(&ended);
        tokio::select! {
            undelivered = notify_of(&self.webhooks, &events) => {
                for why in undelivered {
                    // What becomes of the output decides nothing about the run.
                    let _ = writeln!(io.err, "warning: {why}");
                }
            }
            () = ended.cancelled() => {}
        }
        events
    }
}

/// Leaves with `digest` that `run` changed it, where an environment of `config` has its images where `writer` writes. Why that
/// could not be left, in words.
pub async fn leave_record(
    run: &RecordedRun,
    step: StepId,
    config: Option<&Config>,
    writer: &Writer,
    digest: &Digest,
    change: &str,
) -> Option<String> {
    let environment = config?.environments_in(writer.repository()).next()?;
    record_change(run, step, writer, digest, &environment.name, change).await
}

/// How a step ended that failed.
pub fn outcome_of(failure: &Failure) -> StepOutcome {
    match failure.exit {
        Exit::Interrupted => StepOutcome::Interrupted,
        Exit::Refused => StepOutcome::Refused(failure.report.to_string()),
        _ => StepOutcome::Failed(failure.report.to_string()),
    }
}
