//! Waiting until what was deployed is what runs.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::deployer::Deployer;
use super::deployment::Deployment;
use super::error::DeployError;
use super::progress::{DeployProgress, Tell};
use crate::domain::{Digest, Observed, Running, span};

/// The time between the first two questions; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest time between two questions.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What was waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waited {
    /// It runs.
    Running(Running),
    /// This deployer cannot observe it.
    NotObserved,
}

impl Deployer {
    /// Waits until one of `accepted`, the digests that stand for what was deployed, runs and is not unwell.
    ///
    /// # Errors
    /// When it does not within the time limit of the deployer, or nobody can say.
    pub async fn wait_until_running(
        &self,
        deployment: &Deployment,
        accepted: &BTreeSet<Digest>,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<Waited, DeployError> {
        let subject = deployment.subject();
        let end = Instant::now() + self.observe_for().unsigned_abs();
        let mut pause = FIRST_PAUSE;
        let mut said = None;
        loop {
            let Some(observed) = self.running(&subject, accepted, cancel).await else {
                return Ok(Waited::NotObserved);
            };
            if cancel.is_cancelled() {
                return Err(DeployError::Interrupted);
            }
            let error = match judge(observed, accepted, deployment, self.observe_for()) {
                Ok(running) => return Ok(Waited::Running(running)),
                Err(error) => error,
            };
            let state = waiting_for(&error);
            if said.as_ref() != Some(&state) {
                tell(DeployProgress::Line(state.clone()));
                said = Some(state);
            }
            if Instant::now() + pause > end {
                return Err(error);
            }
            tokio::select! {
                () = cancel.cancelled() => return Err(DeployError::Interrupted),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// What runs, if it is what was deployed and well; else what it would be to end here.
fn judge(
    observed: Observed,
    accepted: &BTreeSet<Digest>,
    deployment: &Deployment,
    limit: SignedDuration,
) -> Result<Running, DeployError> {
    let environment = deployment.environment.clone();
    let deployed = deployment.digest.clone();
    let waited = span(limit);
    match observed {
        Observed::Unknown(why) => Err(DeployError::Unobserved {
            environment,
            deployed,
            why,
        }),
        Observed::Running(running) if !running.is(accepted) => Err(DeployError::NotRunning {
            environment,
            deployed,
            running: running.digest,
            waited,
        }),
        Observed::Running(running) if running.healthy == Some(false) => Err(DeployError::Unhealthy {
            environment,
            deployed,
            health: running.health_words().unwrap_or_default(),
            waited,
        }),
        Observed::Running(running) => Ok(running),
    }
}

/// What is told while it is waited for.
fn waiting_for(error: &DeployError) -> String {
    match error {
        DeployError::NotRunning {
            environment, running, ..
        } => format!("waiting: {environment} still runs {}", running.short()),
        DeployError::Unhealthy { health, .. } => format!("waiting: it runs, and is {health}"),
        DeployError::Unobserved { why, .. } => format!("waiting: what runs is unknown: {why}"),
        other => other.to_string(),
    }
}
