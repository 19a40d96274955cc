//! What lies in the past of a commit: the last release, and what was committed since.

use semver::Version;

use super::commit::name;
use super::error::GitError;
use super::repository::{GitRepository, oid};
use crate::domain::{CommitSha, version_of_tag};

impl GitRepository {
    /// The highest released version that is in the past of `sha`, by its tag, with the commit it is at.
    pub fn last_release(&self, sha: &CommitSha) -> Result<Option<(Version, CommitSha)>, GitError> {
        self.with(|git| {
            let fail = GitError::library("read the tags");
            let mut versions: Vec<(Version, git2::Oid)> = Vec::new();
            let names = git.tag_names(None).map_err(&fail)?;
            for tag in names.iter().flatten().flatten() {
                let Some(version) = version_of_tag(tag) else {
                    continue;
                };
                let tagged = git.find_reference(&format!("refs/tags/{tag}"));
                // A tag may be on something else than a commit, and in a shallow clone on nothing that is here.
                if let Ok(commit) = tagged.and_then(|tagged| tagged.peel_to_commit()) {
                    versions.push((version, commit.id()));
                }
            }
            versions.sort_by(|a, b| b.0.cmp(&a.0));
            let tip = oid(sha)?;
            for (version, commit) in versions {
                if reaches(git, tip, commit)? {
                    return Ok(Some((version, name(commit)?)));
                }
            }
            Ok(None)
        })
    }

    /// The messages of the commits that are in the past of `until` and not in that of `since`, the newest first,
    /// harmless to a terminal.
    pub fn messages_since(&self, since: &CommitSha, until: &CommitSha) -> Result<Vec<String>, GitError> {
        let (changes, _) = self.changes(since, until, usize::MAX)?;
        Ok(changes.into_iter().map(|change| change.message).collect())
    }

    /// The last commit that both histories have, from which they went apart; `a` itself where it is in the past of `b`.
    pub fn fork(&self, a: &CommitSha, b: &CommitSha) -> Result<Option<CommitSha>, GitError> {
        self.with(|git| match git.merge_base(oid(a)?, oid(b)?) {
            Ok(base) => name(base).map(Some),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(GitError::library("compare two commits")(error)),
        })
    }

    /// Whether `ancestor` is `commit` or in its past.
    pub fn contains(&self, commit: &CommitSha, ancestor: &CommitSha) -> Result<bool, GitError> {
        self.with(|git| reaches(git, oid(commit)?, oid(ancestor)?))
    }
}

fn reaches(git: &git2::Repository, commit: git2::Oid, ancestor: git2::Oid) -> Result<bool, GitError> {
    let fail = GitError::library("compare two commits");
    // libgit2 does not count a commit among its own ancestors.
    Ok(commit == ancestor || git.graph_descendant_of(commit, ancestor).map_err(fail)?)
}
