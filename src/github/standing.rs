//! How we stand with GitHub: whether it answers, and how many requests it takes yet.

use jiff::Timestamp;
use serde::Deserialize;

use super::GitHub;
use super::client::Ask;
use super::error::GitHubError;

/// How we stand with GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its limit of requests; none where it has no limits.
    pub limit: Option<Allowance>,
}

/// A limit of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many it takes in an hour.
    pub limit: u64,
    /// How many of these are left.
    pub remaining: u64,
    /// When it counts from the start again.
    pub resets: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Limits {
    resources: Resources,
}

#[derive(Debug, Deserialize)]
struct Resources {
    core: Core,
}

#[derive(Debug, Deserialize)]
struct Core {
    limit: u64,
    remaining: u64,
    reset: i64,
}

#[derive(Debug, Deserialize)]
struct Anything {}

impl GitHub {
    /// Whether GitHub shows this token the repository, and how many requests are left.
    pub async fn standing(&self) -> Result<Standing, GitHubError> {
        let needs = "metadata: read (classic: repo)";
        let ask = Ask::new(format!("repository {}", self.repository), needs);
        self.client.get::<Anything>(&ask, &self.route("")).await?;
        let ask = Ask::new("its limits", needs);
        let limit = match self.client.get::<Limits>(&ask, "/rate_limit").await {
            Ok(Limits { resources }) => Some(Allowance {
                limit: resources.core.limit,
                remaining: resources.core.remaining,
                resets: Timestamp::from_second(resources.core.reset).ok(),
            }),
            // A server of one's own may have none.
            Err(GitHubError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Standing { limit })
    }
}
