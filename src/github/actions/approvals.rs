//! Deployments that wait for an approval, and what was said of them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{READS, WRITES};
use crate::domain::{WriteAccess, clean_line, first};
use crate::github::GitHub;
use crate::github::client::{Ask, Method, segment};
use crate::github::error::GitHubError;
use crate::github::forge::Forge;

/// An environment whose protection a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDeployment {
    /// The number of the environment on GitHub.
    pub environment_id: u64,
    /// What it is called on GitHub.
    pub environment: String,
    /// Who may approve it.
    pub reviewers: Vec<Reviewer>,
    /// Whether this token's user may.
    pub may_approve: bool,
    /// When its wait timer ends; none if it has none.
    pub waits_until: Option<Timestamp>,
    /// Whether whoever started the run is kept from approving it; unknown until the rules of the environment were asked.
    pub prevents_self_review: Option<bool>,
}

impl PendingDeployment {
    /// Who may approve it: `ana, team ops`; empty where nobody is named.
    pub fn reviewers_in_words(&self) -> String {
        first(self.reviewers.iter().map(ToString::to_string), 10)
    }
}

/// Somebody who may approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reviewer {
    /// A person.
    User(String),
    /// A team.
    Team(String),
}

impl std::fmt::Display for Reviewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(name) => f.write_str(name),
            Self::Team(name) => write!(f, "team {name}"),
        }
    }
}

/// What somebody said of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Who.
    pub user: String,
    /// Whether the deployment may go on.
    pub approved: bool,
    /// The environments that it is about.
    pub environments: Vec<String>,
    /// What was said with it.
    pub comment: String,
}

#[derive(Debug, Deserialize)]
struct Pending {
    environment: Environment,
    wait_timer: Option<i64>,
    wait_timer_started_at: Option<Timestamp>,
    current_user_can_approve: Option<bool>,
    reviewers: Option<Vec<WireReviewer>>,
}

#[derive(Debug, Deserialize)]
struct Environment {
    id: Option<u64>,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireReviewer {
    #[serde(rename = "type")]
    kind: Option<String>,
    reviewer: Option<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    login: Option<String>,
    slug: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Said {
    environments: Vec<Environment>,
    state: String,
    user: Option<Named>,
    comment: Option<String>,
}

#[derive(Debug, Deserialize)]
struct EnvironmentRules {
    #[serde(default)]
    protection_rules: Vec<ProtectionRule>,
}

#[derive(Debug, Deserialize)]
struct ProtectionRule {
    #[serde(rename = "type")]
    kind: Option<String>,
    prevent_self_review: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Verdict<'a> {
    environment_ids: [u64; 1],
    state: &'static str,
    comment: &'a str,
}

impl WireReviewer {
    fn read(self) -> Option<Reviewer> {
        let reviewer = self.reviewer?;
        let name = reviewer.login.or(reviewer.slug)?;
        let name = clean_line(&name);
        Some(match self.kind.as_deref() {
            Some("Team") => Reviewer::Team(name),
            _ => Reviewer::User(name),
        })
    }
}

impl Pending {
    fn read(self) -> Option<PendingDeployment> {
        let timer = self.wait_timer.filter(|minutes| *minutes > 0);
        let waits_until = self
            .wait_timer_started_at
            .zip(timer)
            .and_then(|(since, minutes)| since.checked_add(SignedDuration::from_mins(minutes)).ok());
        Some(PendingDeployment {
            environment_id: self.environment.id?,
            environment: clean_line(&self.environment.name?),
            reviewers: self
                .reviewers
                .unwrap_or_default()
                .into_iter()
                .filter_map(WireReviewer::read)
                .collect(),
            may_approve: self.current_user_can_approve.unwrap_or(false),
            waits_until,
            prevents_self_review: None,
        })
    }
}

impl GitHub {
    /// The environments that a run waits for.
    pub async fn pending_deployments(&self, run: u64) -> Result<Vec<PendingDeployment>, GitHubError> {
        self.forge()
            .requires_github("environments that wait for an approval")?;
        let ask = Ask::new(
            format!("what workflow run {run} of {} waits for", self.repository),
            READS,
        );
        let route = self.route(&format!("/actions/runs/{run}/pending_deployments"));
        let found: Vec<Pending> = self.client.get(&ask, &route).await?;
        Ok(found.into_iter().filter_map(Pending::read).collect())
    }

    /// Whether the rules of an environment keep whoever started a run from approving it; none where no rule says so, as
    /// where nobody has to approve.
    /// <https://docs.github.com/en/rest/deployments/environments#get-an-environment>
    pub async fn prevents_self_review(&self, environment: &str) -> Result<Option<bool>, GitHubError> {
        let ask = Ask::new(
            format!("the environment {environment} of {}", self.repository),
            READS,
        );
        let route = self.route(&format!("/environments/{}", segment(environment)));
        let found: EnvironmentRules = self.client.get(&ask, &route).await?;
        let mut rules = found.protection_rules.into_iter();
        let reviewers = rules.find(|rule| rule.kind.as_deref() == Some("required_reviewers"));
        Ok(reviewers.map(|rule| rule.prevent_self_review.unwrap_or(false)))
    }

    /// What was said of the deployments of a run, in order.
    pub async fn reviews(&self, run: u64) -> Result<Vec<Review>, GitHubError> {
        if self.forge() == Forge::Gitea {
            return Ok(Vec::new());
        }
        let ask = Ask::new(
            format!("the approvals of workflow run {run} of {}", self.repository),
            READS,
        );
        let route = self.route(&format!("/actions/runs/{run}/approvals"));
        let found: Vec<Said> = self.client.get(&ask, &route).await?;
        let said = found.into_iter().filter(|said| said.state != "pending");
        Ok(said
            .map(|said| Review {
                user: clean_line(&said.user.and_then(|user| user.login).unwrap_or_default()),
                approved: said.state == "approved",
                environments: said
                    .environments
                    .into_iter()
                    .filter_map(|environment| environment.name)
                    .map(|name| clean_line(&name))
                    .collect(),
                comment: clean_line(&said.comment.unwrap_or_default()),
            })
            .collect())
    }

    /// Approves or rejects the deployment of a run to one environment.
    pub async fn review(
        &self,
        run: u64,
        pending: &PendingDeployment,
        approve: bool,
        comment: &str,
        _access: WriteAccess,
    ) -> Result<(), GitHubError> {
        let ask = Ask::new(
            format!(
                "{} {} in workflow run {run} of {}",
                if approve { "approving" } else { "rejecting" },
                pending.environment,
                self.repository
            ),
            WRITES,
        );
        if !self.has_token() {
            return Err(GitHubError::NoToken {
                what: ask.what,
                needs: WRITES.to_owned(),
            });
        }
        let route = self.route(&format!("/actions/runs/{run}/pending_deployments"));
        let verdict = Verdict {
            environment_ids: [pending.environment_id],
            state: if approve { "approved" } else { "rejected" },
            comment,
        };
        let _: Option<serde::de::IgnoredAny> = self.client.send(Method::Post, &ask, &route, &verdict).await?;
        Ok(())
    }
}
