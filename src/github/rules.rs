//! The rules that stand over a branch, and what they would say to a push.

mod gitea;
mod rule;
mod wire;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

pub use self::rule::{BranchRule, Operator, Pattern, PatternOf};
use super::GitHub;
use super::client::Ask;
use super::error::GitHubError;
use super::forge::Forge;
use crate::domain::clean_line;

/// Why these rules would refuse a push that creates `branch`; none if they would not.
pub fn refusal_of_creation(rules: &[BranchRule], branch: &str) -> Option<String> {
    rules.iter().find_map(|rule| match rule {
        BranchRule::Creation => Some(format!(
            "only those who can bypass a rule may create {}",
            clean_line(branch)
        )),
        BranchRule::Pattern(pattern) if pattern.of == PatternOf::BranchName => {
            (pattern.holds(branch) == Some(false)).then(|| {
                format!(
                    "a rule requires branch names to {}; {} does not",
                    pattern.words(),
                    clean_line(branch)
                )
            })
        }
        _ => None,
    })
}

/// Why these rules would refuse a merge commit that is pushed directly, so that it has to come by pull request; none if
/// they would not.
pub fn asks_for_pull_request(rules: &[BranchRule]) -> Option<String> {
    rules.iter().find_map(|rule| match rule {
        BranchRule::PullRequest { approvals: 0 } => Some("a rule requires a pull request".to_owned()),
        BranchRule::PullRequest { approvals: 1 } => {
            Some("a rule requires a pull request approved by someone else".to_owned())
        }
        BranchRule::PullRequest { approvals } => {
            Some(format!("a rule requires a pull request approved by {approvals}"))
        }
        BranchRule::MergeQueue => Some("a rule requires the merge queue".to_owned()),
        // A merge commit is new, so that no check can have passed on it.
        BranchRule::RequiredChecks { checks, .. } if !checks.is_empty() => Some(format!(
            "a rule requires {} to pass, but nothing has run on a new merge commit",
            checks.join(", ")
        )),
        BranchRule::LinearHistory => Some("a rule forbids merge commits".to_owned()),
        BranchRule::Update => Some("only those who can bypass a rule may push to it".to_owned()),
        _ => None,
    })
}

const NEEDS: &str = "metadata: read (classic: repo)";

impl GitHub {
    /// The rules over `branch`, which need not exist: those of rulesets, and the classic protection where this token may
    /// see it.
    pub async fn rules(&self, branch: &str) -> Result<Vec<BranchRule>, GitHubError> {
        if self.forge() == Forge::Gitea {
            return self.push_rules_of_gitea(branch).await;
        }
        let mut rules: Vec<_> = self
            .of_rulesets(branch)
            .await?
            .into_iter()
            .map(|(rule, _)| rule)
            .collect();
        rules.extend(self.classic_protection(branch).await?);
        Ok(rules)
    }

    /// The names of the checks that rules over `branch` require; of one that is only to be created, where they do so then.
    pub async fn required_checks(&self, branch: &str, is_new: bool) -> Result<Vec<String>, GitHubError> {
        if self.forge() == Forge::Gitea {
            return self.required_checks_of_gitea(branch).await;
        }
        let rules = self.rules(branch).await?;
        let required = rules.into_iter().filter_map(|rule| match rule {
            BranchRule::RequiredChecks {
                checks, on_creation, ..
            } if on_creation || !is_new => Some(checks),
            _ => None,
        });
        Ok(required.flatten().collect())
    }

    /// The rules that would hold for this token if it created `branch`: as [`GitHub::rules`], without those that it may
    /// always pass by.
    pub async fn rules_of_creation(&self, branch: &str) -> Result<Vec<BranchRule>, GitHubError> {
        if self.forge() == Forge::Gitea {
            return self.rules_of_creation_of_gitea(branch).await;
        }
        let mut held = Vec::new();
        let mut known = BTreeMap::new();
        for (rule, ruleset) in self.of_rulesets(branch).await? {
            let refuses = refusal_of_creation(std::slice::from_ref(&rule), branch).is_some();
            if let Some(id) = ruleset.filter(|_| refuses && self.has_token()) {
                if let Entry::Vacant(unknown) = known.entry(id) {
                    unknown.insert(self.may_pass_by(id).await?);
                }
                if known.get(&id) == Some(&true) {
                    continue;
                }
            }
            held.push(rule);
        }
        Ok(held)
    }

    async fn of_rulesets(&self, branch: &str) -> Result<Vec<(BranchRule, Option<u64>)>, GitHubError> {
        let ask = Ask::new(format!("the rules over {branch} of {}", self.repository), NEEDS);
        let route = self.route(&format!("/rules/branches/{}?per_page=100", client_path(branch)));
        let found: Vec<wire::Rule> = self
            .client
            .pages(&ask, &route, |page: Vec<wire::Rule>| page.into())
            .await?;
        Ok(found.into_iter().map(wire::Rule::read).collect())
    }

    /// Whether this token may always push against a ruleset. Whoever cannot be told is taken to be held by it.
    async fn may_pass_by(&self, ruleset: u64) -> Result<bool, GitHubError> {
        let ask = Ask::new(format!("ruleset {ruleset} of {}", self.repository), NEEDS);
        let route = self.route(&format!("/rulesets/{ruleset}"));
        match self.client.get::<wire::Ruleset>(&ask, &route).await {
            Ok(ruleset) => Ok(ruleset.is_passed_by()),
            Err(GitHubError::NotFound { .. } | GitHubError::NotAuthorised { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The protection of before rulesets. Most tokens may not see it, and a branch that is not there has none.
    async fn classic_protection(&self, branch: &str) -> Result<Vec<BranchRule>, GitHubError> {
        if !self.has_token() {
            return Ok(Vec::new());
        }
        let ask = Ask::new(
            format!("the protection of {branch} of {}", self.repository),
            "administration: read (classic: repo)",
        );
        let route = self.route(&format!("/branches/{}/protection", client_path(branch)));
        match self.client.get::<wire::Protection>(&ask, &route).await {
            Ok(protection) => Ok(protection.read()),
            Err(GitHubError::NotFound { .. } | GitHubError::NotAuthorised { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// A branch as a single part of a path.
fn client_path(branch: &str) -> String {
    super::client::segment(branch)
}

#[cfg(test)]
mod tests;
