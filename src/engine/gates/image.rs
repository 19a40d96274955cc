//! Whether there is an image of the commit that a release is cut from, or that is built.

use std::future::ready;

use super::{Answer, BranchQuestion, BuildQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Digest, Gate, GateKind, Platform, Verdict};
use crate::engine::error::EngineError;

/// A release is cut from a commit that has an image.
pub(super) const OF_COMMIT: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Image),
    applies: |_, moment| moment == Moment::Cut,
    evaluate: Evaluate::Branch(|question| Box::pin(ready(evaluate(question)))),
};

/// An image that is there already is not built again.
pub(super) const BUILT: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Image),
    applies: |_, moment| moment == Moment::Build,
    evaluate: Evaluate::Build(|question| Box::pin(ready(built(question)))),
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

fn built(question: &BuildQuestion<'_>) -> Option<Answer> {
    let (digest, platforms) = question.image?;
    let wanted = &question.engine.config().build.platforms;
    Some(Gate::new(GateKind::Image, whole(digest, platforms, wanted)).into())
}

/// An image that is there counts if it is all of what would be built.
fn whole(digest: &Digest, platforms: &[Platform], wanted: &[Platform]) -> Verdict {
    let names = |platforms: &mut dyn Iterator<Item = &Platform>| {
        platforms.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let same = |a: &Platform, b: &Platform| (&a.os, &a.architecture) == (&b.os, &b.architecture);
    let missing = names(
        &mut wanted
            .iter()
            .filter(|one| !platforms.iter().any(|other| same(one, other))),
    );
    if missing.is_empty() {
        Verdict::Allowed(format!(
            "{} already exists for {}; nothing to build",
            digest.short(),
            names(&mut platforms.iter())
        ))
    } else {
        Verdict::Refused(format!(
            "{} already exists without {missing}, and its tag is immutable: make a new commit",
            digest.short()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_lacks_a_platform_is_not_the_one_that_would_be_built() {
        let both = ["amd64", "arm64"].map(Platform::linux);
        let digest = Digest::of(b"index");
        assert!(whole(&digest, &both, &both).allows());
        assert!(whole(&digest, &both, &both[..1]).allows());
        let refused = whole(&digest, &both[..1], &both);
        assert!(refused.reason().contains("without linux/arm64"), "{refused:?}");
    }
}
