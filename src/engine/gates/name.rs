//! Whether the name of a release branch agrees with its version; none where it does.

use std::future::ready;

use super::{Answer, Evaluate, GateRule, Moment, ReleaseQuestion, RuleKind};
use crate::domain::{Gate, GateKind, Verdict};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Name),
    applies: |_, moment| moment == Moment::Finish,
    evaluate: Evaluate::Release(|question| Box::pin(ready(evaluate(question)))),
};

fn evaluate(question: &ReleaseQuestion<'_>) -> Option<Answer> {
    let trouble = question.release.trouble.as_ref()?;
    let why = format!("{}: {trouble}; rename the branch first", question.line.branch);
    Some(Gate::new(GateKind::Name, Verdict::Refused(why)).into())
}
