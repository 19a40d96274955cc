//! Pull requests: the one from a branch to another, and opening it once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::GitHub;
use super::client::{Ask, segment};
use super::error::GitHubError;
use super::forge::Forge;
use crate::domain::{CommitSha, WriteAccess, clean_line};

const READS: &str = "pull requests: read (classic: repo)";
const WRITES: &str = "pull requests: write (classic: repo)";

/// How often a pull request is sent, where it is certain each time that it is not there.
const ATTEMPTS: u32 = 3;
/// GitHub wants that long between two writes.
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// How many pages of pull requests into one branch are looked through on Gitea.
const GITEA_PAGES: usize = 10;

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its page.
    pub url: String,
    /// What has become of it.
    pub state: PullRequestState,
    /// The commit that it would merge, or has merged; none where its branch is gone from Gitea.
    pub head_sha: Option<CommitSha>,
    /// The commit that merging it made; none before that.
    pub merged_as: Option<CommitSha>,
}

/// What has become of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullRequestState {
    /// It waits.
    Open,
    /// It was merged.
    Merged,
    /// It was closed, and not merged.
    Closed,
}

/// A pull request that is to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewPullRequest {
    /// The branch that is to be merged.
    pub head: String,
    /// The branch that it is to be merged into.
    pub base: String,
    /// Its title.
    pub title: String,
    /// What it says, in Markdown.
    pub body: String,
}

#[derive(Debug, Deserialize)]
struct Wire {
    number: u64,
    html_url: String,
    state: String,
    merged_at: Option<String>,
    merge_commit_sha: Option<String>,
    head: Head,
}

#[derive(Debug, Deserialize)]
struct Head {
    sha: String,
    /// On Gitea the branch, without its owner.
    label: Option<String>,
    repo: Option<HeadRepository>,
}

#[derive(Debug, Deserialize)]
struct HeadRepository {
    owner: Option<Login>,
}

impl Head {
    /// Whether it is `name`, which is `OWNER:BRANCH`, on Gitea.
    fn is(&self, name: &str) -> bool {
        let owner = self.repo.as_ref().and_then(|repo| repo.owner.as_ref());
        name.split_once(':').is_some_and(|(of, branch)| {
            self.label.as_deref() == Some(branch)
                && owner.is_some_and(|owner| owner.login.eq_ignore_ascii_case(of))
        })
    }
}

impl From<Wire> for PullRequest {
    fn from(wire: Wire) -> Self {
        let state = match (wire.state.as_str(), &wire.merged_at) {
            (_, Some(_)) => PullRequestState::Merged,
            ("open", None) => PullRequestState::Open,
            (_, None) => PullRequestState::Closed,
        };
        // Before that, it is the commit of a trial merge.
        let merged_as = wire
            .merge_commit_sha
            .filter(|_| state == PullRequestState::Merged);
        Self {
            number: wire.number,
            url: clean_line(&wire.html_url),
            state,
            head_sha: wire.head.sha.parse().ok(),
            merged_as: merged_as.and_then(|sha| sha.parse().ok()),
        }
    }
}

/// The name that a repository has now.
#[derive(Debug, Deserialize)]
struct Owner {
    owner: Login,
}

#[derive(Debug, Deserialize)]
struct Login {
    login: String,
}

impl GitHub {
    /// The newest pull request from `head` into `base`, whatever has become of it.
    pub async fn pull_request(&self, head: &str, base: &str) -> Result<Option<PullRequest>, GitHubError> {
        self.find(head, base, "all").await
    }

    /// Opens a pull request, or finds the one that is open for the same branches. A request that failed may have been
    /// carried out, so that GitHub is asked before it is sent again.
    pub async fn open_pull_request(
        &self,
        new: &NewPullRequest,
        _access: WriteAccess,
    ) -> Result<PullRequest, GitHubError> {
        let what = format!(
            "a pull request from {} into {} of {}",
            new.head, new.base, self.repository
        );
        let ask = Ask::new(what, WRITES);
        if !self.has_token() {
            return Err(GitHubError::NoToken {
                what: ask.what,
                needs: WRITES.to_owned(),
            });
        }
        let mut attempt = 1;
        loop {
            if let Some(open) = self.find(&new.head, &new.base, "open").await? {
                return Ok(open);
            }
            let error = match self.client.post::<Wire>(&ask, &self.route("/pulls"), new).await {
                Ok(made) => return Ok(made.into()),
                Err(error) => error,
            };
            let in_doubt = match &error {
                GitHubError::Unreachable { .. }
                | GitHubError::Slow { .. }
                | GitHubError::Malformed { .. } => true,
                GitHubError::Status { status, .. } => *status >= 500,
                // Another may have opened it in between, or our own request that seemed to fail.
                GitHubError::Refused { why, .. } => why.contains("already exists"),
                _ => false,
            };
            if !in_doubt {
                return Err(error);
            }
            tokio::time::sleep(BETWEEN_WRITES * attempt).await;
            if attempt == ATTEMPTS {
                let found = self.find(&new.head, &new.base, "open").await?;
                return found.ok_or(error);
            }
            attempt += 1;
        }
    }

    /// The newest from `head` into `base` in that state.
    async fn find(&self, head: &str, base: &str, state: &str) -> Result<Option<PullRequest>, GitHubError> {
        let what = format!("pull requests from {head} into {base} of {}", self.repository);
        let ask = Ask::new(what, READS);
        // GitHub takes a head without an owner for none at all, and gives all there are; the name of an owner changes.
        let head = if head.contains(':') {
            head.to_owned()
        } else {
            format!("{}:{head}", self.owner().await?)
        };
        if self.forge() == Forge::Gitea {
            return self.find_on_gitea(&ask, &head, base, state).await;
        }
        let route = self.route(&format!(
            "/pulls?state={state}&head={}&base={}&sort=created&direction=desc&per_page=1",
            segment(&head),
            segment(base)
        ));
        let found: Vec<Wire> = self.client.get(&ask, &route).await?;
        Ok(found.into_iter().next().map(Into::into))
    }

    /// The same on Gitea, which does not look for the head: of closed ones, among the newest.
    async fn find_on_gitea(
        &self,
        ask: &Ask,
        head: &str,
        base: &str,
        state: &str,
    ) -> Result<Option<PullRequest>, GitHubError> {
        let size = self.forge().page_size();
        let route = self.route(&format!(
            "/pulls?state={state}&base_branch={}&{size}",
            segment(base)
        ));
        let found = self
            .client
            .first_pages(ask, &route, GITEA_PAGES, |page: Vec<Wire>| page)
            .await?;
        let mut found = found.into_iter();
        Ok(found.find(|pull| pull.head.is(head)).map(Into::into))
    }

    /// Whose the repository is now.
    async fn owner(&self) -> Result<&str, GitHubError> {
        let ask = Ask::new(format!("repository {}", self.repository), READS);
        let asked = self.owner.get_or_try_init(|| async {
            let found: Owner = self.client.get(&ask, &self.route("")).await?;
            Ok(clean_line(&found.owner.login))
        });
        asked.await.map(String::as_str)
    }
}
