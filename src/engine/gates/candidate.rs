//! Whether the head of a release is what was built, and where that is deployed.

use std::future::ready;

use super::{Answer, Evaluate, GateRule, Moment, ReleaseQuestion, RuleKind};
use crate::domain::{Bound, Gate, GateKind, Release, Verdict};
use crate::engine::Engine;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Candidate),
    applies: |_, moment| moment == Moment::Finish,
    evaluate: Evaluate::Release(|question| Box::pin(ready(Some(evaluate(question))))),
};

fn evaluate(question: &ReleaseQuestion<'_>) -> Answer {
    let verdict = candidate(question.engine, question.release);
    Gate::new(GateKind::Candidate, verdict).into()
}

fn candidate(engine: &Engine, release: &Release) -> Verdict {
    let (tag, digest) = match &release.candidate {
        Bound::There { tag, digest } => (tag, digest),
        Bound::NoImage { tag } => {
            return Verdict::Refused(format!(
                "the head {} has no image {tag} in {}: the commit to be tagged was never built",
                release.head.short(),
                engine.config().graph.entrance().name
            ));
        }
        Bound::Unknown { why } => return Verdict::Unknown(why.clone()),
    };
    let at_head: Vec<_> = release
        .deployed
        .iter()
        .filter(|there| there.is_head)
        .map(|there| there.environment.to_string())
        .collect();
    let deployed = if at_head.is_empty() {
        "not deployed anywhere yet".to_owned()
    } else {
        format!("deployed to {}", at_head.join(", "))
    };
    Verdict::Allowed(format!("{tag} is {}, {deployed}", digest.short()))
}
