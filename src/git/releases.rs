//! Release branches, by the commit of develop that they were cut from.

use std::cmp::Reverse;

use super::error::GitError;
use super::repository::GitRepository;
use crate::domain::{BranchTemplate, CommitSha};

impl GitRepository {
    /// The heads of the releases that stand for `commit` or are at it, the highest version first. A branch that has no
    /// commit in its name stands for the one that it is at.
    pub fn release_heads(
        &self,
        template: &BranchTemplate,
        remote: &str,
        commit: &CommitSha,
    ) -> Result<Vec<CommitSha>, GitError> {
        let mut found: Vec<_> = self
            .branches(remote)?
            .into_iter()
            .filter_map(|(name, head)| {
                let values = template.parse_back(&name)?;
                let stands_for = values.short.as_deref() == Some(commit.short());
                (stands_for || head == *commit).then_some((Reverse(values.version), name, head))
            })
            .collect();
        found.sort();
        Ok(found.into_iter().map(|(_, _, head)| head).collect())
    }
}
