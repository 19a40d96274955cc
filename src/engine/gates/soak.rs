//! Whether the candidate has been deployed to another environment for long enough.

use jiff::Timestamp;

use super::{Answer, CandidateQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, SoakPolicy, Verdict};
use crate::engine::error::EngineError;

/// Not when a release is cut: no candidate has been anywhere then.
pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Soak),
    applies: |settings, moment| {
        let is_asked = moment.is_promotion() || moment == Moment::Next;
        is_asked && settings.target.is_some_and(|target| target.soak.is_some())
    },
    evaluate: Evaluate::Candidate(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &CandidateQuestion<'_>) -> Option<Answer> {
    let target = question.engine.settings(&question.target?.name).ok()?;
    let policy = target.soak.as_ref()?;
    let verdict = judge(question, policy).await.unwrap_or_else(|error| {
        Verdict::Unknown(format!(
            "cannot tell how long it has been deployed to {}: {}",
            policy.environment,
            error.brief()
        ))
    });
    Some(Gate::new(GateKind::Soak, verdict).or_by_reason().into())
}

async fn judge(question: &CandidateQuestion<'_>, policy: &SoakPolicy) -> Result<Verdict, EngineError> {
    let (engine, candidate) = (question.engine, question.candidate);
    let digest = &candidate.image.digest;
    let environment = engine.environment(&policy.environment)?;
    let history = engine
        .last_period(&candidate.service, environment, digest)
        .await?;
    Ok(policy.verdict(digest, &history, Timestamp::now()))
}
