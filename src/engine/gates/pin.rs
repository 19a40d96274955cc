//! Whether the target takes the digest: it does if nothing holds it, or if it is pinned at that very digest.

use jiff::Timestamp;

use super::{Answer, Evaluate, GateRule, PromotionQuestion};
use crate::domain::{EnvironmentName, Gate, GateKind, Override, PinRecord, Verdict, newest_pin};

pub(super) const RULE: GateRule = GateRule {
    kind: GateKind::Pin,
    applies: |_, moment| moment.is_promotion(),
    evaluate: Evaluate::Promotion(|question| Box::pin(evaluate(question))),
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

/// That a new pin may be made, and which one it takes the place of.
pub(in crate::engine) fn replacing(environment: &EnvironmentName, held: Option<&PinRecord>) -> Gate {
    let verdict = Verdict::Allowed(match held {
        None => format!("{environment} is not pinned yet"),
        Some(pin) => format!("replaces the current pin: {}", pin.words()),
    });
    Gate::new(GateKind::Pin, verdict)
}

/// What an unpin finds: nothing forbids it, but there may be nothing left to lift.
pub(in crate::engine) fn lifting(
    environment: &EnvironmentName,
    records: &[PinRecord],
    now: Timestamp,
) -> Gate {
    let verdict = Verdict::Allowed(match newest_pin(records, environment) {
        Some(pin) if pin.holds(now) => format!("{environment} is {}", pin.words()),
        Some(pin) if pin.held => format!("the pin has expired; it was {}", pin.words()),
        Some(lifted) => format!(
            "it was already lifted, by {} on {}: {}",
            lifted.by,
            lifted.at.strftime("%Y-%m-%d"),
            lifted.reason
        ),
        None => format!("{environment} is not pinned"),
    });
    Gate::new(GateKind::Pin, verdict)
}
