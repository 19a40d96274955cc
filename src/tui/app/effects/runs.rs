//! The runs that were not begun in this console: read from their journals, listed and followed on GitHub, and what waits in
//! them approved or rejected.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::followed::FollowedRun;
use super::{Effects, message, of_engine};
use crate::domain::{Clean, ServiceName};
use crate::engine::{
    self, DeploymentReview, Engine, Event, EventKind, FollowOptions, JournalError, Journals, RunId,
};
use crate::tui::screens::run::model::workflow_steps;
use crate::tui::screens::runs::PastRun;
use crate::tui::session::Msg;

/// How many of the newest runs of this machine are listed.
const MAX_PAST: usize = 50;
/// How many of the newest runs on GitHub are listed.
const MAX_REMOTE: usize = 50;

impl Effects {
    /// Reads something off the threads that serve the network, and tells the answer.
    fn read_journals(&self, answer: impl FnOnce(&Journals, &ServiceName) -> Msg + Send + 'static) {
        let (journals, service) = (self.engine.journals(), self.service.name().clone());
        let messages = self.messages.clone();
        tokio::task::spawn_blocking(move || messages.send(answer(&journals, &service)));
    }

    pub(super) fn past_runs(&self) {
        self.read_journals(|journals, service| {
            let past = past_runs(journals, service);
            Msg::PastRuns(past.map_err(|error| {
                message(
                    "Could not read the runs",
                    &error.to_string(),
                    error.hint().as_deref(),
                )
            }))
        });
    }

    pub(super) fn replay(&self, id: RunId) {
        self.read_journals(move |journals, _| {
            let events = journals.read(&id);
            Msg::Replayed(events.map_err(|error| {
                message(
                    "Could not read the run",
                    &error.to_string(),
                    error.hint().as_deref(),
                )
            }))
        });
    }

    pub(super) fn remote_runs(&self) {
        self.read(|engine, _| async move {
            let runs = engine.remote_runs(MAX_REMOTE).await;
            Msg::RemoteRuns(runs.map_err(|error| of_engine("Could not list the runs on GitHub", &error)))
        });
    }

    pub(super) fn waiting_run(&self, ticket: u64, number: u64) {
        self.read(move |engine, _| async move {
            let waiting = engine.waiting_run(number).await.map(Box::new);
            Msg::WaitingRun(
                ticket,
                waiting.map_err(|error| of_engine("Could not ask what waits", &error)),
            )
        });
    }

    pub(super) fn review(&self, review: DeploymentReview) {
        let Some(access) = self.access else {
            let why = message(
                "Read-only",
                "this console is read-only, and a review writes",
                None,
            );
            return self.tell(Msg::Reviewed(review, Err(why)));
        };
        self.read(move |engine, service| async move {
            let done = engine.review_deployment(service.name(), &review, access).await;
            let title = if review.approved {
                "Not approved"
            } else {
                "Not rejected"
            };
            Msg::Reviewed(review, done.map_err(|error| of_engine(title, &error)))
        });
    }

    /// Follows a run to its end, or until somebody stops following.
    pub(super) fn follow(&mut self, number: u64) {
        let id = RunId::of_workflow_run(number);
        self.followed.retain(|run| !run.task.is_finished());
        if self.followed.iter().any(|run| run.id == id) {
            return;
        }
        let cancel = CancellationToken::new();
        let (engine, messages) = (Arc::clone(&self.engine), self.messages.clone());
        let (run, stop) = (id.clone(), cancel.clone());
        let task = tokio::spawn(async move {
            let mut tell = |happening| {
                messages.send(Msg::Event(Event {
                    run: run.clone(),
                    at: Timestamp::now(),
                    happening,
                }));
            };
            let end = follow(&engine, number, &mut tell, &stop).await;
            tell(end);
        });
        self.followed.push(FollowedRun { id, cancel, task });
    }
}

async fn follow(
    engine: &Engine,
    number: u64,
    tell: &mut (dyn FnMut(EventKind) + Send),
    stop: &CancellationToken,
) -> EventKind {
    let failed = |summary: String, exit, hint| EventKind::RunEnded {
        exit,
        summary,
        hint,
        places: Vec::new(),
    };
    let github = match engine.github() {
        Ok(Some(github)) => github,
        Ok(None) => {
            let summary = "the repository is not known to be on GitHub".to_owned();
            return failed(summary, crate::domain::Exit::Usage, None);
        }
        Err(error) => return failed(error.to_string(), error.exit(), error.hint()),
    };
    let options = FollowOptions::new(engine.config().github.poll);
    let followed = engine::follow(github, number, workflow_steps(), &options, tell, stop).await;
    followed.end("the workflow").into()
}

/// The newest runs of `service` that have a journal; one that cannot be read is left out.
fn past_runs(journals: &Journals, service: &ServiceName) -> Result<Vec<PastRun>, JournalError> {
    let mut past = Vec::new();
    for id in journals.runs()? {
        if past.len() == MAX_PAST {
            break;
        }
        match journals.ends(&id) {
            Ok(Some((first, last))) => past.extend(past_run(first, &last, service)),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a journal cannot be listed"),
        }
    }
    Ok(past)
}

fn past_run(first: Event, last: &Event, service: &ServiceName) -> Option<PastRun> {
    let EventKind::RunStarted { plan, actor, .. } = first.happening else {
        return None;
    };
    let ended = match &last.happening {
        EventKind::RunEnded { exit, .. } => Some((*exit, last.at)),
        _ => None,
    };
    (plan.service == *service).then(|| PastRun {
        id: first.run,
        title: plan.operation.title(),
        started: first.at,
        ended,
        digest: plan.digest,
        actor: Clean::line(&actor).to_string(),
    })
}
