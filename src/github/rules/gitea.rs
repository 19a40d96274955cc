//! The branch protection of Gitea: a branch says what it allows this token; the rules themselves are shown to
//! administrators, and hold for new branches too.

use regex::Regex;
use serde::Deserialize;

use super::{BranchRule, NEEDS, client_path};
use crate::domain::clean_line;
use crate::github::GitHub;
use crate::github::client::{Ask, Page};
use crate::github::error::GitHubError;

/// The answer of `GET …/branches/{branch}`.
#[derive(Debug, Deserialize)]
struct Branch {
    protected: Option<bool>,
    required_approvals: Option<u64>,
    enable_status_check: Option<bool>,
    status_check_contexts: Option<Vec<String>>,
    user_can_push: Option<bool>,
}

/// A rule of `GET …/branch_protections`.
#[derive(Debug, Deserialize)]
struct Protection {
    rule_name: String,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    enable_push: bool,
}

impl Protection {
    fn is_plain(&self) -> bool {
        !self.rule_name.contains(['*', '?', '[', ']', '{', '}', '\\'])
    }

    fn applies_to(&self, branch: &str) -> bool {
        // A form that is not understood here applies to nothing: the push itself tells.
        pattern(&self.rule_name).is_some_and(|pattern| pattern.is_match(branch))
    }
}

/// `**` is anything, `*` and `?` are anything within a part of the name.
fn pattern(rule: &str) -> Option<Regex> {
    if rule.contains(['[', ']', '{', '}', '\\']) {
        return None;
    }
    let escaped = regex::escape(rule)
        .replace(r"\*\*", ".*")
        .replace(r"\*", "[^/]*")
        .replace(r"\?", "[^/]");
    Regex::new(&format!("^(?i:{escaped})$")).ok()
}

impl GitHub {
    /// Why a push to `branch` is refused, which does not depend on checks: these hold for what is merged.
    pub(super) async fn push_rules_of_gitea(&self, branch: &str) -> Result<Vec<BranchRule>, GitHubError> {
        let found = self.branch_of_gitea(branch).await?;
        let protected = found.filter(|found| found.protected == Some(true) && self.has_token());
        Ok(protected
            .filter(|found| found.user_can_push == Some(false))
            .map(|found| BranchRule::PullRequest {
                approvals: found.required_approvals.unwrap_or_default(),
            })
            .into_iter()
            .collect())
    }

    /// The contexts that what is merged into `branch` must have.
    pub(super) async fn required_checks_of_gitea(&self, branch: &str) -> Result<Vec<String>, GitHubError> {
        let found = self.branch_of_gitea(branch).await?;
        let checked = found.filter(|found| found.enable_status_check == Some(true));
        let contexts = checked.and_then(|found| found.status_check_contexts);
        let contexts = contexts.unwrap_or_default().into_iter();
        Ok(contexts.map(|context| clean_line(&context)).collect())
    }

    /// Why a push that creates `branch` is refused, where this token may know.
    pub(super) async fn rules_of_creation_of_gitea(
        &self,
        branch: &str,
    ) -> Result<Vec<BranchRule>, GitHubError> {
        let ask = Ask::new(format!("the branch protection of {}", self.repository), NEEDS);
        let route = self.route("/branch_protections");
        let found = self
            .client
            .pages(&ask, &route, |page: Vec<Protection>| Page::from(page));
        let rules = match found.await {
            Err(
                GitHubError::NotFound { .. }
                | GitHubError::NotAuthorised { .. }
                | GitHubError::NoToken { .. },
            ) => return Ok(Vec::new()),
            rules => rules?,
        };
        let matching = rules.into_iter().filter(|rule| rule.applies_to(branch));
        let first = matching.min_by_key(|rule| (rule.priority, !rule.is_plain()));
        let refuses = first.filter(|rule| !rule.enable_push);
        Ok(refuses.map(|_| BranchRule::Creation).into_iter().collect())
    }

    /// None where there is no such branch yet.
    async fn branch_of_gitea(&self, branch: &str) -> Result<Option<Branch>, GitHubError> {
        let ask = Ask::new(format!("branch {branch} of {}", self.repository), NEEDS);
        let route = self.route(&format!("/branches/{}", client_path(branch)));
        match self.client.get(&ask, &route).await {
            Ok(found) => Ok(Some(found)),
            Err(GitHubError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_gitea_applies_to_the_branches_that_its_name_describes() {
        let applies = |rule: &str, branch: &str| {
            let rule_name = rule.to_owned();
            let rule = Protection {
                rule_name,
                priority: 0,
                enable_push: false,
            };
            rule.applies_to(branch)
        };
        assert!(applies("main", "main") && !applies("main", "maintenance"));
        assert!(applies("release/*", "release/v1.0.0-sha-1a2b3c4"));
        assert!(!applies("release/*", "release/api/v1"));
        assert!(applies("release/**", "release/api/v1"));
        assert!(applies("v?.x", "v1.x") && !applies("v?.x", "v10.x"));
        assert!(!applies("{main,develop}", "main"), "not understood");
    }
}
