//! Exceptions: gates that were overridden or skipped, and the reviews that are due after them.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use crate::domain::{
    Clean, Digest, Environment, EnvironmentName, ExceptionKind, ExceptionRecord, GateKind, ReviewRecord,
    owed_reviews,
};
use crate::engine::error::EngineError;
use crate::engine::{Engine, records};
use crate::project::Service;
use crate::registry::Reader;

/// How many of the newest deployments are asked for exceptions.
pub(super) const LOOKED_AT: usize = 20;

/// A gate that was overridden or skipped, and what it said.
#[derive(Debug, Clone)]
pub(super) struct SkippedGate {
    pub(super) kind: GateKind,
    pub(super) said: String,
}

impl SkippedGate {
    pub(super) fn new(kind: &GateKind, said: &str) -> Self {
        Self {
            kind: kind.clone(),
            said: said.to_owned(),
        }
    }
}

/// What an exception is called that overrides these gates with a reason; none where there are none.
pub(super) fn gravest(skipped: &[SkippedGate]) -> Option<ExceptionKind> {
    skipped.iter().filter_map(|gate| gate.kind.by_reason()).min()
}

/// That gates were passed over, as the run found it.
#[derive(Debug, Clone)]
pub(super) struct SkippedGates {
    pub(super) kind: ExceptionKind,
    pub(super) environment: EnvironmentName,
    pub(super) skipped: Vec<SkippedGate>,
    /// The environments that it does not come through.
    pub(super) environments: Vec<EnvironmentName>,
    pub(super) reason: Clean,
}

impl Engine {
    /// The exceptions among the newest deployments of `environment` that still owe a review, oldest first.
    pub async fn owed_reviews(
        &self,
        service: &Service,
        environment: &EnvironmentName,
    ) -> Result<Vec<ExceptionRecord>, EngineError> {
        let environment = self.environment(environment)?;
        let reader = service.environment(environment).reader()?;
        let history = reader.deployments(LOOKED_AT).await?;
        let digests: BTreeSet<_> = history.into_iter().map(|deployed| deployed.digest).collect();
        let asking = digests.iter().map(|digest| owed(&reader, digest, environment));
        let mut found: Vec<_> = try_join_all(asking).await?.into_iter().flatten().collect();
        found.sort_by_key(|exception| exception.at);
        Ok(found)
    }
}

/// The exceptions of `digest` in `environment` that still owe a review, oldest first.
pub(super) async fn owed(
    reader: &Reader,
    digest: &Digest,
    environment: &Environment,
) -> Result<Vec<ExceptionRecord>, EngineError> {
    let exceptions = records::all(reader, digest, &environment.name).await?;
    if exceptions.is_empty() {
        return Ok(Vec::new());
    }
    let reviews: Vec<ReviewRecord> = records::all(reader, digest, &environment.name).await?;
    Ok(owed_reviews(&exceptions, &reviews).into_iter().cloned().collect())
}
