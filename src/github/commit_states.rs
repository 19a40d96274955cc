//! How the checks of many commits stand, and the pull requests that they came by: one request for all of them.
//! <https://docs.github.com/en/graphql/reference/objects#statuscheckrollup>

use std::collections::HashMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::GitHub;
use super::checks::ChecksVerdict;
use super::client::Ask;
use super::error::GitHubError;
use super::forge::Forge;
use crate::domain::{CommitSha, clean_line};

const NEEDS: &str = "checks: read, commit statuses: read and pull requests: read (classic: repo)";
/// How many commits are asked for at once.
pub const MAX_COMMITS: usize = 100;

/// What is asked of each commit.
const FRAGMENT: &str = "fragment state on Commit { statusCheckRollup { contexts(first: 1) { \
    checkRunCountsByState { state count } statusContextCountsByState { state count } } } \
    associatedPullRequests(first: 1) { nodes { number author { login } } } }";

/// How a commit stands on GitHub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitState {
    /// How many checks passed.
    pub passed: u64,
    /// How many failed, in whatever way.
    pub failed: u64,
    /// How many have not ended.
    pub pending: u64,
    /// How many were skipped, or are neither good nor bad.
    pub skipped: u64,
    /// The pull request that it came by.
    pub pull: Option<PullOfCommit>,
}

/// The pull request that a commit came by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullOfCommit {
    /// Its number.
    pub number: u64,
    /// Who opened it.
    pub author: Option<String>,
}

impl CommitState {
    /// How many checks there are that say something.
    pub const fn count(&self) -> u64 {
        self.passed + self.failed + self.pending
    }

    /// What the checks say together.
    pub const fn verdict(&self) -> ChecksVerdict {
        if self.failed > 0 {
            ChecksVerdict::Failed
        } else if self.pending > 0 {
            ChecksVerdict::Pending
        } else if self.passed > 0 {
            ChecksVerdict::Passed
        } else if self.skipped > 0 {
            ChecksVerdict::Skipped
        } else {
            ChecksVerdict::None
        }
    }

    fn add(&mut self, count: &Count) {
        let sum = match count.state.as_str() {
            "SUCCESS" => &mut self.passed,
            "NEUTRAL" | "SKIPPED" => &mut self.skipped,
            "EXPECTED" | "IN_PROGRESS" | "PENDING" | "QUEUED" | "REQUESTED" | "WAITING" => &mut self.pending,
            // Cancelled, stale, timed out and whatever may come proves nothing.
            _ => &mut self.failed,
        };
        *sum += count.count;
    }
}

#[derive(Serialize)]
struct Variables<'a> {
    owner: &'a str,
    name: &'a str,
}

#[derive(Deserialize)]
struct Data {
    repository: Option<HashMap<String, Option<Commit>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    status_check_rollup: Option<Rollup>,
    associated_pull_requests: Option<Pulls>,
}

#[derive(Deserialize)]
struct Rollup {
    contexts: Contexts,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contexts {
    check_run_counts_by_state: Option<Vec<Count>>,
    status_context_counts_by_state: Option<Vec<Count>>,
}

#[derive(Deserialize)]
struct Count {
    state: String,
    count: u64,
}

#[derive(Deserialize)]
struct Pulls {
    nodes: Option<Vec<Option<Pull>>>,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    author: Option<Author>,
}

#[derive(Deserialize)]
struct Author {
    login: String,
}

impl From<Commit> for CommitState {
    fn from(commit: Commit) -> Self {
        let pulls = commit.associated_pull_requests.and_then(|pulls| pulls.nodes);
        let pull = pulls.and_then(|pulls| pulls.into_iter().flatten().next());
        let mut state = Self {
            pull: pull.map(|pull| PullOfCommit {
                number: pull.number,
                author: pull.author.map(|author| clean_line(&author.login)),
            }),
            ..Self::default()
        };
        if let Some(rollup) = commit.status_check_rollup {
            let contexts = rollup.contexts;
            let runs = contexts.check_run_counts_by_state.iter().flatten();
            let statuses = contexts.status_context_counts_by_state.iter().flatten();
            runs.chain(statuses).for_each(|count| state.add(count));
        }
        state
    }
}

impl GitHub {
    /// How each of `commits` stands that the repository has, at most [`MAX_COMMITS`] of them, in one request; none where the
    /// server has no GraphQL.
    pub async fn commit_states(
        &self,
        commits: &[CommitSha],
    ) -> Result<Option<Vec<(CommitSha, CommitState)>>, GitHubError> {
        let commits = &commits[..commits.len().min(MAX_COMMITS)];
        let ask = Ask::new(
            format!("the checks of {} commits of {}", commits.len(), self.repository),
            NEEDS,
        );
        if !self.has_token() {
            return Err(GitHubError::NoToken {
                what: ask.what,
                needs: NEEDS.to_owned(),
            });
        }
        if self.forge() == Forge::Gitea {
            return Ok(None);
        }
        let mut objects = String::new();
        for (at, commit) in commits.iter().enumerate() {
            // A commit is hexadecimal digits and nothing else. Writing to a String cannot fail.
            let _ = write!(objects, "c{at}: object(oid: \"{commit}\") {{ ...state }} ");
        }
        let query = format!(
            "query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {objects}}} }} {FRAGMENT}"
        );
        let repository = self.repository.to_string();
        let (owner, name) = repository.split_once('/').unwrap_or_default();
        let asked = self.client.graphql(&ask, &query, Variables { owner, name });
        let Some(Data { repository }) = asked.await? else {
            return Ok(None);
        };
        let mut found = repository.unwrap_or_default();
        let states = commits.iter().enumerate().filter_map(|(at, commit)| {
            let state = found.remove(&format!("c{at}"))??;
            Some((commit.clone(), state.into()))
        });
        Ok(Some(states.collect()))
    }
}
