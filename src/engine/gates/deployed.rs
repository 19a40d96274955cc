//! What is deployed to the environment that a hotfix is based on, or that is pinned. It decides nothing: without it there is no
//! plan.

use std::future::ready;

use super::{Answer, BranchQuestion, Evaluate, GateRule, Moment};
use crate::domain::{EnvironmentName, Gate, GateKind, Verdict, age};
use crate::registry::CurrentDeployment;

pub(super) const RULE: GateRule = GateRule {
    kind: GateKind::Deployed,
    applies: |_, moment| moment == Moment::Hotfix,
    evaluate: Evaluate::Branch(|question| Box::pin(ready(evaluate(question)))),
};

fn evaluate(question: &BranchQuestion<'_>) -> Option<Answer> {
    let base = question.base.as_ref()?;
    let since = base.deployed.since.map_or_else(String::new, |since| {
        let seconds = jiff::Timestamp::now().as_second() - since.as_second();
        format!(", since {}", age(seconds))
    });
    let verdict = Verdict::Allowed(format!(
        "{} is deployed to {}, built from {}{since}",
        base.deployed.digest.short(),
        base.environment,
        question.commit.short()
    ));
    Some(Gate::new(GateKind::Deployed, verdict).into())
}

/// What is deployed to an environment that is pinned at it.
pub(in crate::engine) fn deployed(environment: &EnvironmentName, deployed: &CurrentDeployment) -> Gate {
    let since = deployed.since.map_or_else(String::new, |since| {
        format!(" since {}", since.strftime("%Y-%m-%d %H:%M UTC"))
    });
    let verdict = Verdict::Allowed(format!(
        "{} is deployed to {environment}{since}",
        deployed.digest.short()
    ));
    Gate::new(GateKind::Deployed, verdict)
}
