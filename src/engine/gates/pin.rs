//! Whether the target takes the digest: it does if nothing holds it, or if it is pinned at that very digest.

use std::future::ready;

use super::{Answer, Evaluate, GateRule, Moment, PinQuestion, PromotionQuestion, RuleKind};
use crate::domain::{Gate, GateKind, Override, Verdict, newest_pin, pin_state};

/// What is promoted is not held off by a pin.
pub(super) const OF_PROMOTION: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Pin),
    applies: |_, moment| moment.is_promotion(),
    evaluate: Evaluate::Promotion(|question| Box::pin(evaluate(question))),
};

/// A new pin may be made; this says which one it takes the place of.
pub(super) const REPLACING: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Pin),
    applies: |_, moment| matches!(moment, Moment::Pin | Moment::Rollback),
    evaluate: Evaluate::Pin(|question| Box::pin(ready(Some(replacing(question))))),
};

/// Nothing forbids to lift a pin, but there may be nothing left to lift.
pub(super) const LIFTING: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Pin),
    applies: |_, moment| moment == Moment::Unpin,
    evaluate: Evaluate::Pin(|question| Box::pin(ready(Some(lifting(question))))),
};

async fn evaluate(question: &PromotionQuestion<'_>) -> Option<Answer> {
    let (candidate, target) = (question.candidate, &question.path.target.name);
    let gate = |verdict| Gate::new(GateKind::Pin, verdict);
    let gate = match question.engine.pin(&candidate.service, target).await {
        Ok(None) => gate(Verdict::Allowed(format!("{target} is not pinned"))),
        Ok(Some(pin)) if pin.digest == candidate.image.digest => {
            gate(Verdict::Allowed(format!("{target} is pinned at this digest")))
        }
        Ok(Some(pin)) => {
            gate(Verdict::Refused(format!("{target} is {}", pin.words()))).with_override(Override::Unpin {
                environment: target.clone(),
            })
        }
        Err(error) => gate(Verdict::Unknown(format!(
            "cannot tell whether {target} is pinned: {}",
            error.brief()
        ))),
    };
    Some(gate.into())
}

fn replacing(question: &PinQuestion<'_>) -> Answer {
    let environment = question.environment;
    let verdict = Verdict::Allowed(match pin_state(question.records, environment, question.now) {
        None => format!("{environment} is not pinned yet"),
        Some(pin) => format!("replaces the current pin: {}", pin.words()),
    });
    Gate::new(GateKind::Pin, verdict).into()
}

fn lifting(question: &PinQuestion<'_>) -> Answer {
    let environment = question.environment;
    let verdict = Verdict::Allowed(match newest_pin(question.records, environment) {
        Some(pin) if pin.holds(question.now) => format!("{environment} is {}", pin.words()),
        Some(pin) if pin.held => format!("the pin has expired; it was {}", pin.words()),
        Some(lifted) => format!(
            "it was already lifted, by {} on {}: {}",
            lifted.by,
            lifted.at.strftime("%Y-%m-%d"),
            lifted.reason
        ),
        None => format!("{environment} is not pinned"),
    });
    Gate::new(GateKind::Pin, verdict).into()
}
