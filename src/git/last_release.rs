//! What lies in the past of a commit: the last release, and what was committed since.

use semver::Version;

use super::commit::name;
use super::error::GitError;
use super::graph::{Graph, Past};
use super::repository::{GitRepository, oid};
use crate::domain::CommitSha;

impl GitRepository {
    /// The highest of some released versions that is in the past of `sha`, with the commit that is there. They are asked
    /// from the highest down, and the history is read only as far back as the first that is there.
    pub fn last_release_among(
        &self,
        sha: &CommitSha,
        released: &[(Version, CommitSha)],
    ) -> Result<Option<(Version, CommitSha)>, GitError> {
        self.with(|git| {
            let mut versions = Vec::with_capacity(released.len());
            for (version, commit) in released {
                versions.push((version.clone(), oid(commit)?));
            }
            versions.sort_by(|a, b| b.0.cmp(&a.0));
            let mut graph = Graph::new(git)?;
            let tip = graph.node(oid(sha)?)?;
            let mut past = Past::of(&graph, tip);
            for (version, at) in versions {
                // A tag may be on something else than a commit, and in a shallow clone on nothing that is here.
                let found = git.find_object(at, None);
                let Ok(commit) = found.and_then(|found| found.peel_to_commit()) else {
                    continue;
                };
                // Many tag the merge into main, which develop never gets: what was merged there is the release, too.
                let merged = commit.parent_ids().skip(1);
                for id in std::iter::once(commit.id()).chain(merged) {
                    let node = graph.node(id)?;
                    if past.contains(&mut graph, node)? {
                        return Ok(Some((version, name(id)?)));
                    }
                }
            }
            Ok(None)
        })
    }

    /// The first of some commits that does not have `sha` in its past, by its place: of released versions from the highest
    /// down, the one that `sha` came after or left before. Those that are not on this machine are passed over.
    pub fn first_without(
        &self,
        sha: &CommitSha,
        candidates: &[CommitSha],
    ) -> Result<Option<usize>, GitError> {
        self.with(|git| {
            let mut graph = Graph::new(git)?;
            let wanted = graph.node(oid(sha)?)?;
            for (at, candidate) in candidates.iter().enumerate() {
                let Ok(node) = graph.node(oid(candidate)?) else {
                    continue;
                };
                if !Past::of(&graph, node).contains(&mut graph, wanted)? {
                    return Ok(Some(at));
                }
            }
            Ok(None)
        })
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
        self.with(|git| {
            let mut graph = Graph::new(git)?;
            let (tip, ancestor) = (graph.node(oid(commit)?)?, graph.node(oid(ancestor)?)?);
            Past::of(&graph, tip).contains(&mut graph, ancestor)
        })
    }
}
