//! The commits that a release or hotfix branch is about, for whoever asks what is still needed.

use super::error::GitError;
use super::graph::Graph;
use super::repository::{GitRepository, oid};
use crate::domain::CommitSha;

impl GitRepository {
    /// The commits of a branch that was cut from `trunk`: its head, the commit that it was cut from, and what was made on it
    /// since. What is in the past of one of `released` is none of it, unless the branch was merged.
    ///
    /// # Errors
    /// When some of it cannot be read.
    pub fn commits_of_branch(
        &self,
        head: &CommitSha,
        trunk: &CommitSha,
        released: &[CommitSha],
    ) -> Result<Vec<CommitSha>, GitError> {
        let origin = self
            .origins(std::slice::from_ref(head), trunk)?
            .into_iter()
            .flatten()
            .next();
        let made = match &origin {
            Some(origin) => self.made_since(origin, head)?,
            None => None,
        };
        let made = match made {
            Some(made) => made,
            None => self.beyond(head, trunk, released)?,
        };
        Ok(std::iter::once(head.clone()).chain(origin).chain(made).collect())
    }

    /// What is in the past of `head`, and not in that of `trunk` or of what is released.
    fn beyond(
        &self,
        head: &CommitSha,
        trunk: &CommitSha,
        released: &[CommitSha],
    ) -> Result<Vec<CommitSha>, GitError> {
        self.with(|git| {
            let mut graph = Graph::new(git)?;
            let tip = graph.node(oid(head)?)?;
            let mut hidden = vec![graph.node(oid(trunk)?)?];
            for commit in released.iter().filter(|commit| *commit != head) {
                // A tag on something that this repository does not have hides nothing.
                if let Ok(node) = oid(commit).and_then(|commit| graph.node(commit)) {
                    hidden.push(node);
                }
            }
            let beyond = graph.beyond(&[tip], &hidden)?;
            beyond.into_iter().map(|node| graph.sha(node)).collect()
        })
    }
}
