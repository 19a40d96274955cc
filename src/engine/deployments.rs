//! What an environment deployed, and when: the one place that says it. A deployment tag is left only by a deployment that
//! succeeded, so one that failed or was stopped leaves none.

use jiff::Timestamp;

use super::Engine;
use super::error::EngineError;
use crate::domain::{Digest, Environment, ServiceName};

/// Whether an environment deployed a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deployment {
    /// It was the last to be deployed, at this time.
    Running(Timestamp),
    /// It was deployed at this time, and something else since.
    Earlier(Timestamp),
    /// No deployment of it has succeeded.
    Never,
}

impl Engine {
    /// Whether `environment` deployed `digest`, still or once.
    pub(super) async fn deployment(
        &self,
        service: &ServiceName,
        environment: &Environment,
        digest: &Digest,
    ) -> Result<Deployment, EngineError> {
        let reader = self
            .registries()
            .reader(&self.repository_of(service, environment)?);
        let Some(last) = reader.last_deployed(digest).await? else {
            return Ok(Deployment::Never);
        };
        let running = reader.running(environment.from.is_empty()).await?;
        let is_running = running.is_some_and(|running| running.digest == *digest);
        Ok(if is_running {
            Deployment::Running(last.at)
        } else {
            Deployment::Earlier(last.at)
        })
    }
}
