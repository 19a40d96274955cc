//! Whether the working tree is what its commit says.

use std::future::ready;

use super::{Answer, BuildQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{CommitSha, Gate, GateKind, Verdict, count};

/// How many changed files a refusal names.
const NAMED: usize = 3;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Tree),
    applies: |_, moment| moment == Moment::Build,
    evaluate: Evaluate::Build(|question| Box::pin(ready(Some(evaluate(question))))),
};

fn evaluate(question: &BuildQuestion<'_>) -> Answer {
    let verdict = tree(question.commit, question.changes, question.with_changes);
    Gate::new(GateKind::Tree, verdict).into()
}

fn tree(commit: &CommitSha, changes: &[String], with_changes: bool) -> Verdict {
    let Some((first, _)) = changes.split_first() else {
        return Verdict::Allowed(format!("the working tree is clean at {}", commit.short()));
    };
    let mut named = changes
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if changes.len() > NAMED {
        named.push_str(", …");
    }
    let differ = if changes.len() == 1 {
        format!("{first} differs from {}", commit.short())
    } else {
        format!(
            "{} differ from {} ({named})",
            count(changes.len(), "file"),
            commit.short()
        )
    };
    if with_changes {
        Verdict::Allowed(format!(
            "{differ}; the image gets its own tag instead of the commit's"
        ))
    } else {
        Verdict::Refused(format!(
            "{differ}: commit the changes, or build with --dirty, which marks the tag"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> CommitSha {
        "2b2e927000000000000000000000000000000000".parse().unwrap()
    }

    fn changes(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("src/{n}.rs")).collect()
    }

    #[test]
    fn changes_refuse_a_build_and_are_named() {
        assert!(tree(&commit(), &[], false).allows());
        let one = tree(&commit(), &changes(1), false);
        assert!(!one.allows());
        assert!(
            one.reason().starts_with("src/0.rs differs from 2b2e927"),
            "{one:?}"
        );
        let many = tree(&commit(), &changes(5), false);
        assert!(
            many.reason()
                .starts_with("5 files differ from 2b2e927 (src/0.rs, src/1.rs, src/2.rs, …)")
        );
        assert!(tree(&commit(), &changes(5), true).allows());
    }
}
