//! How commits of a branch arrive on the other side without their merge: found by their patches, one by one or all together,
//! and by their content.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use git2::Oid;

use super::commit_reader::Read;
use super::error::GitError;
use super::graph::{Graph, Node, Past};
use super::patch::{self, Paths};
use super::reach::{Fix, Reach};
use super::repository::oid;
use super::reverts::Undone;

/// A branch whose commits are being looked for.
pub(super) struct Branch {
    head: Node,
    base: Option<Node>,
    /// Its own commits, the newest first; of one that is in the past of the other side and has no base, its head.
    own: Rc<[Node]>,
    /// The commits of the other side that have the patch of one of them, or that of all of them.
    same: HashMap<Node, Vec<Node>>,
    /// Those of its commits that were reverted on the other side, with the newest revert.
    reverted: Option<(Vec<Node>, Node)>,
    /// How all of it is there, once that is known.
    whole: Option<Whole>,
    /// Those of its commits that have not been found yet, the newest first.
    missing: Vec<Node>,
}

/// How all of a branch is somewhere.
enum Whole {
    Ancestor,
    AsOne(Node),
    SameContent(Node),
}

impl Branch {
    pub(super) fn of(
        graph: &mut Graph<'_>,
        read: &mut Read,
        past: &mut Past,
        into: Node,
        fix: &Fix,
    ) -> Result<Self, GitError> {
        let head = graph.node(oid(&fix.head)?)?;
        let base = match &fix.base {
            Some(base) => Some(graph.node(oid(base)?)?),
            None => None,
        };
        let is_ancestor = past.contains(graph, head)?;
        let mut branch = Self {
            head,
            base,
            own: Rc::from([head]),
            same: HashMap::new(),
            reverted: None,
            whole: is_ancestor.then_some(Whole::Ancestor),
            missing: Vec::new(),
        };
        if is_ancestor && base.is_none() {
            return Ok(branch);
        }
        let made = match base {
            Some(base) => read.made(graph, head, base)?,
            None => graph.beyond(&[head], &[into])?.into(),
        };
        branch.own = Rc::clone(&made);
        if is_ancestor {
            return Ok(branch);
        }
        for node in made.iter().copied() {
            // The walk ends by date alone, and what was made since the base may have been merged.
            if !past.contains(graph, node)? {
                branch.missing.push(node);
            }
        }
        Ok(branch)
    }

    /// Nothing that was made earlier can revert it, in seconds since 1970; none where it brings nothing.
    pub(super) fn oldest(&self, graph: &Graph<'_>) -> Option<i64> {
        self.own.iter().map(|node| graph.time(*node)).min()
    }

    /// Takes out what was reverted on the other side.
    pub(super) fn take_out(
        &mut self,
        git: &git2::Repository,
        graph: &mut Graph<'_>,
        read: &mut Read,
        undone: &Undone,
    ) -> Result<(), GitError> {
        let mut past = Past::of(graph, self.head);
        let squash = match self.whole {
            Some(Whole::AsOne(node)) => Some(node),
            _ => None,
        };
        let (mut commits, mut newest) = (Vec::new(), None);
        for commit in self.own.iter().copied() {
            if self.missing.contains(&commit) && squash.is_none() {
                continue;
            }
            let picked = self.same.get(&commit).into_iter().flatten().copied();
            let brought: Vec<_> = picked.chain(squash).collect();
            let Some(by) = undone.of(git, graph, read, commit, &brought)? else {
                continue;
            };
            // What the branch itself has reverted it does not bring.
            if !past.contains(graph, by)? {
                commits.push(commit);
                newest = newest.or(Some(by));
            }
        }
        self.reverted = newest.map(|by| (commits, by));
        Ok(())
    }

    pub(super) fn reach(self, graph: &Graph<'_>) -> Result<Reach, GitError> {
        if let Some((commits, by)) = &self.reverted {
            // What never came is missing as well.
            let never = self.missing.iter().filter(|_| self.whole.is_none());
            let never = never.filter(|node| !commits.contains(node));
            let all = commits.iter().chain(never).map(|node| graph.sha(*node));
            return Ok(Reach::Reverted {
                commits: all.collect::<Result<_, _>>()?,
                by: graph.sha(*by)?,
            });
        }
        Ok(match self.whole {
            Some(Whole::Ancestor) => Reach::Ancestor,
            Some(Whole::SameContent(node)) => Reach::SameContent(graph.sha(node)?),
            _ if self.missing.is_empty() => Reach::SamePatches,
            Some(Whole::AsOne(node)) => Reach::AsOne(graph.sha(node)?),
            None => {
                let missing = self.missing.into_iter();
                Reach::Missing(missing.map(|node| graph.sha(node)).collect::<Result<_, _>>()?)
            }
        })
    }
}

