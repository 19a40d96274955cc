//! Whether the environment that a candidate comes from has really run it: a candidate whose deployment failed there, or was
//! stopped, was not tested there.

use super::{Answer, Evaluate, GateRule, PromotionQuestion, RuleKind};
use crate::domain::{Gate, GateKind, Verdict};
use crate::engine::deployments::Deployment;
use crate::engine::error::EngineError;

/// Where the source has no deployer, nothing is deployed there by windlass; nor in the environment that builds push to.
pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::DeployedInSource),
    applies: |settings, moment| {
        moment.is_promotion() && !settings.source.deploy.is_empty() && !settings.source_receives_builds
    },
    evaluate: Evaluate::Promotion(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &PromotionQuestion<'_>) -> Option<Answer> {
    let verdict = judge(question).await.unwrap_or_else(|error| {
        Verdict::Unknown(format!(
            "cannot tell whether {} deployed it: {}",
            question.path.source.name,
            error.brief()
        ))
    });
    let gate = Gate::new(GateKind::DeployedInSource, verdict);
    Some(gate.or_by_reason().into())
}

async fn judge(question: &PromotionQuestion<'_>) -> Result<Verdict, EngineError> {
    let (engine, candidate, source) = (question.engine, question.candidate, question.path.source);
    let name = &source.name;
    let digest = &candidate.image.digest;
    Ok(
        match engine.deployment(&candidate.service, source, digest).await? {
            Deployment::Current(since) => Verdict::Allowed(format!("deployed to {name} since {since}")),
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
