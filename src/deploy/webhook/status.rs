//! How a deployment goes, by the word of the service that was told: asked again and again until it has ended.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Requests;
use crate::deploy::deployment::Applied;
use crate::deploy::error::DeployError;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{DeployOutcome, clean_line, is_same_host, span};
use crate::http::{Answer, Attempts, HttpError, Request};

/// The time between the first two questions; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest time between two questions, unless the service asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a service says of a deployment.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Report {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    status_url: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    done: Option<u64>,
    #[serde(default)]
    total: Option<u64>,
    /// All lines so far.
    #[serde(default)]
    log: Vec<String>,
    /// Where the next report is, on the host that was told.
    #[serde(skip)]
    next: Option<Url>,
    #[serde(skip)]
    retry_after: Option<Duration>,
}

impl Report {
    /// The answer to the document. One that is no JSON object says nothing.
    pub(super) fn of_post(answer: &Answer, url: &Url) -> Result<Self, DeployError> {
        let mut report: Self = serde_json::from_slice(&answer.body).unwrap_or_default();
        let named = report.status_url.as_deref();
        let location = answer
            .location
            .as_deref()
            .filter(|_| matches!(answer.status, 201 | 202));
        if let Some(named) = named.or(location) {
            report.next = Some(joined(url, named)?);
        }
        report.retry_after = answer.retry_after;
        Ok(report)
    }

    /// Whether it says neither how the deployment ended nor where that is found.
    pub(super) const fn is_silent(&self) -> bool {
        self.status.is_none() && self.next.is_none()
    }
}

/// The address of the status: on the host that was told, which alone is shown the token.
fn joined(url: &Url, named: &str) -> Result<Url, DeployError> {
    let target = || clean_line(url.as_str());
    let next = url.join(named).map_err(|_| DeployError::Unsure {
        target: target(),
        why: "its answer names a status URL that is not valid".to_owned(),
    })?;
    if is_same_host(url, &next) {
        return Ok(next);
    }
    Err(DeployError::Unsure {
        target: target(),
        why: format!(
            "its answer names a status URL on another host, {}, which is not asked",
            clean_line(&next.origin().ascii_serialization())
        ),
    })
}

/// A deployment that is followed.
pub(super) struct Following<'a> {
    pub(super) requests: &'a Requests,
    /// What its progress is called.
    pub(super) item: String,
    pub(super) timeout: SignedDuration,
    pub(super) tell: Tell<'a>,
    pub(super) cancel: &'a CancellationToken,
}

/// What was told of a deployment so far.
#[derive(Default)]
struct Told {
    lines: usize,
    message: Option<String>,
    total: Option<u64>,
    done: Option<u64>,
}

