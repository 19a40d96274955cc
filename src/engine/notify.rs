//! Tells the configured webhooks that a run waits for an approval, and how it ended. They are told after it is in the journal,
//! and whether they could be told changes nothing about the run.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Engine;
use super::run::event::{Event, EventKind};
use super::run::journal::JournalError;
use super::run::listener::Listener;
use crate::domain::{ApprovalRequest, Exit, Notification, NotifySettings, Plan, RunOutcome};
use crate::http::{deliver, read_secret};

/// How long all webhooks together are given.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long the release of a commit is looked for.
const RELEASE_TIME_LIMIT: Duration = Duration::from_secs(2);

/// Hears a run, and passes on what webhooks are told of it: the end comes last.
pub(in crate::engine) struct NotificationListener {
    started: Option<Started>,
    sender: UnboundedSender<Notification>,
}

/// What is known of a run since it began.
struct Started {
    plan: Plan,
    outcome: RunOutcome,
}

impl Started {
    fn new(event: &Event, plan: &Plan, actor: &str) -> Self {
        Self {
            plan: plan.clone(),
            outcome: RunOutcome {
                run: event.run.to_string(),
                operation: plan.operation.name(),
                service: plan.service.clone(),
                environment: plan.operation.environment().cloned(),
                digest: plan.digest.clone(),
                outcome: Exit::Failed,
                summary: String::new(),
                hint: None,
                actor: actor.to_owned(),
                started: event.at,
                duration_seconds: 0,
            },
        }
    }

    /// What is told of `event`; nothing of most.
    fn notification(&self, event: &Event) -> Option<Notification> {
        let begun = self.outcome.clone();
        Some(match &event.happening {
            EventKind::ApprovalRequested {
                number,
                attempt,
                url,
                environment,
                reviewers,
            } => Notification::Approval(ApprovalRequest {
                run: begun.run,
                operation: begun.operation,
                title: self.plan.operation.title(),
                service: begun.service,
                environment: begun.environment,
                digest: begun.digest,
                commit: self.plan.commit.clone(),
                release: None,
                workflow_run: *number,
                attempt: *attempt,
                url: url.clone(),
                github_environment: environment.clone(),
                reviewers: reviewers.clone(),
                hint: format!("run `windlass approve --github {number} --env {environment}`"),
                actor: begun.actor,
                at: event.at,
            }),
            EventKind::RunEnded {
                exit,
                summary,
                hint,
                places,
            } => {
                let made = places.first().map(|place| place.digest.clone());
                Notification::Run(RunOutcome {
                    digest: begun.digest.clone().or(made),
                    outcome: *exit,
                    summary: summary.clone(),
                    hint: hint.clone(),
                    duration_seconds: event.at.duration_since(begun.started).as_secs().max(0),
                    ..begun
                })
            }
            _ => return None,
        })
    }
}

impl Listener for NotificationListener {
    fn hear(&mut self, event: &Event) -> Result<(), JournalError> {
        if let EventKind::RunStarted { plan, actor, .. } = &event.happening {
            self.started = Some(Started::new(event, plan, actor));
        }
        let told = self.started.as_ref().and_then(|run| run.notification(event));
        if let Some(notification) = told {
            // Whoever would have passed it on is gone only together with the process.
            let _ = self.sender.send(notification);
        }
        Ok(())
    }
}

fn listener() -> (NotificationListener, UnboundedReceiver<Notification>) {
    let (sender, receiver) = unbounded_channel();
    let listener = NotificationListener {
        started: None,
        sender,
    };
    (listener, receiver)
}

/// What hears a run of `engine`, and the task that tells its webhooks. The task ends with what could not be delivered, in words.
pub(in crate::engine) fn of_run(engine: &Arc<Engine>) -> (NotificationListener, JoinHandle<Vec<String>>) {
    let (listener, mut receiver) = listener();
    let engine = Arc::clone(engine);
    let task = tokio::spawn(async move {
        let mut telling = Vec::new();
        while let Some(notification) = receiver.recv().await {
            let is_end = matches!(notification, Notification::Run(_));
            // A webhook that takes its time does not keep the next notification waiting.
            telling.push(tokio::spawn(tell_of_run(Arc::clone(&engine), notification)));
            if is_end {
                break;
            }
        }
        let told = join_all(telling).await;
        told.into_iter().flat_map(Result::unwrap_or_default).collect()
    });
    (listener, task)
}

async fn tell_of_run(engine: Arc<Engine>, mut notification: Notification) -> Vec<String> {
    if let Notification::Approval(request) = &mut notification {
        let release = engine.release_name(request.commit.as_ref());
        let release = tokio::time::timeout(RELEASE_TIME_LIMIT, release).await;
        request.release = release.ok().flatten();
    }
    tell_all(&engine.config().notify, notification).await
}

/// Tells `webhooks` of a run that the engine did not carry out, by its events. What could not be delivered, in words.
pub async fn notify_of(webhooks: &[NotifySettings], events: &[Event]) -> Vec<String> {
    let (mut listener, mut receiver) = listener();
    for event in events {
        // It keeps what it hears, and nothing of that can fail.
        let _ = listener.hear(event);
    }
    let mut undelivered = Vec::new();
    while let Ok(notification) = receiver.try_recv() {
        undelivered.extend(tell_all(webhooks, notification).await);
    }
    undelivered
}

async fn tell_all(webhooks: &[NotifySettings], notification: Notification) -> Vec<String> {
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
