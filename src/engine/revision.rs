//! From what a person calls a commit to the commit.

use crate::domain::{CommitSha, version_of_tag};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::git::{Commit, GitError};

impl Engine {
    /// The commit that any revision of git names, or a branch that only the remote has. Where it is not here, but may well be
    /// at the remote, it is fetched, if that is allowed.
    pub async fn resolve(&self, text: &str) -> Result<Commit, EngineError> {
        let error = match self.known(text).await {
            Err(EngineError::Git(error @ GitError::NoCommit { .. })) if self.may_be_at_the_remote(text) => {
                error
            }
            found => return found,
        };
        let (Some(access), Ok(remote)) = (self.fetching, self.remote()) else {
            return Err(error.into());
        };
        // That the remote does not answer is no better answer than that the commit is not here.
        if remote.fetch(access).await.is_err() {
            return Err(error.into());
        }
        self.known(text).await
    }

    /// Whether a name is that of a commit, a release or a hotfix, and no slip of the pen.
    fn may_be_at_the_remote(&self, text: &str) -> bool {
        let git = &self.config().git;
        let is_commit = text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_commit
            || version_of_tag(text).is_some()
            || git.release_branch.parse_back(text).is_some()
            || git.hotfix_branch.parse_back(text).is_some()
    }

    /// The commit, as far as it is on this machine: of a release or a hotfix by its branch or its version, or of any
    /// revision that git knows.
    async fn known(&self, text: &str) -> Result<Commit, EngineError> {
        let (text, names) = (text.to_owned(), self.names());
        let released = self.released_if_named(&text).await?;
        self.git(move |repository| {
            if let Some(release) = repository.release_named(&text, &names, &released)? {
                return repository.commit(release.as_str());
            }
            repository.commit(&text).or_else(|error| {
                let branch = repository.branch(&text, &names.remote).map_err(|_| error)?;
                repository.commit(branch.commit.as_str())
            })
        })
        .await
    }

    /// The released versions, where a text may be one of them: only then the remote is asked. A commit that is at the
    /// remote only is brought here.
    pub(super) async fn released_if_named(
        &self,
        text: &str,
    ) -> Result<Vec<(semver::Version, CommitSha)>, EngineError> {
        if version_of_tag(text).is_none() || self.repository().is_none() {
            return Ok(Vec::new());
        }
        let released = self.released().await?;
        let named = released.version_named(text);
        if let Some(tag) = named.as_ref().and_then(|version| released.find(version)) {
            // That it cannot be brought is said by whoever looks for it.
            self.commit_of_release(tag).await.ok();
        }
        Ok(released.commits())
    }

    pub(crate) async fn commit(&self, text: &str) -> Result<CommitSha, EngineError> {
        Ok(self.resolve(text).await?.sha)
    }
}
