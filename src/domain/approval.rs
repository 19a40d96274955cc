//! A request for an approval: what a run waits for, and who may approve it.

use jiff::Timestamp;
use serde::Serialize;

use super::{CommitSha, Digest, EnvironmentName, ServiceName, first};

/// How many of those who may approve are named in words.
const NAMED_REVIEWERS: usize = 5;

/// That a run on GitHub waits until somebody approves a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApprovalRequest {
    /// The run of windlass that follows it.
    pub run: String,
    /// One word for what is done: `promote`.
    pub operation: String,
    /// What is done, in words: `promote to prod`.
    #[serde(skip)]
    pub title: String,
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: Option<EnvironmentName>,
    /// What is to be deployed, where that is known.
    pub digest: Option<Digest>,
    /// The commit that it was built from, where that is known.
    pub commit: Option<CommitSha>,
    /// The release that the commit belongs to, where there is one.
    pub release: Option<String>,
    /// The number of the run on GitHub.
    pub workflow_run: u64,
    /// Its attempt, from 1 on.
    pub attempt: u32,
    /// Its page.
    pub url: String,
    /// The environment as it is called on GitHub, whose protection it waits for.
    pub github_environment: String,
    /// Who may approve: people and teams.
    pub reviewers: Vec<String>,
    /// What to do now.
    pub hint: String,
    /// Who began it: user and host.
    pub actor: String,
    /// When it was seen to wait.
    pub at: Timestamp,
}

impl ApprovalRequest {
    /// `promote to prod waits for the approval of production by ana, team ops`.
    pub fn words(&self) -> String {
        let by = if self.reviewers.is_empty() {
            String::new()
        } else {
            format!(" by {}", first(self.reviewers.iter(), NAMED_REVIEWERS))
        };
        format!(
            "{} waits for the approval of {}{by}",
            self.title, self.github_environment
        )
    }
}
