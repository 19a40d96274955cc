//! The exceptions that a review is of. It decides nothing: without any there is no plan.

use std::future::ready;

use super::{Answer, Evaluate, GateRule, Moment, ReviewQuestion, RuleKind};
use crate::domain::{ExceptionRecord, Gate, GateKind, Verdict};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Exception),
    applies: |_, moment| moment == Moment::Review,
    evaluate: Evaluate::Review(|question| Box::pin(ready(Some(evaluate(question))))),
};

fn evaluate(question: &ReviewQuestion<'_>) -> Answer {
    let words: Vec<_> = question.exceptions.iter().map(ExceptionRecord::words).collect();
    Gate::new(GateKind::Exception, Verdict::Allowed(words.join("; "))).into()
}
