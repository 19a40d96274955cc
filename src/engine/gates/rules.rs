//! Whether the branch rules of GitHub allow a new branch.

use super::{Answer, BranchQuestion, Evaluate, GateRule, RuleKind};
use crate::config::CheckRule;
use crate::domain::{Gate, GateKind, Verdict};
use crate::github::refusal_of_creation;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Rules),
    applies: |_, moment| moment.makes_branch(),
    evaluate: Evaluate::Branch(|question| Box::pin(evaluate(question))),
};

/// None where the repository is not on GitHub.
async fn evaluate(question: &BranchQuestion<'_>) -> Option<Answer> {
    let branch = question.branch.as_str();
    let github = match question.engine.github() {
        Ok(github) => github?,
        // The gate `checks` says why GitHub cannot be asked.
        Err(_) if question.engine.config().github.checks == CheckRule::Required => return None,
        Err(error) => return Some(not_asked(&error.to_string()).into()),
    };
    let rules = match github.rules_of_creation(branch).await {
        Ok(rules) => rules,
        Err(error) => return Some(not_asked(&error.to_string()).into()),
    };
    let verdict = match refusal_of_creation(&rules, branch) {
        Some(why) => Verdict::Refused(why),
        None => Verdict::Allowed(format!("GitHub branch rules allow {branch}")),
    };
    Some(Gate::new(GateKind::Rules, verdict).into())
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
