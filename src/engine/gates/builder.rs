//! Whether there is a program that builds images.

use std::future::ready;

use super::{Answer, BuildQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, Verdict};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Builder),
    applies: |_, moment| moment == Moment::Build,
    evaluate: Evaluate::Build(|question| Box::pin(ready(evaluate(question)))),
};

fn evaluate(question: &BuildQuestion<'_>) -> Option<Answer> {
    let verdict = match question.builder? {
        Ok(builder) => Verdict::Allowed(builder.name().to_owned()),
        Err(error) => {
            let hint = error.hint().unwrap_or_default();
            Verdict::Refused(format!("{error}: {hint}"))
        }
    };
    Some(Gate::new(GateKind::Builder, verdict).into())
}