/// Finds what of the branches `into` has without having their heads: single commits by their patches, whole branches by
/// one commit with their patch or their content. What brings no patch is taken out.
pub(super) fn arrive(
    git: &git2::Repository,
    graph: &mut Graph<'_>,
    read: &mut Read,
    into: Node,
    branches: &mut [Branch],
) -> Result<(), GitError> {
    let mut search = Search::default();
    for (at, branch) in branches.iter_mut().enumerate() {
        if branch.whole.is_none() {
            search.look_for(git, graph, read, into, at, branch)?;
        }
    }
    if search.contents.is_empty() {
        return Ok(());
    }
    for node in graph.since(into, search.oldest)? {
        search.look_at(git, graph, read, node, branches)?;
    }
    for (at, branch) in branches.iter_mut().enumerate() {
        if branch.whole.is_none() {
            search.settle(graph, at, branch)?;
        }
    }
    Ok(())
}

/// A patch that is looked for: what a commit of a branch brings, or all of a branch together, by its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Wanted {
    Commit(Node),
    Branch(usize),
}

/// What is looked for in the past of one commit, and what was found.
struct Search {
    /// The patches, by the paths that they change.
    patches: HashMap<Rc<Paths>, HashSet<Wanted>>,
    /// The trees of the heads, with the places of their branches.
    contents: HashMap<Oid, Vec<usize>>,
    /// Where the branches lead from and to, of those that are looked for as a whole.
    wholes: HashMap<usize, (Option<Oid>, Oid)>,
    /// Whether a commit brings no patch of its own.
    is_settled: HashMap<Node, bool>,
    /// Nothing that was made earlier can be what is looked for, in seconds since 1970.
    oldest: i64,
    /// The commits that have a patch that was looked for.
    same: HashMap<Wanted, Vec<Node>>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            patches: HashMap::new(),
            contents: HashMap::new(),
            wholes: HashMap::new(),
            is_settled: HashMap::new(),
            oldest: i64::MAX,
            same: HashMap::new(),
        }
    }
}

impl Search {
    /// Takes up what is missing of a branch.
    fn look_for(
        &mut self,
        git: &git2::Repository,
        graph: &mut Graph<'_>,
        read: &mut Read,
        into: Node,
        at: usize,
        branch: &mut Branch,
    ) -> Result<(), GitError> {
        self.contents.entry(graph.tree(branch.head)).or_default().push(at);
        self.oldest = self.oldest.min(graph.time(branch.head));
        for node in branch.missing.iter().copied() {
            if self.is_settled.contains_key(&node) {
                continue;
            }
            let parents = graph.parents(node)?;
            let settled = if parents.len() > 1 {
                is_automatic(git, graph, node)?
            } else {
                let paths = read.paths(git, graph, node)?;
                let is_empty = paths.is_empty();
                if !is_empty {
                    self.patches
                        .entry(paths)
                        .or_default()
                        .insert(Wanted::Commit(node));
                    let cut = parents.iter().map(|parent| graph.time(*parent)).min();
                    let made = graph.written(node).min(cut.unwrap_or(i64::MAX));
                    self.oldest = self.oldest.min(made);
                }
                is_empty
            };
            self.is_settled.insert(node, settled);
        }
        branch.missing.retain(|node| !self.is_settled[node]);
        // One commit alone is its own whole.
        if branch.missing.len() > 1
            && let Some(base) = base(git, graph, into, branch)?
        {
            let (old, new) = (Some(graph.tree(base)), graph.tree(branch.head));
            let paths = patch::paths(git, old, new)?;
            if !paths.is_empty() {
                self.patches
                    .entry(Rc::new(paths))
                    .or_default()
                    .insert(Wanted::Branch(at));
                self.wholes.insert(at, (old, new));
            }
        }
        Ok(())
    }

