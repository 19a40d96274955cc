//! Whether the short form of a commit, which branches are named after, is unambiguous.

use super::{Answer, BranchQuestion, Evaluate, GateRule};
use crate::domain::{Gate, GateKind, Verdict};

pub(super) const RULE: GateRule = GateRule {
    kind: GateKind::ShortSha,
    applies: |_, moment| moment.makes_branch(),
    evaluate: Evaluate::Branch(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &BranchQuestion<'_>) -> Option<Answer> {
    let (sha, short) = (question.commit.clone(), question.commit.short());
    let reading = question
        .engine
        .git(move |repository| repository.short_is_unique(&sha));
    let verdict = match reading.await {
        Ok(true) => Verdict::Allowed(format!("{short} is unambiguous")),
        Ok(false) => Verdict::Refused(format!(
            "{short} is ambiguous: it matches several commits, so the branch would too"
        )),
        Err(error) => Verdict::Unknown(error.brief()),
    };
    Some(Gate::new(GateKind::ShortSha, verdict).into())
}
