//! Whether a hotfix has commits of its own; none where it has.

use std::future::ready;

use super::{Answer, Evaluate, GateRule, Moment, ReleaseQuestion, RuleKind};
use crate::domain::{Gate, GateKind, ReleaseKind, Verdict};
use crate::engine::remote_state::{Line, Upstream};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Fix),
    applies: |_, moment| moment == Moment::Finish,
    evaluate: Evaluate::Release(|question| Box::pin(ready(evaluate(question)))),
};

fn evaluate(question: &ReleaseQuestion<'_>) -> Option<Answer> {
    let before = without_a_fix(question.upstream, question.line)?;
    let why = format!(
        "{before} is at the same commit: nothing has been committed on {} since",
        question.line.branch
    );
    Some(Gate::new(GateKind::Fix, Verdict::Refused(why)).into())
}

/// The tag of the version that a hotfix was begun at, if its head is still there.
fn without_a_fix<'a>(upstream: &'a Upstream, line: &Line) -> Option<&'a str> {
    let mut tags = upstream.released.tags().iter();
    let tag = tags.find(|tag| {
        let is_before = tag.version.pre.is_empty() && Some(&tag.version) != line.values.version.as_ref();
        is_before && tag.at.commit == line.head
    })?;
    (line.kind == ReleaseKind::Hotfix).then_some(tag.name.as_str())
}
