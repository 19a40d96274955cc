//! Checks after a deployment: an address, a program or a metric is asked until it succeeded often enough in a row.

mod ask;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::ask::Verdict;
use super::deployment::{Deployment, Subject};
use super::error::DeployError;
use super::progress::{DeployProgress, Tell};
use crate::domain::{Endpoint, ProbeKind, ProbeSettings, ProbeTarget, ProbeTargetKind, clean_line, span};

/// A check after a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What windlass.toml says of it.
    pub settings: ProbeSettings,
    /// The folder that programs run in: the one of windlass.toml.
    pub folder: PathBuf,
}

impl Probe {
    /// What will be asked, for the plan to pin.
    ///
    /// # Errors
    /// When the names of the subject make no address.
    pub fn resolve(&self, subject: &Subject) -> Result<ProbeTarget, DeployError> {
        let filled = |url: &Endpoint| {
            let filled = url.url(&subject.service, &subject.environment);
            filled.map(String::from).map_err(|error| DeployError::Unfit {
                target: clean_line(url.as_str()),
                why: format!("its URL {error}"),
                hint: "correct `url` in windlass.toml".to_owned(),
            })
        };
        let kind = match &self.settings.kind {
            ProbeKind::Http {
                url,
                status,
                contains,
            } => ProbeTargetKind::Http {
                url: filled(url)?,
                status: *status,
                contains: contains.clone(),
            },
            ProbeKind::Command { command, .. } => ProbeTargetKind::Command {
                command: command.clone(),
            },
            ProbeKind::Prometheus { url, query, expect } => ProbeTargetKind::Prometheus {
                url: filled(url)?,
                query: query.clone(),
                expect: expect.clone(),
            },
        };
        Ok(ProbeTarget {
            kind,
            repetition: self.settings.repetition,
            rollback: self.settings.rollback,
        })
    }

    /// Asks until it succeeded often enough in a row; what was found, in words.
    ///
    /// # Errors
    /// When it did not within its time, nobody can say, or somebody cancelled.
    pub async fn run(
        &self,
        deployment: &Deployment,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<String, DeployError> {
        let target = self.resolve(&deployment.subject())?;
        let (name, repetition) = (target.name(), target.repetition);
        let end = Instant::now() + repetition.timeout.unsigned_abs();
        let is_asked_once = matches!(target.kind, ProbeTargetKind::Command { .. });
        let mut in_a_row = 0;
        let mut said = None;
        loop {
            let asking = self.ask(&target, deployment, end, tell, cancel);
            let verdict = tokio::select! {
                () = cancel.cancelled() => return Err(DeployError::Interrupted),
                verdict = asking => verdict,
            };
            match &verdict {
                Verdict::Passed(what) => {
                    in_a_row += 1;
                    if in_a_row >= repetition.successes {
                        return Ok(format!("{name}: {what}"));
                    }
                }
                Verdict::Failed(why) | Verdict::Inconclusive(why) => {
                    in_a_row = 0;
                    if said.as_ref() != Some(why) {
                        tell(DeployProgress::Line(format!("{name}: {why}")));
                        said = Some(why.clone());
                    }
                }
            }
            if is_asked_once || Instant::now() + repetition.every.unsigned_abs() > end {
                return Err(not_passed(name, verdict, in_a_row, &target));
            }
            tokio::select! {
                () = cancel.cancelled() => return Err(DeployError::Interrupted),
                () = tokio::time::sleep(repetition.every.unsigned_abs()) => {}
            }
        }
    }
}

fn not_passed(check: String, last: Verdict, in_a_row: u32, target: &ProbeTarget) -> DeployError {
    let after = match target.kind {
        ProbeTargetKind::Command { .. } => String::new(),
        _ => format!(" after {}", span(target.repetition.timeout)),
    };
    match last {
        Verdict::Failed(why) => DeployError::CheckFailed {
            check,
            why: format!("{why}{after}"),
        },
        Verdict::Inconclusive(why) => DeployError::CheckInconclusive {
            check,
            why: format!("{why}{after}"),
        },
        Verdict::Passed(_) => DeployError::CheckFailed {
            check,
            why: format!(
                "it succeeded {in_a_row} of {} times in a row{after}",
                target.repetition.successes
            ),
        },
    }
}
