//! An audit: every journal of this machine line by line, every image that an environment deployed with its signature and its chain of
//! promotion records, and whether journals, records and registries say the same.

mod environment;
mod journals;

use std::collections::BTreeSet;

use jiff::Timestamp;

use self::journals::JournaledRuns;
use crate::domain::{Audit, EnvironmentName};
use crate::engine::Engine;
use crate::engine::chain::ChainGround;
use crate::engine::error::EngineError;
use crate::project::Service;

impl Engine {
    /// Audits `service` in these environments, in all of them where none is named; of deployments only those since `since`.
    /// Reads only.
    ///
    /// # Errors
    /// When what signatures are verified with, or the folder of the journals, cannot be read. What does not hold is no error,
    /// and neither is a registry that does not answer: nobody can say then.
    pub async fn audit(
        &self,
        service: &Service,
        environments: &BTreeSet<EnvironmentName>,
        since: Option<Timestamp>,
    ) -> Result<Audit, EngineError> {
        let ground = ChainGround::of(self, service)?;
        let (journals, runs) = {
            let (journals, name) = (self.journals(), service.name().clone());
            let read = tokio::task::spawn_blocking(move || JournaledRuns::read(&journals, &name));
            read.await
                .map_err(|error| EngineError::Internal(error.to_string()))??
        };
        let mut audit = Audit {
            journals: runs.count,
            findings: journals,
            ..Audit::default()
        };
        for there in service.environments() {
            let name = &there.environment().name;
            if !environments.is_empty() && !environments.contains(name) {
                continue;
            }
            let (looked_at, findings) = environment::audit(self, there, &ground, &runs, since).await?;
            audit.environments.push((name.clone(), looked_at));
            audit.findings.extend(findings);
        }
        Ok(audit)
    }
}
