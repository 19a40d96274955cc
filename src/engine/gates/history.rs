//! What a person should know of the past of a digest that an environment goes back to. It decides nothing.

use std::future::ready;

use super::{Answer, EarlierQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, Verdict, version_name};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::History),
    applies: |_, moment| moment == Moment::Rollback,
    evaluate: Evaluate::Earlier(|question| Box::pin(ready(Some(evaluate(question))))),
};

fn evaluate(question: &EarlierQuestion<'_>) -> Answer {
    let version = question
        .version
        .map_or_else(String::new, |version| format!("{}, ", version_name(version)));
    let deployed = question.deployed.strftime("%Y-%m-%d %H:%M UTC");
    let ran = if question.is_back {
        format!("{version}back since {deployed}")
    } else {
        format!("{version}last deployed on {deployed}")
    };
    let rolled_back = question
        .rolled_back
        .map(|at| format!("it was itself rolled back, on {}", at.strftime("%Y-%m-%d")));
    let notes = question
        .note
        .map(str::to_owned)
        .into_iter()
        .chain(rolled_back)
        .collect();
    Gate::new(GateKind::History, Verdict::Allowed(ran))
        .with_notes(notes)
        .into()
}
