//! Whether a lock may be broken: one that has expired, or any that somebody asks for.

use std::future::ready;

use jiff::Timestamp;

use super::{Answer, Evaluate, GateRule, LockQuestion, Moment, RuleKind};
use crate::domain::{Gate, GateKind, LockStanding, Override, Verdict};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Lock),
    applies: |_, moment| moment == Moment::Unlock,
    evaluate: Evaluate::Lock(|question| Box::pin(ready(Some(evaluate(question))))),
};

fn evaluate(question: &LockQuestion<'_>) -> Answer {
    let now = Timestamp::now();
    let words = question.lock.words(now);
    let gate = |verdict| Gate::new(GateKind::Lock, verdict);
    let gate = match (question.lock.standing(now), question.held) {
        (LockStanding::Stale { .. }, _) => gate(Verdict::Allowed(words)),
        (LockStanding::Held, true) => gate(Verdict::Allowed(format!("broken: {words}"))),
        (LockStanding::Held, false) => gate(Verdict::Refused(words)).with_override(Override::TakeLock),
    };
    gate.into()
}
