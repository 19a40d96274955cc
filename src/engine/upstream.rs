//! What the remote has, for whoever decides about releases: its own word of where its branches are, with their commits on
//! this machine.

use std::collections::BTreeMap;

use super::Engine;
use super::error::EngineError;
use crate::config::GitSettings;
use crate::domain::{BranchName, CommitSha, ReleaseKind, Values, version_of_tag};
use crate::git::{GitError, GitRepository, Remote, RemoteView};

/// The branches and tags of the remote that have to do with releases.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    /// `main`, `develop`, releases and hotfixes, and the tags of versions.
    pub(super) view: RemoteView,
    /// Why it is as it was last fetched, where the remote could not be asked.
    pub(super) stale: Option<String>,
}

/// A branch of a release or a hotfix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) kind: ReleaseKind,
    pub(super) branch: BranchName,
    pub(super) values: Values,
    pub(super) head: CommitSha,
}

impl Upstream {
    /// The branch at the remote.
    pub(super) fn branch(&self, branch: &BranchName) -> Option<&CommitSha> {
        self.view.branches.get(branch.as_str())
    }

    /// All releases and hotfixes, in the order of their versions, then of their names.
    pub(super) fn lines(&self, git: &GitSettings) -> Vec<Line> {
        let mut lines: Vec<_> = self
            .view
            .branches
            .iter()
            .filter_map(|(name, head)| line(name, head, git))
            .collect();
        lines.sort_by(|a, b| (&a.values.version, &a.branch).cmp(&(&b.values.version, &b.branch)));
        lines
    }
}

/// What a branch is by its name, if it is a release or a hotfix.
pub(super) fn line(name: &str, head: &CommitSha, git: &GitSettings) -> Option<Line> {
    let branch: BranchName = name.parse().ok()?;
    if branch == git.main || branch == git.develop {
        return None;
    }
    let of = |kind, values: Option<Values>| values.map(|values| (kind, values));
    let (kind, values) = of(ReleaseKind::Hotfix, git.hotfix_branch.parse_back(name))
        .or_else(|| of(ReleaseKind::Release, git.release_branch.parse_back(name)))?;
    Some(Line {
        kind,
        branch,
        values,
        head: head.clone(),
    })
}

impl Engine {
    /// The repository, which nothing about releases can do without.
    pub(super) fn repository_or_none(&self, what: &str) -> Result<&GitRepository, EngineError> {
        let repository = self.repository().ok_or_else(|| EngineError::NoCandidate {
            text: what.to_owned(),
            why: "there is no git repository here".to_owned(),
        })?;
        Ok(repository)
    }

    /// The remote that releases are pushed to.
    pub(super) fn remote(&self) -> Result<Remote, EngineError> {
        let repository = self.repository_or_none("a release branch")?;
        Ok(repository.remote(&self.config().git.remote)?)
    }

    /// What the remote has now. What is not on this machine yet is fetched, unless nothing may be written.
    ///
    /// # Errors
    /// When the remote does not answer, or has commits that are not here and may not be fetched.
    pub(super) async fn upstream(&self) -> Result<Upstream, EngineError> {
        let remote = self.remote()?;
        let mut view = self.concerned(remote.view().await?);
        if !self.missing(&view).await?.is_empty()
            && let Some(access) = self.fetching
        {
            remote.fetch(access).await?;
            view = self.concerned(remote.view().await?);
        }
        if let Some(branch) = self.missing(&view).await?.into_iter().next() {
            return Err(GitError::NotFetched {
                remote: remote.name().to_owned(),
                branch,
            }
            .into());
        }
        Ok(Upstream { view, stale: None })
    }

    /// As [`Engine::upstream`]; what was last fetched where the remote cannot be asked, with the reason.
    pub(super) async fn upstream_or_last(&self) -> Result<Upstream, EngineError> {
        let error = match self.upstream().await {
            Ok(upstream) => return Ok(upstream),
            Err(error) => error,
        };
        let remote = self.config().git.remote.clone();
        let view = self.git(move |repository| repository.last_view(&remote)).await?;
        Ok(Upstream {
            view: self.concerned(view),
            stale: Some(error.brief()),
        })
    }

    /// Sees to it that the releases and hotfixes of the remote are on this machine, for gates that look at branches. What
    /// cannot be asked leaves what was last fetched.
    pub(super) async fn catch_up(&self) {
        if self.repository().is_some() && self.fetching.is_some() {
            // Whoever needs the remote itself finds out that it does not answer, and says so.
            let _ = self.upstream().await;
        }
    }

    async fn missing(&self, view: &RemoteView) -> Result<Vec<String>, EngineError> {
        // A tag is only asked whether it is there and where; its commit is looked at where it lies on a branch.
        let branches = RemoteView {
            branches: view.branches.clone(),
            tags: BTreeMap::new(),
        };
        self.git(move |repository| repository.missing(&branches)).await
    }

    /// Without branches and tags that have nothing to do with releases: whatever else people push is not fetched for it.
    fn concerned(&self, mut view: RemoteView) -> RemoteView {
        let git = &self.config().git;
        view.branches.retain(|name, head| {
            name == git.main.as_str() || name == git.develop.as_str() || line(name, head, git).is_some()
        });
        view.tags.retain(|name, _| version_of_tag(name).is_some());
        view
    }
}
