//! Whether what a build was planned of is still checked out; none where it is.

use std::future::ready;

use super::{Answer, CheckoutQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{CommitSha, Gate, GateKind, Verdict};

pub(super) const COMMIT: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Commit),
    applies: |_, moment| moment == Moment::Checkout,
    evaluate: Evaluate::Checkout(|question| Box::pin(ready(commit(question)))),
};

pub(super) const BRANCH: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Branch),
    applies: |_, moment| moment == Moment::Checkout,
    evaluate: Evaluate::Checkout(|question| Box::pin(ready(branch(question)))),
};

fn is_same_commit(question: &CheckoutQuestion<'_>) -> bool {
    question.found == Some(question.planned)
}

fn commit(question: &CheckoutQuestion<'_>) -> Option<Answer> {
    if is_same_commit(question) {
        return None;
    }
    let now = question.found.map_or("nothing", CommitSha::short);
    let why = format!(
        "{} was checked out when the plan was made; {now} is checked out now",
        question.planned.short()
    );
    Some(Gate::new(GateKind::Commit, Verdict::Refused(why)).into())
}

/// The tag of an image depends on the branch, where releases are built anew.
fn branch(question: &CheckoutQuestion<'_>) -> Option<Answer> {
    let (planned, found) = question.tags?;
    if !is_same_commit(question) || found == Some(planned) {
        return None;
    }
    let why = "a different branch is checked out than when the plan was made".to_owned();
    Some(Gate::new(GateKind::Branch, Verdict::Refused(why)).into())
}
