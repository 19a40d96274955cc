//! GitHub, by octocrab: the checks of a commit, the rules that would refuse a push, pull requests, and runs of workflows.
//!
//! Reads are repeated where GitHub was only busy or broken; a write is sent once, and after a failure GitHub is asked
//! what has become of it before it is sent again. Answers are read into lean forms of our own, since octocrab's are strict
//! where GitHub is not.

mod actions;
mod checks;
mod client;
mod commit_states;
mod credentials;
mod error;
mod forge;
mod log_lines;
mod origin;
mod pulls;
mod rules;
mod spending;
mod standing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

pub use actions::{
    Conclusion, Dispatch, Dispatched, Job, JobStep, LiveJob, LiveOutput, LiveText, PendingDeployment,
    Progress, Review, Reviewer, WorkflowRun,
};
pub use checks::{Checks, ChecksVerdict, RequiredCheck};
pub use client::LogPart;
pub use commit_states::{CommitState, MAX_COMMITS, PullOfCommit};
pub use credentials::{Credentials, gh_program};
pub use error::GitHubError;
pub use forge::Forge;
pub use pulls::{NewPullRequest, PullRequest, PullRequestState};
pub use rules::{BranchRule, Operator, Pattern, PatternOf, asks_for_pull_request, refusal_of_creation};
pub use spending::Spending;
pub use standing::{Allowance, Standing};

use crate::domain::{ApiAddress, RepositoryName};
use client::Client;

/// How long a question may take, its repetitions and the waits between them included.
const PATIENCE: Duration = Duration::from_secs(30);

/// One repository on GitHub. A clone is the same client.
#[derive(Clone)]
pub struct GitHub {
    client: Arc<Client>,
    repository: RepositoryName,
    own_run: Option<u64>,
    // Whose the repository is now, once that was asked.
    owner: Arc<OnceCell<String>>,
}

/// What is said of GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubSettings {
    /// The address of the API; `https://api.github.com` unless said otherwise.
    pub api: Option<ApiAddress>,
    /// The repository; by the address of the remote unless said otherwise.
    pub repository: Option<RepositoryName>,
    /// The workflow run that this program is a part of: what is not done of it yet is nobody else's check.
    pub own_run: Option<u64>,
    /// How long a question may take; 30 s unless said otherwise.
    pub patience: Duration,
}

impl Default for GitHubSettings {
    fn default() -> Self {
        Self {
            api: None,
            repository: None,
            own_run: None,
            patience: PATIENCE,
        }
    }
}

impl GitHub {
    /// The repository behind the remote at `remote_address` (as a page, without credentials), or the one that is
    /// configured. None where the remote is no repository of GitHub and none is configured. Asks nothing yet.
    pub fn open(
        settings: &GitHubSettings,
        remote_address: Option<&str>,
        credentials: impl Into<Credentials>,
    ) -> Result<Option<Self>, GitHubError> {
        let api = match &settings.api {
            Some(api) => api.clone(),
            None => origin::public_api()?,
        };
        let by_remote = || remote_address.and_then(|address| origin::repository(address, &api));
        let Some(repository) = settings.repository.clone().or_else(by_remote) else {
            return Ok(None);
        };
        Ok(Some(Self {
            client: Arc::new(Client::new(
                api,
                &repository,
                credentials.into(),
                settings.patience,
            )?),
            repository,
            own_run: settings.own_run,
            owner: Arc::default(),
        }))
    }

    /// The repository.
    pub const fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// The host of the API, with its port if that is not the usual one.
    pub fn host(&self) -> &str {
        self.client.host()
    }

    /// Which program answers there.
    pub fn forge(&self) -> Forge {
        self.client.forge()
    }

    /// Whether there is a token. Without one GitHub answers what everybody may know, and little of that.
    pub fn has_token(&self) -> bool {
        self.client.has_token()
    }

    /// How many requests GitHub takes yet from this token, as its last answer said.
    pub fn remaining(&self) -> Option<u64> {
        self.client.remaining()
    }

    /// How long whoever only looks again should wait, so that all who do stay within what GitHub takes.
    pub fn breather(&self) -> Duration {
        self.client.breather()
    }

    /// `/repos/OWNER/NAME` and what follows it.
    fn route(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.repository)
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitHub({} at {})", self.repository, self.host())
    }
}
