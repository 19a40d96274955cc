//! Whether the environment that a candidate comes from has really run it: a candidate whose deployment failed there, or was
//! stopped, was not tested there.

use crate::domain::{Gate, GateKind, Verdict};
use crate::engine::Engine;
use crate::engine::candidate::Candidate;
use crate::engine::deployments::Deployment;
use crate::engine::error::EngineError;
use crate::engine::exception::SkippedGate;

use super::promotion_path::PromotionPath;

/// The gate, with what was overridden where a reason lets it pass. None where the source has no deployer, as the
/// environment that builds push to: then nothing is deployed there by windlass.
pub(super) async fn gate(
    engine: &Engine,
    candidate: &Candidate,
    way: &PromotionPath<'_>,
) -> Option<(Gate, Option<SkippedGate>)> {
    let source = way.source;
    let has_deployer = engine.settings(&source.name).ok()?.deploy.is_some();
    if !has_deployer || source.from.is_empty() {
        return None;
    }
    let verdict = match judge(engine, candidate, way).await {
        Ok(verdict) => verdict,
        Err(error) => Verdict::Unknown(format!(
            "cannot tell whether {} deployed it: {}",
            source.name,
            error.brief()
        )),
    };
    Some(way.overridable(Gate::new(GateKind::DeployedInSource, verdict)))
}

async fn judge(
    engine: &Engine,
    candidate: &Candidate,
    way: &PromotionPath<'_>,
) -> Result<Verdict, EngineError> {
    let name = &way.source.name;
    let digest = &candidate.image.digest;
    Ok(
        match engine.deployment(&candidate.service, way.source, digest).await? {
            Deployment::Running(since) => Verdict::Allowed(format!("deployed to {name} since {since}")),
            Deployment::Earlier(at) => Verdict::Allowed(format!("was deployed to {name} on {at}")),
            Deployment::Never(Some(last)) => Verdict::Refused(format!(
                "{} was never deployed to {name} successfully: the last deployment {} at {}: {}",
                digest.short(),
                last.outcome.word(),
                last.at,
                last.why
            )),
            Deployment::Never(None) => Verdict::Refused(format!(
                "{} was never deployed to {name}, and no failed deployment is recorded",
                digest.short()
            )),
        },
    )
}
