//! Whether the line is stopped: somebody has halted the environment, for every machine and every job.

use super::{Answer, Evaluate, GateRule, PromotionQuestion, RuleKind};
use crate::domain::{EnvironmentName, Gate, GateKind, Verdict};
use crate::engine::Engine;

/// Of promotions; an environment can be taken back at any time.
pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Halt),
    applies: |_, moment| moment.is_promotion(),
    evaluate: Evaluate::Promotion(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &PromotionQuestion<'_>) -> Option<Answer> {
    answer(question.engine, &question.path.target.name).await
}

/// Nothing is to be said where nothing is halted.
async fn answer(engine: &Engine, environment: &EnvironmentName) -> Option<Answer> {
    let verdict = match engine.halted(environment).await {
        Ok(halted) => Verdict::Refused(format!("{environment} is {}", halted?)),
        Err(error) => Verdict::Unknown(format!(
            "cannot tell whether {environment} is halted: {}",
            error.brief()
        )),
    };
    Some(Gate::new(GateKind::Halt, verdict).into())
}
