//! Whether what a branch brought has arrived somewhere, by ancestry or by its patches.

use std::collections::{HashMap, HashSet};

use git2::Oid;

use super::error::GitError;
use super::graph::{Graph, Node, Past};
use super::repository::{GitRepository, oid};
use crate::domain::CommitSha;

/// Whether what a branch brought has arrived somewhere. What was undone there afterwards has arrived all the same: the
/// history of that branch has seen it, and whoever undid it has decided so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Its head is in that past.
    Ancestor,
    /// Every commit of it is there by its patch (`git patch-id`), as after a cherry-pick or a rebase.
    SamePatches,
    /// These commits are not there, the newest first.
    Missing(Vec<CommitSha>),
}

/// What is asked for: the commits that are in the past of `head` and not in that of `base`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The last commit of the branch.
    pub head: CommitSha,
    /// The commit that the branch was cut from; without one, all is asked for that the other side lacks.
    pub base: Option<CommitSha>,
}

impl GitRepository {
    /// Whether each of `fixes` has arrived in the past of `into`.
    ///
    /// Patches are compared as `git cherry` does. Two kinds of commits bring no patch of their own and are never missing:
    /// empty ones, and merges that come out the same when they are made anew. A merge that was resolved or changed by hand
    /// brings something that no other commit can be compared with: it arrives by ancestry only.
    pub fn reach(&self, fixes: &[Fix], into: &CommitSha) -> Result<Vec<Reach>, GitError> {
        self.with(|git| {
            let mut graph = Graph::new(git)?;
            let into = graph.node(oid(into)?)?;
            let mut past = Past::of(&graph, into);
            let mut open = Vec::new();
            for fix in fixes {
                let head = graph.node(oid(&fix.head)?)?;
                if past.contains(&mut graph, head)? {
                    open.push(None);
                    continue;
                }
                let mut hidden = vec![into];
                if let Some(base) = &fix.base {
                    hidden.push(graph.node(oid(base)?)?);
                }
                let mut lacking = Vec::new();
                for node in graph.beyond(&[head], &hidden)? {
                    // The walk ends by date; here it is made sure.
                    if !past.contains(&mut graph, node)? {
                        lacking.push(node);
                    }
                }
                open.push(Some((head, lacking)));
            }
            let mut patches = Patches::new(git);
            let heads: Vec<_> = open.iter().flatten().map(|(head, _)| *head).collect();
            let wanted = open
                .iter()
                .flatten()
                .flat_map(|(_, lacking)| lacking.iter().copied());
            let there = patches.there(&mut graph, into, &heads, wanted)?;
            let mut reached = Vec::with_capacity(open.len());
            for fix in open {
                let Some((_, lacking)) = fix else {
                    reached.push(Reach::Ancestor);
                    continue;
                };
                let mut missing = Vec::new();
                for node in lacking {
                    if !there.contains(&node) {
                        missing.push(graph.sha(node)?);
                    }
                }
                reached.push(if missing.is_empty() {
                    Reach::SamePatches
                } else {
                    Reach::Missing(missing)
                });
            }
            Ok(reached)
        })
    }
}

/// The paths that a commit changes, in their order.
type Paths = Vec<Vec<u8>>;

struct Patches<'a> {
    git: &'a git2::Repository,
}

impl<'a> Patches<'a> {
    const fn new(git: &'a git2::Repository) -> Self {
        Self { git }
    }

    /// Those of `wanted` that need not come any more: they bring no patch, or `into` has it.
    fn there(
        &mut self,
        graph: &mut Graph<'a>,
        into: Node,
        heads: &[Node],
        wanted: impl Iterator<Item = Node>,
    ) -> Result<HashSet<Node>, GitError> {
        let mut there = HashSet::new();
        let mut by_paths: HashMap<Paths, Vec<Node>> = HashMap::new();
        for node in wanted {
            if graph.is_merge(node) {
                if self.is_automatic(graph, node)? {
                    there.insert(node);
                }
                continue;
            }
            let paths = paths(&self.diff(graph, node)?);
            if paths.is_empty() {
                there.insert(node);
            } else {
                by_paths.entry(paths).or_default().push(node);
            }
        }
        if by_paths.is_empty() {
            return Ok(there);
        }
        let mut ids: HashMap<Node, Oid> = HashMap::new();
        for node in graph.beyond(&[into], heads)? {
            if graph.is_merge(node) {
                continue;
            }
            let diff = self.diff(graph, node)?;
            let Some(same) = by_paths.get(&paths(&diff)) else {
                continue;
            };
            let id = patch(&diff)?;
            for other in same {
                let known = match ids.get(other) {
                    Some(known) => *known,
                    None => {
                        let id = patch(&self.diff(graph, *other)?)?;
                        ids.insert(*other, id);
                        id
                    }
                };
                if known == id {
                    there.insert(*other);
                }
            }
        }
        Ok(there)
    }

    /// What a commit changed of its first parent.
    fn diff(&self, graph: &mut Graph<'a>, node: Node) -> Result<git2::Diff<'a>, GitError> {
        let fail = GitError::library("read a commit's changes");
        let parent = graph.parents(node)?.first().copied();
        let new = self.git.find_tree(graph.tree(node)).map_err(&fail)?;
        let old = parent.map(|parent| self.git.find_tree(graph.tree(parent)));
        let old = old.transpose().map_err(&fail)?;
        let mut options = git2::DiffOptions::new();
        // Two binary files under the same path are not the same patch.
        options.show_binary(true);
        self.git
            .diff_tree_to_tree(old.as_ref(), Some(&new), Some(&mut options))
            .map_err(&fail)
    }

    /// Whether a merge comes out the same when it is made anew. Git makes one of more than two parents only where nothing
    /// has to be resolved.
    fn is_automatic(&self, graph: &mut Graph<'a>, node: Node) -> Result<bool, GitError> {
        let fail = GitError::library("make a merge anew");
        let parents = graph.parents(node)?;
        let [ours, theirs] = parents.as_slice() else {
            return Ok(true);
        };
        let commit = |node| self.git.find_commit(graph.id(node)).map_err(&fail);
        let (ours, theirs) = (commit(*ours)?, commit(*theirs)?);
        let mut merged = self.git.merge_commits(&ours, &theirs, None).map_err(&fail)?;
        if merged.has_conflicts() {
            return Ok(false);
        }
        let tree = merged.write_tree_to(self.git).map_err(&fail)?;
        Ok(tree == graph.tree(node))
    }
}

fn paths(diff: &git2::Diff<'_>) -> Paths {
    let of = |delta: git2::DiffDelta<'_>| delta.new_file().path_bytes().unwrap_or_default().to_vec();
    diff.deltas().map(of).collect()
}

fn patch(diff: &git2::Diff<'_>) -> Result<Oid, GitError> {
    diff.patchid(None).map_err(GitError::library("compare patches"))
}
