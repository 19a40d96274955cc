//! The preflights of a cut that GitHub answers: the checks of the commit, and the rules over the new branch.

use super::Engine;
use crate::config::CheckRule;
use crate::domain::{BranchName, CommitSha, Gate, Verdict};
use crate::github::{ChecksVerdict, GitHub, refusal_of_creation};

/// The gates; none where the repository is not on GitHub.
pub(super) async fn gates(engine: &Engine, commit: &CommitSha, branch: &BranchName) -> Vec<Gate> {
    let wanted = engine.config().github.checks == CheckRule::Required;
    let github = match engine.github() {
        Ok(None) => return Vec::new(),
        Ok(Some(github)) => github,
        Err(error) if wanted => {
            let why = with_way_out(&error.to_string(), error.hint());
            return vec![Gate::new("checks", Verdict::Unknown(why))];
        }
        Err(error) => return vec![not_asked(&error.to_string())],
    };
    let checks = async {
        if wanted {
            Some(Gate::new("checks", checks(github, commit).await))
        } else {
            None
        }
    };
    let (checks, rules) = futures_util::join!(checks, rules(github, branch));
    checks.into_iter().chain([rules]).collect()
}

async fn checks(github: &GitHub, commit: &CommitSha) -> Verdict {
    let checks = match github.checks(commit).await {
        Ok(checks) => checks,
        Err(error) => return Verdict::Unknown(with_way_out(&error.to_string(), error.hint())),
    };
    match checks.verdict() {
        ChecksVerdict::None => Verdict::Allowed("GitHub has no checks on it".to_owned()),
        ChecksVerdict::Passed => Verdict::Allowed(checks.to_string()),
        ChecksVerdict::Pending | ChecksVerdict::Failed => Verdict::Refused(checks.to_string()),
    }
}

fn with_way_out(why: &str, hint: Option<String>) -> String {
    let hint = hint.map_or_else(String::new, |hint| format!("{hint}; "));
    format!("{why} ({hint}`checks = \"off\"` in [github] of windlass.toml does without them)")
}

async fn rules(github: &GitHub, branch: &BranchName) -> Gate {
    match github.rules_of_creation(branch.as_str()).await {
        Ok(rules) => Gate::new(
            "rules",
            match refusal_of_creation(&rules, branch.as_str()) {
                Some(why) => Verdict::Refused(why),
                None => Verdict::Allowed(format!("no rule of GitHub is against {branch}")),
            },
        ),
        Err(error) => not_asked(&error.to_string()),
    }
}

/// The push itself will tell.
fn not_asked(why: &str) -> Gate {
    Gate::new("rules", Verdict::Allowed("not known before the push".to_owned())).with_notes(vec![format!(
        "the rules of GitHub could not be asked, so that the push will tell: {why}"
    )])
}
