//! The preflights of a cut that GitHub answers: the checks of the commit, and the rules over the new branch.

use std::collections::BTreeSet;

use super::Engine;
use crate::config::CheckRule;
use crate::domain::{BranchName, CommitSha, Gate, GateKind, Verdict};
use crate::github::{Checks, ChecksVerdict, GitHub, RequiredCheck, refusal_of_creation};

/// The gates; none where the repository is not on GitHub.
pub(super) async fn gates(engine: &Engine, commit: &CommitSha, branch: &BranchName) -> Vec<Gate> {
    let wanted = engine.config().github.checks == CheckRule::Required;
    let github = match engine.github() {
        Ok(None) => return Vec::new(),
        Ok(Some(github)) => github,
        Err(error) if wanted => {
            let why = with_override(&error.to_string(), error.hint());
            return vec![Gate::new(GateKind::Checks, Verdict::Unknown(why))];
        }
        Err(error) => return vec![not_asked(&error.to_string())],
    };
    let checks = async {
        if wanted {
            let develop = &engine.config().git.develop;
            Some(Gate::new(
                GateKind::Checks,
                checks(github, commit, [(develop, false), (branch, true)]).await,
            ))
        } else {
            None
        }
    };
    let (checks, rules) = futures_util::join!(checks, rules(github, branch));
    checks.into_iter().chain([rules]).collect()
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

async fn rules(github: &GitHub, branch: &BranchName) -> Gate {
    match github.rules_of_creation(branch.as_str()).await {
        Ok(rules) => Gate::new(
            GateKind::Rules,
            match refusal_of_creation(&rules, branch.as_str()) {
                Some(why) => Verdict::Refused(why),
                None => Verdict::Allowed(format!("GitHub branch rules allow {branch}")),
            },
        ),
        Err(error) => not_asked(&error.to_string()),
    }
}

/// The push itself will tell.
fn not_asked(why: &str) -> Gate {
    Gate::new(
        GateKind::Rules,
        Verdict::Allowed("unknown until the push".to_owned()),
    )
    .with_notes(vec![format!(
        "could not read GitHub branch rules; the push will show whether they allow it: {why}"
    )])
}
