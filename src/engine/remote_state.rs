//! What the remote has, for whoever decides about releases: its own word of where its branches are, with their commits on
//! this machine.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use semver::Version;

use crate::config::GitSettings;
use crate::domain::{BranchName, CommitSha, ReleaseKind, Values, clean_line};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::released::{ReleaseTag, Released};
use crate::git::{BranchState, GitError, GitRepository, Remote, RemoteView};
use crate::project::Service;

/// How long the tags of the remote are believed where a text is only looked up.
const BELIEVED: Duration = Duration::from_secs(10);

/// What the remote has.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    /// Its branches and tags.
    pub(super) view: RemoteView,
    /// What was released, by its tags and those that are only here.
    pub(super) released: Arc<Released>,
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
            .map(|line| self.with_version(line))
            .collect();
        lines.sort_by(|a, b| (&a.values.version, &a.branch).cmp(&(&b.values.version, &b.branch)));
        lines
    }

    /// A long-lived branch of a series is now for the version that its head is tagged with, or the one after the last.
    pub(super) fn with_version(&self, mut line: Line) -> Line {
        let series = line.values.series;
        if line.values.version.is_some() || !series.is_known() {
            return line;
        }
        let mut tags = self.released.tags().iter().filter(|tag| series.has(&tag.version));
        let at_head = tags.clone().find(|tag| tag.at.commit == line.head);
        line.values.version = Some(match (at_head, tags.next()) {
            (Some(tag), _) => tag.version.clone(),
            (None, Some(last)) if last.version.pre.is_empty() => Version::new(
                last.version.major,
                last.version.minor,
                last.version.patch.saturating_add(1),
            ),
            (None, Some(before)) => {
                Version::new(before.version.major, before.version.minor, before.version.patch)
            }
            (None, None) => Version::new(series.major.unwrap_or(0), series.minor.unwrap_or(0), 0),
        });
        line
    }

    /// What stands where a branch is to be, at the remote.
    pub(super) fn branch_state(&self, branch: &BranchName) -> BranchState {
        if let Some(at) = self.branch(branch) {
            return BranchState::At(at.clone());
        }
        let mut names = self.view.branches.keys();
        names
            .find(|name| branch.excludes(name))
            .map_or(BranchState::Free, |name| BranchState::Blocked(clean_line(name)))
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

    /// The remote that has the notes of locks and halts, and the repository that their objects are brought to.
    ///
    /// # Errors
    /// When the project has no repository, or that has no such remote.
    pub(super) fn note_remote(&self) -> Result<(Remote, Arc<GitRepository>), EngineError> {
        let repository = self.repository();
        let repository =
            repository.ok_or_else(|| GitError::NoRepository(self.config().folder().to_owned()))?;
        let remote = repository.remote(&self.config().git.remote)?;
        Ok((remote, Arc::clone(repository)))
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
        let upstream = self.look_upstream().await?;
        if let Some(branch) = self.missing(&upstream.view).await?.into_iter().next() {
            return Err(GitError::NotFetched {
                remote: self.config().git.remote.clone(),
                branch,
            }
            .into());
        }
        Ok(upstream)
    }

    /// As [`Engine::upstream`], for whoever can do without some commits: what is not here and may not be fetched is no error.
    pub(super) async fn look_upstream(&self) -> Result<Upstream, EngineError> {
        let remote = self.remote()?;
        let mut view = remote.view().await?;
        if !self.missing(&view).await?.is_empty()
            && let Some(access) = self.fetching
        {
            remote.fetch(access).await?;
            view = remote.view().await?;
        }
        self.joined(view, None).await
    }

    /// As [`Engine::upstream`]; what was last fetched where the remote cannot be asked, with the reason.
    pub(super) async fn upstream_or_last(&self) -> Result<Upstream, EngineError> {
        match self.upstream().await {
            Ok(upstream) => Ok(upstream),
            Err(error) => self.last_upstream(&error).await,
        }
    }

    /// As [`Engine::look_upstream`]; what was last fetched where the remote cannot be asked, with the reason.
    pub(super) async fn look_upstream_or_last(&self) -> Result<Upstream, EngineError> {
        match self.look_upstream().await {
            Ok(upstream) => Ok(upstream),
            Err(error) => self.last_upstream(&error).await,
        }
    }

    async fn last_upstream(&self, error: &EngineError) -> Result<Upstream, EngineError> {
        let remote = self.config().git.remote.clone();
        let view = self.git(move |repository| repository.last_view(&remote)).await?;
        self.joined(view, Some(error.brief())).await
    }

    async fn joined(&self, view: RemoteView, stale: Option<String>) -> Result<Upstream, EngineError> {
        let local = self.git(GitRepository::tags).await?;
        let template = self.config().git.release_tag.as_ref();
        let template = template.map(|template| match self.config().services.as_slice() {
            [only] => template.for_service(only.name.as_str()),
            _ => template.clone(),
        });
        let released = Arc::new(Released::join(&view.tags, &local, template.as_ref()));
        let mut known = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), Arc::clone(&released)));
        drop(known);
        Ok(Upstream {
            view,
            released,
            stale,
        })
    }

    /// What was released, for whoever only looks something up: asked anew after some seconds, and by the tags that are here
    /// where the remote cannot be asked.
    pub(super) async fn released(&self) -> Result<Arc<Released>, EngineError> {
        let known = self
            .released
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((at, released)) = known
            && at.elapsed() < BELIEVED
        {
            return Ok(released);
        }
        self.repository_or_none("a release")?;
        let view = async { Ok::<_, EngineError>(self.remote()?.view().await?) };
        let upstream = match view.await {
            Ok(view) => self.joined(view, None).await?,
            Err(error) => self.last_upstream(&error).await?,
        };
        Ok(upstream.released)
    }

    /// [`Engine::upstream`] with the releases of one service alone.
    pub(super) async fn upstream_for(&self, service: &Service) -> Result<Upstream, EngineError> {
        self.of_service(service, self.upstream().await?).await
    }

    /// [`Engine::upstream_or_last`] with the releases of one service alone.
    pub(super) async fn upstream_or_last_for(&self, service: &Service) -> Result<Upstream, EngineError> {
        self.of_service(service, self.upstream_or_last().await?).await
    }

    /// [`Engine::look_upstream_or_last`] with the releases of one service alone.
    pub(super) async fn look_upstream_or_last_for(&self, service: &Service) -> Result<Upstream, EngineError> {
        self.of_service(service, self.look_upstream_or_last().await?)
            .await
    }

    /// The same with the releases of one service alone, where the tags of several are told apart.
    async fn of_service(&self, service: &Service, upstream: Upstream) -> Result<Upstream, EngineError> {
        let template = self.config().git.release_tag.as_ref();
        let Some(template) = template.filter(|template| template.has_service()) else {
            return Ok(upstream);
        };
        let local = self.git(GitRepository::tags).await?;
        let template = template.for_service(service.name().as_str());
        let released = Released::join(&upstream.view.tags, &local, Some(&template));
        Ok(Upstream {
            released: Arc::new(released),
            ..upstream
        })
    }

    /// The commit of a released version on this machine: brought here where it is at the remote only.
    pub(super) async fn commit_of_release(&self, tag: &ReleaseTag) -> Result<CommitSha, EngineError> {
        let commit = tag.at.commit.clone();
        let wanted = commit.clone();
        let is_absent = move |repository: &GitRepository| {
            let absent = repository.absent(std::slice::from_ref(&wanted))?;
            Ok(!absent.is_empty())
        };
        if !self.git(is_absent.clone()).await? {
            return Ok(commit);
        }
        let remote = self.remote()?;
        if let Some(access) = self.fetching {
            remote.fetch_tag(&tag.name, access).await?;
            if !self.git(is_absent).await? {
                return Ok(commit);
            }
        }
        Err(GitError::NotFetched {
            remote: remote.name().to_owned(),
            branch: tag.name.clone(),
        }
        .into())
    }

    /// Sees to it that the releases and hotfixes of the remote are on this machine, for gates that look at branches. What
    /// cannot be asked leaves what was last fetched.
    pub(super) async fn catch_up(&self) {
        if self.repository().is_some() && self.fetching.is_some() {
            // Whoever needs the remote itself finds out that it does not answer, and says so.
            let _ = self.upstream().await;
        }
    }

    /// The branches that have to do with releases and are not on this machine. Whatever else people push is not fetched for
    /// it, and of a tag its name is enough until its commit is asked for.
    async fn missing(&self, view: &RemoteView) -> Result<Vec<String>, EngineError> {
        let git = &self.config().git;
        let mut branches = view.branches.clone();
        branches.retain(|name, head| {
            name == git.main.as_str() || name == git.develop.as_str() || line(name, head, git).is_some()
        });
        let concerned = RemoteView {
            branches,
            tags: BTreeMap::new(),
        };
        self.git(move |repository| repository.missing(&concerned)).await
    }
}