    /// Whether a commit of the other side is one of those that are looked for.
    fn look_at(
        &mut self,
        git: &git2::Repository,
        graph: &mut Graph<'_>,
        read: &mut Read,
        node: Node,
        branches: &mut [Branch],
    ) -> Result<(), GitError> {
        for at in self
            .contents
            .get(&graph.tree(node))
            .into_iter()
            .flatten()
            .copied()
        {
            // The branch may have gone back to a content that both sides had before.
            let branch = &mut branches[at];
            if branch.whole.is_none() && !Past::of(graph, branch.head).contains(graph, node)? {
                branch.whole = Some(Whole::SameContent(node));
            }
        }
        if self.patches.is_empty() || graph.is_merge(node) {
            return Ok(());
        }
        let Some(alike) = self.patches.get(&read.paths(git, graph, node)?) else {
            return Ok(());
        };
        let id = read.patch(git, graph, node)?;
        for other in alike {
            let other_id = match other {
                Wanted::Commit(other) => read.patch(git, graph, *other)?,
                Wanted::Branch(at) => read.whole(git, self.wholes[at])?,
            };
            if other_id == id {
                self.same.entry(*other).or_default().push(node);
            }
        }
        Ok(())
    }

    /// What of a branch has been found.
    fn settle(&self, graph: &mut Graph<'_>, at: usize, branch: &mut Branch) -> Result<(), GitError> {
        let mut past = Past::of(graph, branch.head);
        let mut found = |wanted| -> Result<Option<Node>, GitError> {
            for node in self.same.get(&wanted).into_iter().flatten().copied() {
                // What both sides had before has been undone since: the branch brings it again.
                if !past.contains(graph, node)? {
                    return Ok(Some(node));
                }
            }
            Ok(None)
        };
        let mut missing = Vec::new();
        for node in branch.missing.drain(..) {
            if found(Wanted::Commit(node))?.is_none() {
                missing.push(node);
            } else {
                let same = self.same.get(&Wanted::Commit(node)).cloned();
                branch.same.insert(node, same.unwrap_or_default());
            }
        }
        if !missing.is_empty() {
            branch.whole = found(Wanted::Branch(at))?.map(Whole::AsOne);
        }
        branch.missing = missing;
        Ok(())
    }
}

/// Where a branch began: as it is said, or where it left `into`.
fn base(
    git: &git2::Repository,
    graph: &mut Graph<'_>,
    into: Node,
    branch: &Branch,
) -> Result<Option<Node>, GitError> {
    match branch.base {
        Some(base) => Ok(Some(base)),
        None => match git.merge_base(graph.id(into), graph.id(branch.head)) {
            Ok(base) => Ok(Some(graph.node(base)?)),
            // Two histories that share nothing, or a shallow clone that does not show what.
            Err(_) => Ok(None),
        },
    }
}

/// Whether a merge comes out the same when it is made anew, in memory. Git makes one of more than two parents only where
/// nothing has to be resolved.
fn is_automatic(git: &git2::Repository, graph: &mut Graph<'_>, node: Node) -> Result<bool, GitError> {
    let fail = GitError::library("repeat a merge");
    let parents = graph.parents(node)?;
    let [ours, theirs] = &*parents else {
        return Ok(true);
    };
    // What comes out of it is written to a handle of its own that forgets it.
    let scratch = super::trusted::open_bare(git.path()).map_err(&fail)?;
    let odb = scratch.odb().map_err(&fail)?;
    odb.add_new_mempack_backend(i32::MAX).map_err(&fail)?;
    let commit = |node| scratch.find_commit(graph.id(node)).map_err(&fail);
    let (ours, theirs) = (commit(*ours)?, commit(*theirs)?);
    let merged = match scratch.merge_commits(&ours, &theirs, None) {
        Ok(merged) => merged,
        Err(_) if graph.is_shallow() => return Err(GitError::Shallow(graph.sha(node)?)),
        Err(error) => return Err(fail(error)),
    };
    if merged.has_conflicts() {
        return Ok(false);
    }
    let tree = scratch.find_tree(graph.tree(node)).map_err(&fail)?;
    let diff = scratch.diff_tree_to_index(Some(&tree), Some(&merged), None);
    Ok(diff.map_err(&fail)?.deltas().len() == 0)
}
