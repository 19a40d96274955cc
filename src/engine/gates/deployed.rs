//! What the environment has that a hotfix is based on, or that is pinned. It decides nothing: without it there is no
//! plan.

use std::future::ready;

use super::{Answer, BranchQuestion, Evaluate, GateRule, Moment, PresentQuestion, RuleKind};
use crate::domain::{EnvironmentName, Gate, GateKind, Verdict, age};
use crate::engine::present::Present;

/// What a hotfix is based on.
pub(super) const OF_HOTFIX: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Deployed),
    applies: |_, moment| moment == Moment::Hotfix,
    evaluate: Evaluate::Branch(|question| Box::pin(ready(evaluate(question)))),
};

/// What an environment is pinned at.
pub(super) const OF_PIN: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Deployed),
    applies: |_, moment| matches!(moment, Moment::Pin | Moment::PinRun),
    evaluate: Evaluate::Present(|question| Box::pin(ready(Some(pinned(question))))),
};

fn evaluate(question: &BranchQuestion<'_>) -> Option<Answer> {
    let base = question.base.as_ref()?;
    let present = base.present;
    let since = present.current.since.map_or_else(String::new, |since| {
        let seconds = jiff::Timestamp::now().as_second() - since.as_second();
        format!(", since {}", age(seconds))
    });
    let verdict = Verdict::Allowed(format!(
        "{}, built from {}{since}",
        has(base.environment, present),
        question.commit.short()
    ));
    let gate = Gate::new(GateKind::Deployed, verdict);
    Some(gate.with_notes(present.note.iter().cloned().collect()).into())
}

fn has(environment: &EnvironmentName, present: &Present) -> String {
    let (digest, verb) = (
        present.current.digest.short(),
        if present.is_drift {
            "runs in"
        } else {
            "is deployed to"
        },
    );
    format!("{digest} {verb} {environment}")
}

fn pinned(question: &PresentQuestion<'_>) -> Answer {
    let present = question.present;
    let since = present.current.since.map_or_else(String::new, |since| {
        format!(" since {}", since.strftime("%Y-%m-%d %H:%M UTC"))
    });
    let verdict = Verdict::Allowed(format!("{}{since}", has(question.environment, present)));
    let gate = Gate::new(GateKind::Deployed, verdict);
    gate.with_notes(present.note.iter().cloned().collect()).into()
}
