//! Whether enough people have approved the promotion.

use super::{Answer, CandidateQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, Verdict};
use crate::engine::approvals::{ApprovalStatus, Promoted};
use crate::engine::error::EngineError;

/// Not when a release is cut: nobody has approved a candidate then.
pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Approvals),
    applies: |settings, moment| {
        let is_asked = moment.is_promotion() || moment == Moment::Next;
        is_asked && settings.target.is_some_and(|target| target.approvals.is_some())
    },
    evaluate: Evaluate::Candidate(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &CandidateQuestion<'_>) -> Option<Answer> {
    Some(match status(question).await {
        Ok(status) => Answer {
            approvals: status.recorded(),
            ..status.gate().into()
        },
        Err(error) => {
            let verdict = Verdict::Unknown(format!("cannot tell who approved it: {}", error.brief()));
            Gate::new(GateKind::Approvals, verdict).or_by_reason().into()
        }
    })
}

async fn status(question: &CandidateQuestion<'_>) -> Result<ApprovalStatus, EngineError> {
    let (engine, candidate) = (question.engine, question.candidate);
    let target = question.target.unwrap_or(question.source);
    let policy = engine.approval_policy(&target.name)?;
    let reader = engine.registries().reader(&candidate.repository);
    let image = Promoted::new(candidate, &reader, question.source, target);
    let promoter = engine.actor().user;
    engine.approval_status(&image, policy, Some(&promoter)).await
}
