//! Whether promotions to the target are frozen at this time.

use std::future::ready;

use jiff::Timestamp;

use super::{Answer, Evaluate, GateRule, PromotionQuestion, RuleKind};
use crate::domain::{Gate, GateKind, freeze_verdict};

/// Of promotions alone: an environment can be taken back at any time.
pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Freeze),
    applies: |settings, moment| {
        moment.is_promotion() && settings.target.is_some_and(|target| !target.freezes.is_empty())
    },
    evaluate: Evaluate::Promotion(|question| Box::pin(ready(evaluate(question)))),
};

fn evaluate(question: &PromotionQuestion<'_>) -> Option<Answer> {
    let settings = question.engine.settings(&question.path.target.name).ok()?;
    let verdict = freeze_verdict(&settings.freezes, Timestamp::now());
    Some(Gate::new(GateKind::Freeze, verdict).or_by_reason().into())
}
