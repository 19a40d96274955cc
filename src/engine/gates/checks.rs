//! Whether the checks of a commit succeeded on GitHub.

use std::collections::BTreeSet;

use super::{Answer, BranchQuestion, Evaluate, GateRule, RuleKind};
use crate::config::CheckRule;
use crate::domain::{BranchName, CommitSha, Gate, GateKind, Verdict};
use crate::github::{Checks, ChecksVerdict, GitHub, RequiredCheck};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Checks),
    applies: |settings, moment| moment.makes_branch() && settings.checks == CheckRule::Required,
    evaluate: Evaluate::Branch(|question| Box::pin(evaluate(question))),
};

/// None where the repository is not on GitHub.
async fn evaluate(question: &BranchQuestion<'_>) -> Option<Answer> {
    let verdict = match question.engine.github() {
        Ok(github) => {
            let develop = &question.engine.config().git.develop;
            checks(
                github?,
                question.commit,
                [(develop, false), (question.branch, true)],
            )
            .await
        }
        Err(error) => Verdict::Unknown(with_override(&error.to_string(), error.hint())),
    };
    Some(Gate::new(GateKind::Checks, verdict).into())
}

/// What ran on the commit, held against what the rules over the branches require.
async fn checks(github: &GitHub, commit: &CommitSha, branches: [(&BranchName, bool); 2]) -> Verdict {
    let required = futures_util::future::try_join_all(
        branches.map(|(branch, is_new)| github.required_checks(branch.as_str(), is_new)),
    );
    let (checks, required) = match futures_util::try_join!(github.checks(commit), required) {
        Ok(found) => found,
        Err(error) => return Verdict::Unknown(with_override(&error.to_string(), error.hint())),
    };
    let required: BTreeSet<String> = required.into_iter().flatten().collect();
    judge(&checks, &required)
}

fn judge(checks: &Checks, required: &BTreeSet<String>) -> Verdict {
    let standing = |wanted| -> Vec<&str> {
        let names = required.iter().map(String::as_str);
        names.filter(|name| checks.required(name) == wanted).collect()
    };
    let missing = standing(RequiredCheck::Missing);
    if !missing.is_empty() {
        return Verdict::Refused(format!(
            "{checks}; required check {} did not report",
            missing.join(", ")
        ));
    }
    let skipped = standing(RequiredCheck::Skipped);
    match checks.verdict() {
        ChecksVerdict::Pending | ChecksVerdict::Failed => Verdict::Refused(checks.to_string()),
        ChecksVerdict::Passed | ChecksVerdict::Skipped if !skipped.is_empty() => Verdict::Unknown(format!(
            "{checks}; required check {} was skipped",
            skipped.join(", ")
        )),
        ChecksVerdict::None => Verdict::Allowed("GitHub reports no checks for it".to_owned()),
        ChecksVerdict::Passed => Verdict::Allowed(checks.to_string()),
        ChecksVerdict::Skipped => Verdict::Unknown(with_override(
            &format!("{checks}: all were skipped, so nothing was checked"),
            None,
        )),
    }
}

fn with_override(why: &str, hint: Option<String>) -> String {
    let hint = hint.map_or_else(String::new, |hint| format!("{hint}; "));
    format!("{why} ({hint}set `checks = \"off\"` in [github] of windlass.toml to do without them)")
}
