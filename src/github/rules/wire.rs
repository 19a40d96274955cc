//! Rules as GitHub writes them.

use serde::Deserialize;

use super::rule::{BranchRule, Operator, Pattern, PatternOf};
use crate::domain::clean_line;

/// A rule of `GET …/rules/branches/{branch}`.
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    #[serde(rename = "type")]
    kind: String,
    parameters: Option<Parameters>,
    ruleset_id: Option<u64>,
}

/// The parameters of all kinds of rule that matter here, each of which has some of them.
#[derive(Debug, Default, Deserialize)]
struct Parameters {
    required_approving_review_count: Option<u64>,
    required_status_checks: Option<Vec<Check>>,
    strict_required_status_checks_policy: Option<bool>,
    do_not_enforce_on_create: Option<bool>,
    operator: Option<String>,
    pattern: Option<String>,
    negate: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Check {
    context: String,
}

impl Rule {
    /// The rule, and the ruleset that it is of.
    pub(super) fn read(self) -> (BranchRule, Option<u64>) {
        let ruleset = self.ruleset_id;
        let said = self.parameters.unwrap_or_default();
        let other = |kind: &str| BranchRule::Other(clean_line(kind));
        let rule = match self.kind.as_str() {
            "pull_request" => BranchRule::PullRequest {
                approvals: said.required_approving_review_count.unwrap_or_default(),
            },
            "required_status_checks" => BranchRule::RequiredChecks {
                checks: names(said.required_status_checks.unwrap_or_default()),
                strict: said.strict_required_status_checks_policy.unwrap_or_default(),
                on_creation: !said.do_not_enforce_on_create.unwrap_or_default(),
            },
            "creation" => BranchRule::Creation,
            "update" => BranchRule::Update,
            "deletion" => BranchRule::Deletion,
            "non_fast_forward" => BranchRule::NonFastForward,
            "required_signatures" => BranchRule::Signatures,
            "required_linear_history" => BranchRule::LinearHistory,
            "merge_queue" => BranchRule::MergeQueue,
            "branch_name_pattern" => {
                pattern(PatternOf::BranchName, said).unwrap_or_else(|| other(&self.kind))
            }
            "commit_message_pattern" => {
                pattern(PatternOf::CommitMessage, said).unwrap_or_else(|| other(&self.kind))
            }
            kind => other(kind),
        };
        (rule, ruleset)
    }
}

fn names(checks: Vec<Check>) -> Vec<String> {
    checks
        .into_iter()
        .map(|check| clean_line(&check.context))
        .collect()
}

fn pattern(of: PatternOf, said: Parameters) -> Option<BranchRule> {
    let operator = match said.operator?.as_str() {
        "starts_with" => Operator::StartsWith,
        "ends_with" => Operator::EndsWith,
        "contains" => Operator::Contains,
        "regex" => Operator::Regex,
        _ => return None,
    };
    Some(BranchRule::Pattern(Pattern {
        of,
        operator,
        pattern: said.pattern?,
        negate: said.negate.unwrap_or_default(),
    }))
}

/// A ruleset of `GET …/rulesets/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct Ruleset {
    current_user_can_bypass: Option<String>,
}

impl Ruleset {
    pub(super) fn is_passed_by(&self) -> bool {
        matches!(self.current_user_can_bypass.as_deref(), Some("always" | "exempt"))
    }
}

/// The answer of `GET …/branches/{branch}/protection`.
#[derive(Debug, Deserialize)]
pub(super) struct Protection {
    required_pull_request_reviews: Option<Reviews>,
    required_status_checks: Option<StatusChecks>,
    required_linear_history: Option<Switch>,
    required_signatures: Option<Switch>,
    lock_branch: Option<Switch>,
    restrictions: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Reviews {
    required_approving_review_count: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct StatusChecks {
    strict: Option<bool>,
    contexts: Option<Vec<String>>,
    checks: Option<Vec<Check>>,
}

#[derive(Debug, Deserialize)]
struct Switch {
    enabled: bool,
}

impl Protection {
    pub(super) fn read(self) -> Vec<BranchRule> {
        let on = |switch: &Option<Switch>| switch.as_ref().is_some_and(|switch| switch.enabled);
        let mut rules = Vec::new();
        if let Some(reviews) = &self.required_pull_request_reviews {
            rules.push(BranchRule::PullRequest {
                approvals: reviews.required_approving_review_count.unwrap_or_default(),
            });
        }
        if let Some(checks) = &self.required_status_checks {
            // GitHub lists them in both forms, of which `contexts` is the older.
            let newer = checks.checks.iter().flatten().map(|check| &check.context);
            let mut names: Vec<_> = checks.contexts.iter().flatten().chain(newer).collect();
            names.sort_unstable();
            names.dedup();
            let names = names.into_iter();
            rules.push(BranchRule::RequiredChecks {
                checks: names.map(|name| clean_line(name)).collect(),
                strict: checks.strict.unwrap_or_default(),
                on_creation: false,
            });
        }
        if on(&self.required_linear_history) {
            rules.push(BranchRule::LinearHistory);
        }
        if on(&self.required_signatures) {
            rules.push(BranchRule::Signatures);
        }
        if on(&self.lock_branch) {
            rules.push(BranchRule::Update);
        }
        if self.restrictions.is_some() {
            rules.push(BranchRule::Other("restricted pushes".to_owned()));
        }
        rules
    }
}
