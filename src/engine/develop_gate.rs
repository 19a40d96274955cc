//! Whether a release is cut of a commit that develop has: candidates come from there.

use super::Engine;
use super::remote_state::Upstream;
use crate::domain::{CommitSha, Gate, GateKind, Override, Verdict, count};

/// The gate. Somebody who knows why may cut elsewhere.
pub(super) async fn gate(engine: &Engine, upstream: &Upstream, commit: &CommitSha) -> Gate {
    let gate = Gate::new(GateKind::Develop, judge(engine, upstream, commit).await);
    if gate.verdict.allows() {
        gate
    } else {
        gate.with_override(Override::Reason)
    }
}

async fn judge(engine: &Engine, upstream: &Upstream, commit: &CommitSha) -> Verdict {
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
