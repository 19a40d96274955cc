//! What an environment ran at which time, by which run it came there, and what the gates said then: by deployment tags and the
//! records that are attached.

use jiff::Timestamp;

use super::chain;
use crate::domain::{CommitSha, DeployedBy, Digest, EnvironmentName, PromotionRecord};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::project::Service;
use crate::registry::{CurrentDeployment, Reader};
use crate::sign::TrustedSigner;

/// A deployment, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// What was deployed.
    pub digest: Digest,
    /// When.
    pub deployed: Timestamp,
    /// When something else was deployed; none where nothing was.
    pub until: Option<Timestamp>,
    /// The commit that it says it was built from.
    pub commit: Option<CommitSha>,
    /// By which run it was deployed, where that was recorded.
    pub by: Option<DeployedBy>,
    /// The record of the promotion that it was deployed by, signed with the key of the environment; none where there is none.
    pub record: Option<PromotionRecord>,
}

impl Engine {
    /// The newest deployments of `environment`, at most `most`, newest first; with `at`, those until then.
    ///
    /// # Errors
    /// When the registry fails, or the public key of the environment cannot be read.
    pub async fn history(
        &self,
        service: &Service,
        environment: &EnvironmentName,
        at: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<HistoryEntry>, EngineError> {
        let found = self.environment(environment)?;
        let reader = service.environment(found).reader()?;
        let trusted = self.trusted(environment)?;
        // One more than is asked for on the newer side says until when the first of them was deployed.
        let all = reader.deployments_around(at, most).await?;
        let mut entries = Vec::new();
        for (nth, deployed) in all.iter().enumerate() {
            if at.is_some_and(|at| deployed.at > at) {
                continue;
            }
            let until = nth.checked_sub(1).map(|newer| all[newer].at);
            let current = CurrentDeployment {
                digest: deployed.digest.clone(),
                since: Some(deployed.at),
            };
            let (by, record, summary) = tokio::try_join!(
                async { Ok(reader.deployed_by(&current, environment).await?) },
                record_of(
                    &reader,
                    &deployed.digest,
                    environment,
                    deployed.at,
                    trusted.as_ref()
                ),
                async { Ok::<_, EngineError>(reader.image(&deployed.digest).await?) },
            )?;
            entries.push(HistoryEntry {
                digest: deployed.digest.clone(),
                deployed: deployed.at,
                until,
                commit: summary.commit(),
                by,
                record,
            });
        }
        entries.truncate(most);
        Ok(entries)
    }
}

/// The newest record of the promotion of `digest` to `environment` that is not later than its deployment.
async fn record_of(
    reader: &Reader,
    digest: &Digest,
    environment: &EnvironmentName,
    deployed: Timestamp,
    trusted: Option<&TrustedSigner>,
) -> Result<Option<PromotionRecord>, EngineError> {
    let Some(trusted) = trusted else { return Ok(None) };
    let found = chain::records(reader, digest, trusted).await?.into_iter();
    let of_it = found
        .map(|link| link.record)
        .filter(|record| record.windlass.environment == *environment && record.timestamp <= deployed);
    Ok(of_it.max_by_key(|record| record.timestamp))
}
