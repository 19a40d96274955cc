//! Whether a branch is free, in the local repository and on the remote.

use std::future::ready;

use super::{Answer, BranchQuestion, Evaluate, GateRule, RuleKind};
use crate::domain::{BranchName, CommitSha, Gate, GateKind, Verdict};
use crate::git::BranchState;

pub(super) const HERE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Here),
    applies: |_, moment| moment.makes_branch(),
    evaluate: Evaluate::Branch(|question| Box::pin(here(question))),
};

pub(super) const REMOTE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Remote),
    applies: |_, moment| moment.makes_branch(),
    evaluate: Evaluate::Branch(|question| Box::pin(ready(Some(remote(question))))),
};

async fn here(question: &BranchQuestion<'_>) -> Option<Answer> {
    let name = question.branch.clone();
    let reading = question
        .engine
        .git(move |repository| repository.branch_state(&name));
    let verdict = match reading.await {
        Ok(state) => at(question.branch, question.commit, &state, "here"),
        Err(error) => Verdict::Unknown(error.brief()),
    };
    Some(Gate::new(GateKind::Here, verdict).into())
}

fn remote(question: &BranchQuestion<'_>) -> Answer {
    let (upstream, branch) = (question.upstream, question.branch);
    let verdict = match &upstream.stale {
        None => {
            let place = format!("on {}", question.engine.config().git.remote);
            at(branch, question.commit, &upstream.branch_state(branch), &place)
        }
        Some(why) => Verdict::Unknown(why.clone()),
    };
    Gate::new(GateKind::Remote, verdict).into()
}

/// A branch that is free, or at the very commit already, as after a run that was broken off.
fn at(branch: &BranchName, commit: &CommitSha, state: &BranchState, place: &str) -> Verdict {
    match state {
        BranchState::Free => Verdict::Allowed(format!("{branch} does not exist {place}")),
        BranchState::At(found) if found == commit => {
            Verdict::Allowed(format!("{branch} already exists {place}, at this commit"))
        }
        BranchState::At(found) => Verdict::Refused(format!("{branch} exists {place}, at {}", found.short())),
        BranchState::Blocked(by) => {
            Verdict::Refused(format!("{by} exists {place}; git cannot have {branch} beside it"))
        }
    }
}
