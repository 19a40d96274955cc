//! Pull requests, where the rules of the remote take no push.

use crate::domain::{BranchName, WriteAccess};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::github::{NewPullRequest, PullRequestState, asks_for_pull_request};

impl Engine {
    /// Why a push to `branch` would be refused by the rules of GitHub, which take a pull request instead; none where a push
    /// goes, or the repository is not on GitHub.
    pub(super) async fn asks_for_pull_request(
        &self,
        branch: &BranchName,
    ) -> Result<Option<String>, EngineError> {
        let Some(github) = self.github()? else {
            return Ok(None);
        };
        Ok(asks_for_pull_request(&github.rules(branch.as_str()).await?))
    }

    /// Opens a pull request, or finds the one that is there; in words, with its address.
    pub(super) async fn pull_request(
        &self,
        head: &BranchName,
        base: &BranchName,
        title: &str,
        access: WriteAccess,
    ) -> Result<String, EngineError> {
        let github = self.github()?.ok_or_else(|| {
            EngineError::Internal("a pull request in a repository that is not on GitHub".to_owned())
        })?;
        let new = NewPullRequest {
            head: head.to_string(),
            base: base.to_string(),
            title: title.to_owned(),
            body: format!(
                "Merges {head} into {base}, so that {base} contains everything that was released.\n\nPrefer a \
                 merge commit: it keeps the history in step. If branch rules forbid it, squash or rebase without \
                 adding changes; windlass then recognises the merge by its patches.\n"
            ),
        };
        let request = github.open_pull_request(&new, access).await?;
        let state = match request.state {
            PullRequestState::Open => "",
            PullRequestState::Merged => ", merged",
            PullRequestState::Closed => ", closed",
        };
        Ok(format!("#{}{state} {}", request.number, request.url))
    }
}
