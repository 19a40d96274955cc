//! Release notes: what was committed since the last release, for people.

use std::fmt::Write as _;

use semver::Version;

use crate::domain::{Changelog, CommitSha, Committed, TicketPattern, clean_line};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::released::ReleaseTag;
use crate::engine::remote_state::Upstream;
use crate::git::{Change, Commit};
use crate::project::Service;

/// Commits that notes are made of; what lies beyond is counted.
pub(super) const MOST: usize = 5_000;
/// Released versions whose commits are brought here to find the one before a commit.
const NEAR: usize = 3;
/// Changes that are listed.
const LISTED: usize = 500;

/// What was committed between two points.
pub(super) struct Since {
    log: Changelog,
    /// How many commits there are in all.
    all: usize,
    /// `v1.3.2`, or the commit that was named; none for the first release.
    from: Option<String>,
}

impl Engine {
    /// The notes of a commit or a release as Markdown: everything since `since`, or since the last release before it.
    pub async fn notes(
        &self,
        service: &Service,
        text: &str,
        since: Option<&str>,
    ) -> Result<String, EngineError> {
        let upstream = self.look_upstream_or_last_for(service).await?;
        let Named {
            commit,
            name,
            version,
        } = self.release_or_commit(service, &upstream, text).await?;
        let from = match since {
            Some(text) => {
                let named = self.release_or_commit(service, &upstream, text).await?;
                Some((named.commit, clean_line(text)))
            }
            None => self.release_before(&upstream, &commit, version.as_ref()).await?,
        };
        let since = self.since(&commit, from).await?;
        let tickets = self.config().git.tickets_url.as_ref();
        let mut notes = format!("# {service} {name}\n\n");
        notes.push_str(&since.log.markdown(2, tickets));
        // Writing to a String does not fail.
        let _ = writeln!(notes, "\n{}.", since.words());
        Ok(notes)
    }

    /// What a tag of `version` says of the commits since the last release.
    pub(super) async fn notes_of(
        &self,
        service: &Service,
        commit: &CommitSha,
        version: Option<&Version>,
    ) -> Result<String, EngineError> {
        let upstream = self.look_upstream_or_last_for(service).await?;
        let from = self.release_before(&upstream, commit, version).await?;
        let since = self.since(commit, from).await?;
        let list = since.log.markdown(2, None);
        Ok(format!("{}.\n\n{list}", since.words()))
    }

    /// The commit that a text names, and what to call it: a release by its version or branch, or else a commit.
    async fn release_or_commit(
        &self,
        service: &Service,
        upstream: &Upstream,
        text: &str,
    ) -> Result<Named, EngineError> {
        let released = &upstream.released;
        let version = released.version_named(text);
        if let Ok(line) = crate::engine::operations::finish::find(self, service, upstream, text) {
            let name = line.values.version.as_ref();
            return Ok(Named {
                name: name.map_or_else(|| line.branch.to_string(), |version| released.name_of(version)),
                version: line.values.version,
                commit: line.head,
            });
        }
        if let Some(tag) = version.as_ref().and_then(|version| released.find(version)) {
            return Ok(Named {
                commit: self.commit_of_release(tag).await?,
                name: tag.name.clone(),
                version,
            });
        }
        let Commit { sha, .. } = self.resolve(text).await?;
        // A tag on that very commit says which version it is.
        let version = version.or_else(|| {
            let mut tags = released.tags().iter().filter(|tag| tag.at.commit == sha);
            tags.next().map(|tag| tag.version.clone())
        });
        Ok(Named {
            name: version
                .as_ref()
                .map_or_else(|| sha.short().to_owned(), |version| released.name_of(version)),
            commit: sha,
            version,
        })
    }

    /// The release before a commit: of one with a version the highest below it, else the highest that does not have the
    /// commit already. A pre-release counts only for the next pre-release of its own version.
    async fn release_before(
        &self,
        upstream: &Upstream,
        commit: &CommitSha,
        version: Option<&Version>,
    ) -> Result<Option<(CommitSha, String)>, EngineError> {
        let is_before = |tag: &&ReleaseTag| {
            let is_own =
                version.is_some_and(|version| !version.pre.is_empty() && same_core(version, &tag.version));
            let counts = tag.version.pre.is_empty() || is_own;
            counts && tag.at.commit != *commit && version.is_none_or(|version| tag.version < *version)
        };
        let tags: Vec<_> = upstream.released.tags().iter().filter(is_before).collect();
        if version.is_some() {
            return match tags.first() {
                Some(tag) => Ok(Some((self.commit_of_release(tag).await?, tag.name.clone()))),
                None => Ok(None),
            };
        }
        // The newest ones that are at the remote only may be what the commit came after.
        for tag in tags.iter().take(NEAR) {
            self.commit_of_release(tag).await.ok();
        }
        let commits: Vec<_> = tags.iter().map(|tag| tag.at.commit.clone()).collect();
        let sha = commit.clone();
        let at = self
            .git(move |repository| repository.first_without(&sha, &commits))
            .await?;
        let tag = at.and_then(|at| tags.get(at));
        Ok(tag.map(|tag| (tag.at.commit.clone(), tag.name.clone())))
    }

    async fn since(
        &self,
        commit: &CommitSha,
        from: Option<(CommitSha, String)>,
    ) -> Result<Since, EngineError> {
        let (start, until) = (from.as_ref().map(|(at, _)| at.clone()), commit.clone());
        let (changes, all) = self
            .git(move |repository| match &start {
                Some(start) => repository.changes(start, &until, MOST),
                None => repository.all_changes(&until, MOST),
            })
            .await?;
        let from = from.map(|(_, name)| name);
        Ok(Since::of(&changes, all, from, &self.config().git.tickets))
    }
}

/// What a text names.
struct Named {
    commit: CommitSha,
    name: String,
    version: Option<Version>,
}

fn same_core(one: &Version, other: &Version) -> bool {
    (one.major, one.minor, one.patch) == (other.major, other.minor, other.patch)
}

impl Since {
    /// What `all` commits since `from` are, the newest of which are `changes`.
    pub(super) fn of(changes: &[Change], all: usize, from: Option<String>, tickets: &TicketPattern) -> Self {
        let committed = changes.iter().take(MOST).map(|change| Committed {
            commit: &change.commit.sha,
            is_merge: change.commit.parents > 1,
            message: &change.message,
        });
        let log = Changelog::of(committed, tickets).limited(LISTED);
        Self { log, all, from }
    }

    /// `14 commits, 6 pull requests since v1.3.2`.
    pub(super) fn words(&self) -> String {
        let from = self.from.as_ref().map_or_else(
            || "in the first release".to_owned(),
            |from| format!("since {from}"),
        );
        if self.all == 0 {
            return format!("no commits {from}");
        }
        // Of more commits than are read, what they came by is not known.
        if self.all > self.log.commits {
            return format!("{} {from}", crate::domain::count(self.all, "commit"));
        }
        format!("{} {from}", self.log.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_commits_than_are_read_are_counted_all_the_same() {
        let tickets = TicketPattern::default();
        let since = Since::of(&[], 78_283, Some("v2.4.0".to_owned()), &tickets);
        assert_eq!(since.words(), "78283 commits since v2.4.0");
    }
}
