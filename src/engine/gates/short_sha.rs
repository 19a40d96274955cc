//! Whether the short form of a commit, which branches and tags are named after, is unambiguous.

use super::{Answer, BranchQuestion, BuildQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{CommitSha, Gate, GateKind, Verdict};
use crate::engine::Engine;

/// Of a branch that is named after it.
pub(super) const OF_BRANCH: GateRule = GateRule {
    kind: RuleKind::One(GateKind::ShortSha),
    applies: |_, moment| moment.makes_branch(),
    evaluate: Evaluate::Branch(|question| Box::pin(of_branch(question))),
};

/// Of a tag that is named after it.
pub(super) const OF_TAG: GateRule = GateRule {
    kind: RuleKind::One(GateKind::ShortSha),
    applies: |_, moment| moment == Moment::Build,
    evaluate: Evaluate::Build(|question| Box::pin(of_tag(question))),
};

async fn of_branch(question: &BranchQuestion<'_>) -> Option<Answer> {
    Some(evaluate(question.engine, question.commit, "branch").await)
}

async fn of_tag(question: &BuildQuestion<'_>) -> Option<Answer> {
    Some(evaluate(question.engine, question.commit, "tag").await)
}

async fn evaluate(engine: &Engine, commit: &CommitSha, what: &str) -> Answer {
    let (sha, short) = (commit.clone(), commit.short());
    let reading = engine.git(move |repository| repository.short_is_unique(&sha));
    let verdict = match reading.await {
        Ok(true) => Verdict::Allowed(format!("{short} is unambiguous")),
        Ok(false) => Verdict::Refused(format!(
            "{short} is ambiguous: it matches several commits, so the {what} would too"
        )),
        Err(error) => Verdict::Unknown(error.brief()),
    };
    Gate::new(GateKind::ShortSha, verdict).into()
}
