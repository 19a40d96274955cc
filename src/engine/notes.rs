//! Release notes: what was committed since the last release, for people.

use std::fmt::Write as _;

use semver::Version;

use super::Engine;
use super::error::EngineError;
use crate::domain::{Changelog, CommitSha, Committed, ServiceName, TicketPattern, clean_line};
use crate::git::{Change, Commit};

/// Commits that notes are made of; what lies beyond is counted.
pub(super) const MOST: usize = 5_000;
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
    /// The notes of a commit or a release as Markdown: everything since `since`, or since the last release in its past.
    pub async fn notes(
        &self,
        service: &ServiceName,
        text: &str,
        since: Option<&str>,
    ) -> Result<String, EngineError> {
        let (commit, name) = self.release_or_commit(text).await?;
        let since = self.since(&commit, since).await?;
        let tickets = self.config().git.tickets_url.as_ref();
        let mut notes = format!("# {service} {name}\n\n");
        notes.push_str(&since.log.markdown(2, tickets));
        // Writing to a String does not fail.
        let _ = writeln!(notes, "\n{}.", since.words());
        Ok(notes)
    }

    /// What a tag says of the commits since the last release.
    pub(super) async fn notes_of(&self, commit: &CommitSha) -> Result<String, EngineError> {
        let since = self.since(commit, None).await?;
        let list = since.log.markdown(2, None);
        Ok(format!("{}.\n\n{list}", since.words()))
    }

    /// The commit that a text names, and what to call it: a release by its version or branch, or else a commit.
    async fn release_or_commit(&self, text: &str) -> Result<(CommitSha, String), EngineError> {
        let remote = self.config().git.remote.clone();
        let view = self.git(move |repository| repository.last_view(&remote)).await;
        let upstream = view.map(|view| super::upstream::Upstream { view, stale: None });
        if let Ok(upstream) = &upstream
            && let Ok(line) = super::finish::find(self, upstream, text)
        {
            let name = crate::domain::release_name(line.values.version.as_ref(), &line.branch);
            return Ok((line.head, name));
        }
        let Commit { sha, .. } = self.resolve(text).await?;
        let name = crate::domain::version_of_tag(text)
            .map_or_else(|| sha.short().to_owned(), |version| format!("v{version}"));
        Ok((sha, name))
    }

    async fn since(&self, commit: &CommitSha, since: Option<&str>) -> Result<Since, EngineError> {
        let from = match since {
            Some(text) => Some((self.release_or_commit(text).await?.0, clean_line(text))),
            None => self
                .last_release_before(commit)
                .await?
                .map(|(version, at)| (at, format!("v{version}"))),
        };
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

    /// The last release in the past of `commit` that is not `commit` itself.
    async fn last_release_before(
        &self,
        commit: &CommitSha,
    ) -> Result<Option<(Version, CommitSha)>, EngineError> {
        let sha = commit.clone();
        self.git(move |repository| {
            let last = repository.last_release(&sha)?;
            if last.as_ref().is_none_or(|(_, at)| *at != sha) {
                return Ok(last);
            }
            match repository.commit(&format!("{sha}~1")) {
                Ok(before) => repository.last_release(&before.sha),
                // The very first commit has nothing before it.
                Err(_) => Ok(None),
            }
        })
        .await
    }
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
            return format!("nothing was committed {from}");
        }
        format!("{} {from}", self.log.summary())
    }
}
