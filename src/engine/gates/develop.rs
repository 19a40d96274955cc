//! Whether a release is cut of a commit that develop has: candidates come from there. Somebody who knows why may cut elsewhere.

use super::{Answer, BranchQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, Verdict, count};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Develop),
    applies: |_, moment| moment == Moment::Cut,
    evaluate: Evaluate::Branch(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &BranchQuestion<'_>) -> Option<Answer> {
    let gate = Gate::new(GateKind::Develop, judge(question).await);
    Some(gate.or_by_reason().into())
}

async fn judge(question: &BranchQuestion<'_>) -> Verdict {
    let (engine, upstream, commit) = (question.engine, question.upstream, question.commit);
    let git = &engine.config().git;
    let develop = &git.develop;
    let place = format!("{}/{develop}", git.remote);
    let Some(head) = upstream.branch(develop).cloned() else {
        return Verdict::Unknown(format!("{} has no branch {develop}", git.remote));
    };
    let sha = commit.clone();
    let own = engine.git(move |repository| {
        if repository.contains(&head, &sha)? {
            return Ok(0);
        }
        Ok(repository.changes(&head, &sha, 0)?.1)
    });
    match own.await {
        Ok(0) => Verdict::Allowed(format!("{} is on {place}", commit.short())),
        Ok(own) => Verdict::Refused(format!(
            "{} is not on {place}: it is ahead by {}",
            commit.short(),
            count(own, "commit")
        )),
        Err(error) => Verdict::Unknown(format!(
            "cannot tell whether {} is on {place}: {}",
            commit.short(),
            error.brief()
        )),
    }
}
