//! Whether what a branch brought has arrived somewhere, by ancestry, by its patches or by its content.

use std::collections::HashMap;

use super::commit_reader::Read;
use super::error::GitError;
use super::graph::{Graph, Node, Past};
use super::merged::{Branch, arrive};
use super::reach::{Fix, Reach};
use super::repository::{GitRepository, oid};
use super::reverts::Undone;
use crate::domain::CommitSha;

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
                settle(git, &mut graph, &mut read, into, &mut branches)?;
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

/// Takes what was reverted out of what the branches have brought.
fn settle(
    git: &git2::Repository,
    graph: &mut Graph<'_>,
    read: &mut Read,
    into: Node,
    branches: &mut [Branch],
) -> Result<(), GitError> {
    let Some(oldest) = branches.iter().filter_map(|branch| branch.oldest(graph)).min() else {
        return Ok(());
    };
    let undone = Undone::read(graph, into, oldest)?;
    if undone.is_empty() {
        return Ok(());
    }
    for branch in branches {
        branch.take_out(git, graph, read, &undone)?;
    }
    Ok(())
}
