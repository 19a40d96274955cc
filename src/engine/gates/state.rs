//! Whether everything could be read that decides which images are still needed. What is unknown is kept.

use std::future::ready;

use super::{Answer, Evaluate, GateRule, Moment, RuleKind, StateQuestion};
use crate::domain::{Gate, GateKind, Verdict};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::State),
    applies: |_, moment| moment == Moment::Gc,
    evaluate: Evaluate::State(|question| Box::pin(ready(Some(evaluate(question))))),
};

fn evaluate(question: &StateQuestion<'_>) -> Answer {
    let verdict = match question.unread {
        [] => Verdict::Allowed(
            "what is deployed, running, pinned, released and stored could be read".to_owned(),
        ),
        unread => Verdict::Unknown(format!("nothing is deleted: {}", unread.join("; "))),
    };
    Gate::new(GateKind::State, verdict).into()
}
