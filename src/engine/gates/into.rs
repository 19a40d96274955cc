//! Whether a release can be merged into a branch: conflicts are known before anything is written.

use std::future::ready;

use super::{Answer, Evaluate, GateRule, MergeQuestion, Moment, RuleKind};
use crate::domain::{BranchName, Gate, GateKind, Override, Verdict, count};
use crate::engine::operations::finish::Merging;
use crate::git::Conflict;

/// Files that a refusal names.
const NAMED: usize = 5;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::EachBranch,
    applies: |_, moment| moment == Moment::Finish,
    evaluate: Evaluate::Merge(|question| Box::pin(ready(Some(evaluate(question))))),
};

fn evaluate(question: &MergeQuestion<'_>) -> Answer {
    let into = question.into;
    let verdict = match question.merging {
        Merging::NoBranch => Verdict::Refused(format!(
            "{} has no branch {into}",
            question.engine.config().git.remote
        )),
        Merging::Reverted(why) => Verdict::Refused(format!(
            "{why}: a merge would not restore it; revert the revert on {into} first"
        )),
        Merging::Contained(None) => Verdict::Allowed("already contains all of it".to_owned()),
        Merging::Contained(Some(how)) => Verdict::Allowed(format!("already contains all of it: {how}")),
        Merging::Clean { at, pull_request } => {
            let merges = format!("merges without conflicts, at {}", at.short());
            Verdict::Allowed(match pull_request {
                Ok(None) => merges,
                Ok(Some(why)) => format!("{merges}; through a pull request, because {why}"),
                Err(error) => format!("{merges}; could not read its branch rules: {}", error.brief()),
            })
        }
        Merging::Conflicts(conflicts) => conflict(conflicts, question.from, into),
    };
    let gate = Gate::new(GateKind::Into(into.clone()), verdict);
    if gate.verdict.allows() {
        gate.into()
    } else {
        gate.with_override(Override::LeaveOut).into()
    }
}

fn conflict(conflicts: &[Conflict], from: &BranchName, into: &BranchName) -> Verdict {
    let mut named: Vec<_> = conflicts
        .iter()
        .take(NAMED)
        .map(|conflict| conflict.words(into.as_str(), from.as_str()))
        .collect();
    if conflicts.len() > NAMED {
        named.push(format!("and {} more", conflicts.len() - NAMED));
    }
    Verdict::Refused(format!(
        "{} in conflict: {}. Merge {} into {into} manually",
        are(conflicts.len()),
        named.join("; "),
        from
    ))
}

fn are(files: usize) -> String {
    let verb = if files == 1 { "is" } else { "are" };
    format!("{} {verb}", count(files, "file"))
}
