//! Whether there is an image of the commit that a release is cut from.

use std::future::ready;

use super::{Answer, BranchQuestion, Evaluate, GateRule, Moment};
use crate::domain::{Gate, GateKind, Verdict};
use crate::engine::error::EngineError;

pub(super) const RULE: GateRule = GateRule {
    kind: GateKind::Image,
    applies: |_, moment| moment == Moment::Cut,
    evaluate: Evaluate::Branch(|question| Box::pin(ready(evaluate(question)))),
};

fn evaluate(question: &BranchQuestion<'_>) -> Option<Answer> {
    let verdict = match question.image? {
        Ok(candidate) => {
            let platforms = candidate.summary.platforms.iter();
            let platforms: Vec<_> = platforms.map(|(platform, _)| platform.to_string()).collect();
            Verdict::Allowed(format!(
                "{} is {} for {}",
                candidate.tag,
                candidate.image.digest.short(),
                platforms.join(", ")
            ))
        }
        Err(error @ EngineError::NoImage { .. }) => Verdict::Refused(error.to_string()),
        Err(error) => Verdict::Unknown(error.to_string()),
    };
    Some(Gate::new(GateKind::Image, verdict).into())
}
