//! Tells the configured webhooks how a run ended. They are told after its end is in the journal, and whether they could be
//! told changes nothing about it.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::run::event::{Event, EventKind};
use super::run::journal::JournalError;
use super::run::listener::Listener;
use crate::domain::{Exit, Notification, NotifySettings, RunOutcome};
use crate::http::{deliver, read_secret};

/// How long all webhooks together are given.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Waits for the end of the run that it hears, and passes it on.
pub(in crate::engine) struct OutcomeListener {
    outcome: Option<RunOutcome>,
    sender: Option<oneshot::Sender<RunOutcome>>,
}

impl Listener for OutcomeListener {
    fn hear(&mut self, event: &Event) -> Result<(), JournalError> {
        match &event.happening {
            EventKind::RunStarted { plan, actor, .. } => {
                self.outcome = Some(RunOutcome {
                    run: event.run.to_string(),
                    operation: plan.operation.name(),
                    service: plan.service.clone(),
                    environment: plan.operation.environment().cloned(),
                    digest: plan.digest.clone(),
                    outcome: Exit::Failed,
                    summary: String::new(),
                    hint: None,
                    actor: actor.clone(),
                    started: event.at,
                    duration_seconds: 0,
                });
            }
            EventKind::RunEnded {
                exit,
                summary,
                hint,
                places,
            } => {
                if let (Some(outcome), Some(sender)) = (self.outcome.take(), self.sender.take()) {
                    let made = places.first().map(|place| place.digest.clone());
                    // Whoever would have passed it on is gone only together with the process.
                    let _ = sender.send(RunOutcome {
                        digest: outcome.digest.or(made),
                        outcome: *exit,
                        summary: summary.clone(),
                        hint: hint.clone(),
                        duration_seconds: event.at.duration_since(outcome.started).as_secs().max(0),
                        ..outcome
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// What hears a run, and the task that tells `webhooks` of its end. The task ends with what could not be delivered, in words.
pub(in crate::engine) fn of_run(webhooks: Vec<NotifySettings>) -> (OutcomeListener, JoinHandle<Vec<String>>) {
    let (sender, receiver) = oneshot::channel();
    let listener = OutcomeListener {
        outcome: None,
        sender: Some(sender),
    };
    let task = tokio::spawn(async move {
        match receiver.await {
            Ok(outcome) => tell_all(&webhooks, outcome).await,
            Err(_) => Vec::new(),
        }
    });
    (listener, task)
}

/// Tells `webhooks` of the end of a run that the engine did not carry out, by its events. What could not be delivered, in words.
pub async fn notify_of(webhooks: &[NotifySettings], events: &[Event]) -> Vec<String> {
    let (sender, mut receiver) = oneshot::channel();
    let mut listener = OutcomeListener {
        outcome: None,
        sender: Some(sender),
    };
    for event in events {
        // It keeps what it hears, and nothing of that can fail.
        let _ = listener.hear(event);
    }
    match receiver.try_recv() {
        Ok(outcome) => tell_all(webhooks, outcome).await,
        Err(_) => Vec::new(),
    }
}

async fn tell_all(webhooks: &[NotifySettings], outcome: RunOutcome) -> Vec<String> {
    let notification = Notification::Run(outcome);
    let told = webhooks.iter().filter(|webhook| webhook.covers(&notification));
    let results = join_all(told.map(|webhook| tell_in_time(webhook, &notification))).await;
    results.into_iter().filter_map(Result::err).collect()
}

async fn tell_in_time(webhook: &NotifySettings, notification: &Notification) -> Result<(), String> {
    let told = tokio::time::timeout(TIME_LIMIT, tell(webhook, notification)).await;
    let told = told.unwrap_or_else(|_| {
        let url = webhook.url.service_url(notification.service());
        let host = url.map_or_else(
            |_| "a webhook".to_owned(),
            |url| url.origin().ascii_serialization(),
        );
        Err(format!("{host} takes longer than {} s", TIME_LIMIT.as_secs()))
    });
    told.map_err(|why| format!("notification not delivered: {why}"))
}

async fn tell(webhook: &NotifySettings, notification: &Notification) -> Result<(), String> {
    let url = webhook.url.service_url(notification.service());
    let url = url.map_err(|error| format!("the URL {error}"))?;
    let document = notification.document(webhook.form);
    let document = document.map_err(|error| error.to_string())?;
    let secret = webhook.secret_file.as_deref().map(read_secret).transpose()?;
    let cancel = CancellationToken::new();
    deliver(&url, &document, secret.as_ref(), TIME_LIMIT, &cancel).await
}