impl Following<'_> {
    /// Follows it from `report` on, the answer to the document.
    pub(super) async fn to_its_end(&self, mut report: Report) -> Result<Applied, DeployError> {
        let end = Instant::now() + self.timeout.unsigned_abs();
        let mut told = Told::default();
        let mut pause = FIRST_PAUSE;
        let mut trouble = None;
        let mut next = report.next.clone();
        loop {
            self.tell(&report, &mut told);
            if let Some(ended) = self.ended(&report) {
                self.tell_end(&report, &told);
                return ended;
            }
            let Some(url) = &next else {
                return Ok(self.applied(DeployOutcome::Deployed, "accepted it"));
            };
            let wait = report.retry_after.unwrap_or(pause);
            if Instant::now() + wait > end {
                return Err(self.unsure(format!(
                    "after {} {}",
                    span(self.timeout),
                    trouble.unwrap_or_else(|| match &report.status {
                        Some(status) => format!("its status is still `{}`", clean_line(status)),
                        None => "it has not said how it ended".to_owned(),
                    })
                )));
            }
            tokio::select! {
                () = self.cancel.cancelled() => return Err(DeployError::Interrupted),
                () = tokio::time::sleep(wait) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            match self.ask(url).await? {
                Ok(found) => {
                    trouble = None;
                    report = found;
                    if let Some(named) = &report.status_url {
                        next = Some(joined(&self.requests.url, named)?);
                    }
                }
                // It is asked again until the time is up.
                Err(why) => {
                    if trouble.as_ref() != Some(&why) {
                        (self.tell)(DeployProgress::Warning(format!("its status is unknown: {why}")));
                    }
                    trouble = Some(why);
                    report.retry_after = None;
                }
            }
        }
    }

    /// The next report, or why there is none yet.
    async fn ask(&self, url: &Url) -> Result<Result<Report, String>, DeployError> {
        let mut request = Request::get(url.clone(), super::REQUEST_TIMEOUT);
        request.token.clone_from(&self.requests.token);
        let client = &self.requests.client;
        let answer = match client.send(&request, Attempts::ONCE, self.cancel).await {
            Ok(answer) => answer,
            Err(HttpError::Interrupted) => return Err(DeployError::Interrupted),
            Err(error) => return Ok(Err(error.to_string())),
        };
        match answer.status {
            200..=299 => {}
            429 | 500.. => return Ok(Err(format!("it answers with {}", answer.words()))),
            _ => return Err(self.unsure(format!("its status URL answers with {}", answer.words()))),
        }
        Ok(match serde_json::from_slice::<Report>(&answer.body) {
            Ok(report) => Ok(Report {
                retry_after: answer.retry_after,
                ..report
            }),
            Err(error) => Err(format!("it cannot be read: {}", clean_line(&error.to_string()))),
        })
    }

    /// How it ended, if it has.
    fn ended(&self, report: &Report) -> Option<Result<Applied, DeployError>> {
        let message = report.message.as_deref().map(clean_line);
        let why = || {
            message
                .clone()
                .unwrap_or_else(|| "the service gives no reason".to_owned())
        };
        let target = clean_line(self.requests.url.as_str());
        Some(match report.status.as_deref()? {
            "deployed" => Ok(self.applied(
                DeployOutcome::Deployed,
                message.as_deref().unwrap_or("deployed it"),
            )),
            "unchanged" => Ok(self.applied(
                DeployOutcome::Unchanged,
                message.as_deref().unwrap_or("had it already"),
            )),
            "failed" => Err(DeployError::NotUp { target, why: why() }),
            "rolled-back" => Err(DeployError::RolledBack {
                target,
                back: "what it was before".to_owned(),
                why: why(),
            }),
            _ => return None,
        })
    }

    fn applied(&self, outcome: DeployOutcome, what: &str) -> Applied {
        let host = clean_line(&self.requests.url.origin().ascii_serialization());
        Applied {
            outcome,
            summary: format!("{host}: {what}"),
        }
    }

    fn unsure(&self, why: String) -> DeployError {
        DeployError::Unsure {
            target: clean_line(self.requests.url.as_str()),
            why,
        }
    }

    /// Tells what is new in `report`.
    fn tell(&self, report: &Report, told: &mut Told) {
        for line in report.log.iter().skip(told.lines) {
            (self.tell)(DeployProgress::Line(clean_line(line)));
        }
        told.lines = told.lines.max(report.log.len());
        if report.message.is_some() && report.message != told.message {
            told.message.clone_from(&report.message);
            let message = report.message.as_deref().unwrap_or_default();
            (self.tell)(DeployProgress::Line(clean_line(message)));
        }
        if let Some(total) = report.total
            && told.total != Some(total)
        {
            told.total = Some(total);
            (self.tell)(DeployProgress::Started {
                item: self.item.clone(),
                label: self.item.clone(),
                total,
            });
        }
        if let Some(done) = report.done.filter(|_| told.total.is_some())
            && told.done != Some(done)
        {
            told.done = Some(done);
            (self.tell)(DeployProgress::Moved {
                item: self.item.clone(),
                done,
            });
        }
    }

    fn tell_end(&self, report: &Report, told: &Told) {
        if told.total.is_some() {
            (self.tell)(DeployProgress::Ended {
                item: self.item.clone(),
                result: report.status.as_deref().map(clean_line).unwrap_or_default(),
            });
        }
    }
}
