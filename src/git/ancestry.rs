//! Whether what a branch brought has arrived somewhere, by ancestry, by its patches or by its content.

use std::collections::HashMap;

use super::error::GitError;
use super::graph::{Graph, Past};
use super::merged::{Branch, Read, arrive};
use super::repository::{GitRepository, oid};
use super::reverts;
use crate::domain::CommitSha;

/// Whether what a branch brought has arrived somewhere, and is still there: a revert takes back what a merge, a pick or a
/// squash had brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Its head is in that past.
    Ancestor,
    /// Every commit of it is there by its patch (`git patch-id`), as after a cherry-pick or a rebase.
    SamePatches,
    /// All of its commits are there as this one, as after a squash: it has the same patch as they have together.
    AsOne(CommitSha),
    /// This commit has exactly the content of its head, however it came to it.
    SameContent(CommitSha),
    /// These commits are not there, the newest first.
    Missing(Vec<CommitSha>),
    /// These commits, the newest first, were there until this commit reverted them, or never came.
    Reverted {
        /// They.
        commits: Vec<CommitSha>,
        /// The newest revert.
        by: CommitSha,
    },
}

/// What is asked for: the commits that are in the past of `head` and not in that of `base`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The last commit of the branch.
    pub head: CommitSha,
    /// The commit that the branch was cut from; without one, all is asked for that the other side lacks.
    pub base: Option<CommitSha>,
}

impl Reach {
    /// Whether nothing is missing.
    pub const fn is_there(&self) -> bool {
        !matches!(self, Self::Missing(_) | Self::Reverted { .. })
    }
}

impl GitRepository {
    /// Whether each of `fixes` has arrived in the past of `into`.
    ///
    /// Patches are compared as `git cherry` does, with what was committed to `into` since the fixes were written or cut,
    /// whichever came first. Two kinds of commits bring no patch of their own and are never missing: empty ones, and
    /// merges that come out the same when they are made anew. A merge that was resolved or changed by hand brings
    /// something that no single commit can be compared with: it arrives by ancestry, or with all the rest, by one commit
    /// that has the patch or the content of the whole branch.
    pub fn reach(&self, fixes: &[Fix], into: &CommitSha) -> Result<Vec<Reach>, GitError> {
        let question = Question {
            fixes: fixes.to_vec(),
            into: into.clone(),
        };
        Ok(self.reach_each(&[question])?.pop().unwrap_or_default())
    }

    /// The answers to several such questions, in their order. What is read for one of them is known to the next.
    pub fn reach_each(&self, questions: &[Question]) -> Result<Vec<Vec<Reach>>, GitError> {
        self.with(|git| {
            let mut graph = Graph::new(git)?;
            let mut read = Read::default();
            let mut answers = Vec::with_capacity(questions.len());
            for question in questions {
                let into = graph.node(oid(&question.into)?)?;
                let mut past = Past::of(&graph, into);
                let mut branches = Vec::with_capacity(question.fixes.len());
                for fix in &question.fixes {
                    branches.push(Branch::of(&mut graph, &mut read, &mut past, into, fix)?);
                }
                arrive(git, &mut graph, &mut read, into, &mut branches)?;
                reverts::settle(git, &mut graph, &mut read, into, &mut branches)?;
                let reached = branches.into_iter().map(|branch| branch.reach(&graph));
                answers.push(reached.collect::<Result<_, _>>()?);
            }
            Ok(answers)
        })
    }

    /// The commits in the past of `from` that are reverted between it and `to`, each after its revert.
    pub fn reverts_of(
        &self,
        from: &CommitSha,
        to: &CommitSha,
    ) -> Result<Vec<(CommitSha, CommitSha)>, GitError> {
        self.with(|git| {
            let mut graph = Graph::new(git)?;
            let (from, to) = (graph.node(oid(from)?)?, graph.node(oid(to)?)?);
            let mut past = Past::of(&graph, from);
            let since = graph.beyond(&[to], &[from])?;
            let mut undone = HashMap::new();
            for node in since {
                let Some(named) = graph.reverts(node).map(<[_]>::to_vec) else {
                    continue;
                };
                // The newest come first: a revert that was reverted takes nothing back.
                if undone.contains_key(&node) {
                    continue;
                }
                for id in named {
                    // One that is not here is none that runs.
                    if let Ok(target) = graph.node(id) {
                        undone.entry(target).or_insert(node);
                    }
                }
            }
            let mut found = Vec::new();
            for (target, revert) in undone {
                if past.contains(&mut graph, target)? {
                    found.push((graph.sha(revert)?, graph.sha(target)?));
                }
            }
            found.sort();
            Ok(found)
        })
    }

    /// Whether each of `commits` is `tip` or in its past.
    pub fn within(&self, commits: &[CommitSha], tip: &CommitSha) -> Result<Vec<bool>, GitError> {
        self.with(|git| {
            let mut graph = Graph::new(git)?;
            let tip = graph.node(oid(tip)?)?;
            let mut past = Past::of(&graph, tip);
            let asking = commits.iter().map(|commit| {
                let commit = graph.node(oid(commit)?)?;
                past.contains(&mut graph, commit)
            });
            asking.collect()
        })
    }
}

/// What is asked of one branch: which fixes it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The fixes.
    pub fixes: Vec<Fix>,
    /// The head of the branch that they should be in.
    pub into: CommitSha,
}
