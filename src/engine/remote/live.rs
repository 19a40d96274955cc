//! Truly live: in a job of the workflow, the events of the run are published as they come; whoever follows the run reads
//! them there and tells them as steps of the job.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::job::dispatched;
use crate::domain::Plan;
use crate::engine::Engine;
use crate::engine::run::event::{Event, EventKind};
use crate::github::{GitHub, GitHubError, LiveJob, LiveText};

/// GitHub asks for this long between two writes.
const BETWEEN_WRITES: Duration = Duration::from_secs(1);
/// How much of the newest events is published: GitHub takes 65,535 characters.
const MAX_BYTES: usize = 60_000;
/// How often the end is tried to be published.
const ATTEMPTS: usize = 3;

/// An event as it is published.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LiveEvent {
    /// Its number, from 1 on.
    pub(super) n: u64,
    #[serde(flatten)]
    pub(super) happening: EventKind,
}

/// What is published of a run: its steps, and as many of the newest events as there is room for.
#[derive(Default)]
struct Published {
    count: u64,
    steps: Vec<String>,
    tail: VecDeque<String>,
    bytes: usize,
}

impl Published {
    fn add(&mut self, happening: EventKind) {
        let is_step = matches!(happening, EventKind::StepAdded { .. });
        self.count += 1;
        let event = LiveEvent {
            n: self.count,
            happening,
        };
        let Ok(line) = serde_json::to_string(&event) else {
            return;
        };
        self.bytes += line.len() + 1;
        if is_step {
            self.steps.push(line);
        } else {
            self.tail.push_back(line);
        }
        while self.bytes > MAX_BYTES {
            let Some(oldest) = self.tail.pop_front() else {
                return;
            };
            self.bytes -= oldest.len() + 1;
        }
    }

    fn text(&self) -> String {
        let lines: Vec<_> = self.steps.iter().chain(&self.tail).map(String::as_str).collect();
        lines.join("\n")
    }
}

/// Publishes the events of the run of `plan` in this job, where GitHub runs it and its token is there; what hears them,
/// and the task that ends with why they could not be published.
pub(in crate::engine) fn publish(
    engine: &Engine,
    plan: &Plan,
) -> Option<(UnboundedSender<Event>, JoinHandle<Option<String>>)> {
    if plan.operation.runner().is_none() || !matches!(dispatched(plan), Ok(None)) {
        return None;
    }
    // Other runs ask nothing of GitHub, and what is wrong with its settings is none of their business.
    let github = engine.github().ok()?.filter(|github| github.has_token())?.clone();
    let variable = |name: &str| std::env::var(name).ok();
    let job = LiveJob {
        run: variable("GITHUB_RUN_ID")?.parse().ok()?,
        attempt: variable("GITHUB_RUN_ATTEMPT").map_or(Some(1), |attempt| attempt.parse().ok())?,
        job: variable("GITHUB_JOB").unwrap_or_default(),
        head_sha: variable("GITHUB_SHA")?,
    };
    let (sender, events) = unbounded_channel();
    let title = plan.operation.title();
    Some((sender, tokio::spawn(publish_all(github, job, title, events))))
}

async fn publish_all(
    github: GitHub,
    job: LiveJob,
    title: String,
    mut events: UnboundedReceiver<Event>,
) -> Option<String> {
    let mut published = Published::default();
    let mut check = None;
    let mut next_write = Instant::now();
    loop {
        let event = events.recv().await?;
        let mut is_complete = hear(&mut published, event);
        // What comes before the next write goes with it.
        while !is_complete {
            match tokio::time::timeout_at(next_write, events.recv()).await {
                Ok(Some(event)) => is_complete = hear(&mut published, event),
                Ok(None) | Err(_) => break,
            }
        }
        tokio::time::sleep_until(next_write).await;
        let lines = published.text();
        let text = LiveText {
            title: &title,
            lines: &lines,
            is_complete,
        };
        let mut attempts = if is_complete { ATTEMPTS } else { 1 };
        loop {
            let said = github.publish_live(&job, check, text).await;
            next_write = Instant::now() + BETWEEN_WRITES;
            attempts -= 1;
            match said {
                Ok(id) => check = Some(id),
                Err(error @ GitHubError::Lacking(_)) => {
                    return Some(format!("what this run does is not shown live: {error}"));
                }
                // Without a check run there is nothing to close.
                Err(error) if check.is_none() => {
                    return Some(format!(
                        "what this run does is not shown live, for which a job needs `checks: write`: {error}"
                    ));
                }
                Err(_) if attempts > 0 => {
                    tokio::time::sleep_until(next_write).await;
                    continue;
                }
                Err(error) if is_complete => {
                    return Some(format!("the live output could not be closed: {error}"));
                }
                Err(error) => tracing::warn!(%error, "could not update the live output"),
            }
            break;
        }
        if is_complete {
            return None;
        }
    }
}

/// Takes in an event; whether it is the last.
fn hear(published: &mut Published, event: Event) -> bool {
    let is_last = matches!(event.happening, EventKind::RunEnded { .. });
    match event.happening {
        // Of the plan, only what its steps are called.
        EventKind::RunStarted { plan, .. } => {
            for mut step in plan.steps {
                step.target = None;
                published.add(EventKind::StepAdded {
                    added: Box::new(step),
                });
            }
        }
        happening if happening.is_kept() => published.add(happening),
        _ => {}
    }
    is_last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::run::event::Level;

    #[test]
    fn the_newest_events_are_published_and_never_more_than_github_takes() {
        let mut published = Published::default();
        for number in 0..10_000 {
            published.add(EventKind::Log {
                step: None,
                level: Level::Info,
                line: format!("line {number}"),
            });
        }
        let text = published.text();
        assert!(
            text.len() <= MAX_BYTES && text.len() > MAX_BYTES / 2,
            "{}",
            text.len()
        );
        let last: LiveEvent = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(last.n, 10_000);
    }
}
