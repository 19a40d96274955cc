//! Whether what a branch brought has arrived somewhere, by ancestry or by its patches.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

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

impl Reach {
    /// Whether nothing is missing.
    pub const fn is_there(&self) -> bool {
        matches!(self, Self::Ancestor | Self::SamePatches)
    }
}

impl GitRepository {
    /// Whether each of `fixes` has arrived in the past of `into`.
    ///
    /// Patches are compared as `git cherry` does, with what was committed to `into` since the fixes were written or cut,
    /// whichever came first. Two kinds of commits bring no patch of their own and are never missing: empty ones, and
    /// merges that come out the same when they are made anew. A merge that was resolved or changed by hand brings
    /// something that no other commit can be compared with: it arrives by ancestry only.
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
                let reached = branches.into_iter().map(|branch| branch.reach(&graph));
                answers.push(reached.collect::<Result<_, _>>()?);
            }
            Ok(answers)
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

/// What was read of commits so far.
#[derive(Default)]
struct Read {
    paths: HashMap<Node, Rc<Paths>>,
    patches: HashMap<Node, Oid>,
    /// What was made since a base, by head and base.
    made: HashMap<(Node, Node), Rc<[Node]>>,
}

impl Read {
    fn made(&mut self, graph: &mut Graph<'_>, head: Node, base: Node) -> Result<Rc<[Node]>, GitError> {
        if let Some(known) = self.made.get(&(head, base)) {
            return Ok(Rc::clone(known));
        }
        let made: Rc<[Node]> = graph.beyond(&[head], &[base])?.into();
        self.made.insert((head, base), Rc::clone(&made));
        Ok(made)
    }

    fn paths(
        &mut self,
        git: &git2::Repository,
        graph: &mut Graph<'_>,
        node: Node,
    ) -> Result<Rc<Paths>, GitError> {
        if let Some(known) = self.paths.get(&node) {
            return Ok(Rc::clone(known));
        }
        let paths = Rc::new(paths(git, graph, node)?);
        self.paths.insert(node, Rc::clone(&paths));
        Ok(paths)
    }

    fn patch<'a>(
        &mut self,
        git: &'a git2::Repository,
        graph: &mut Graph<'a>,
        node: Node,
    ) -> Result<Oid, GitError> {
        if let Some(known) = self.patches.get(&node) {
            return Ok(*known);
        }
        let id = patch(&diff(git, graph, node)?)?;
        self.patches.insert(node, id);
        Ok(id)
    }
}

/// A branch whose commits are being looked for.
struct Branch {
    head: Node,
    is_ancestor: bool,
    /// Those of its commits that have not been found yet, the newest first.
    missing: Vec<Node>,
}

impl Branch {
    fn of(
        graph: &mut Graph<'_>,
        read: &mut Read,
        past: &mut Past,
        into: Node,
        fix: &Fix,
    ) -> Result<Self, GitError> {
        let head = graph.node(oid(&fix.head)?)?;
        let mut branch = Self {
            head,
            is_ancestor: past.contains(graph, head)?,
            missing: Vec::new(),
        };
        if branch.is_ancestor {
            return Ok(branch);
        }
        let made = match &fix.base {
            Some(base) => {
                let base = graph.node(oid(base)?)?;
                read.made(graph, head, base)?
            }
            None => graph.beyond(&[head], &[into])?.into(),
        };
        for node in made.iter().copied() {
            // The walk ends by date alone, and what was made since the base may have been merged.
            if !past.contains(graph, node)? {
                branch.missing.push(node);
            }
        }
        Ok(branch)
    }

    fn reach(self, graph: &Graph<'_>) -> Result<Reach, GitError> {
        Ok(if self.is_ancestor {
            Reach::Ancestor
        } else if self.missing.is_empty() {
            Reach::SamePatches
        } else {
            let missing = self.missing.into_iter();
            Reach::Missing(missing.map(|node| graph.sha(node)).collect::<Result<_, _>>()?)
        })
    }
}

/// Takes from the branches what need not come any more: what brings no patch, and what `into` has by its patch.
fn arrive<'a>(
    git: &'a git2::Repository,
    graph: &mut Graph<'a>,
    read: &mut Read,
    into: Node,
    branches: &mut [Branch],
) -> Result<(), GitError> {
    let mut wanted: HashMap<Rc<Paths>, HashSet<Node>> = HashMap::new();
    let mut brought_by = HashSet::new();
    let mut is_settled: HashMap<Node, bool> = HashMap::new();
    let mut oldest = i64::MAX;
    for branch in &mut *branches {
        for node in branch.missing.iter().copied() {
            let parents = graph.parents(node)?;
            if is_settled.contains_key(&node) {
                continue;
            }
            let settled = if parents.len() > 1 {
                is_automatic(git, graph, node)?
            } else {
                let paths = read.paths(git, graph, node)?;
                let is_empty = paths.is_empty();
                if !is_empty {
                    brought_by.insert(node);
                    wanted.entry(paths).or_default().insert(node);
                    let cut = parents.iter().map(|parent| graph.time(*parent)).min();
                    oldest = oldest.min(graph.written(node)).min(cut.unwrap_or(i64::MAX));
                }
                is_empty
            };
            is_settled.insert(node, settled);
        }
        branch.missing.retain(|node| !is_settled[node]);
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let mut same: HashMap<Node, Vec<Node>> = HashMap::new();
    for node in graph.since(into, oldest)? {
        if graph.is_merge(node) || brought_by.contains(&node) {
            continue;
        }
        let Some(alike) = wanted.get(&read.paths(git, graph, node)?) else {
            continue;
        };
        let id = read.patch(git, graph, node)?;
        for other in alike {
            if read.patch(git, graph, *other)? == id {
                same.entry(*other).or_default().push(node);
            }
        }
    }
    for branch in branches {
        let mut past = Past::of(graph, branch.head);
        let mut missing = Vec::new();
        for node in &branch.missing {
            let mut has_come = false;
            for other in same.get(node).into_iter().flatten() {
                // What both sides had before has been undone since: the branch brings it again.
                has_come = has_come || !past.contains(graph, *other)?;
            }
            if !has_come {
                missing.push(*node);
            }
        }
        branch.missing = missing;
    }
    Ok(())
}

/// The paths that a commit changes, in their order.
type Paths = Vec<Vec<u8>>;

/// The paths that a commit changes of its first parent. Only names are compared here, and only where two folders differ:
/// a difference as libgit2 makes it costs several times as much, and few commits need one.
fn paths(git: &git2::Repository, graph: &mut Graph<'_>, node: Node) -> Result<Paths, GitError> {
    let fail = GitError::library("read a commit's changes");
    let (old, new) = trees(git, graph, node)?;
    let mut paths = Paths::new();
    differ(git, old.as_ref(), Some(&new), &[], &mut paths).map_err(&fail)?;
    paths.sort_unstable();
    paths.dedup();
    Ok(paths)
}

fn differ(
    git: &git2::Repository,
    old: Option<&git2::Tree<'_>>,
    new: Option<&git2::Tree<'_>>,
    folder: &[u8],
    paths: &mut Paths,
) -> Result<(), git2::Error> {
    for (one, other, is_new) in [(new, old, true), (old, new, false)] {
        for entry in one.into_iter().flatten() {
            let there = other.and_then(|other| other.get_name_bytes(entry.name_bytes()));
            let is_same = there
                .as_ref()
                .is_some_and(|there| there.id() == entry.id() && there.filemode() == entry.filemode());
            // What both have is looked at once.
            if is_same || (there.is_some() && !is_new) {
                continue;
            }
            let mut path = folder.to_vec();
            path.extend_from_slice(entry.name_bytes());
            let tree = |entry: &git2::TreeEntry<'_>| {
                (entry.kind() == Some(git2::ObjectType::Tree)).then(|| git.find_tree(entry.id()))
            };
            let here = tree(&entry).transpose()?;
            let there_tree = there.as_ref().and_then(tree).transpose()?;
            let is_file = here.is_none() || (there.is_some() && there_tree.is_none());
            if here.is_some() || there_tree.is_some() {
                let below = [path.as_slice(), b"/"].concat();
                differ(git, here.as_ref(), there_tree.as_ref(), &below, paths)?;
            }
            if is_file {
                paths.push(path);
            }
        }
    }
    Ok(())
}

fn patch(diff: &git2::Diff<'_>) -> Result<Oid, GitError> {
    diff.patchid(None).map_err(GitError::library("compare patches"))
}

/// The trees before and after a commit.
fn trees<'a>(
    git: &'a git2::Repository,
    graph: &mut Graph<'_>,
    node: Node,
) -> Result<(Option<git2::Tree<'a>>, git2::Tree<'a>), GitError> {
    let parent = graph.parents(node)?.first().copied();
    let tree = |node| {
        let found = git.find_tree(graph.tree(node));
        found.map_err(GitError::library("read a commit's tree"))
    };
    Ok((parent.map(tree).transpose()?, tree(node)?))
}

/// What a commit changed of its first parent.
fn diff<'a>(
    git: &'a git2::Repository,
    graph: &mut Graph<'a>,
    node: Node,
) -> Result<git2::Diff<'a>, GitError> {
    let fail = GitError::library("read a commit's changes");
    let (old, new) = trees(git, graph, node)?;
    let mut options = git2::DiffOptions::new();
    // Two binary files under the same path are not the same patch.
    options.show_binary(true);
    git.diff_tree_to_tree(old.as_ref(), Some(&new), Some(&mut options))
        .map_err(&fail)
}

/// Whether a merge comes out the same when it is made anew, in memory. Git makes one of more than two parents only where
/// nothing has to be resolved.
fn is_automatic(git: &git2::Repository, graph: &mut Graph<'_>, node: Node) -> Result<bool, GitError> {
    let fail = GitError::library("make a merge anew");
    let parents = graph.parents(node)?;
    let [ours, theirs] = &*parents else {
        return Ok(true);
    };
    // What comes out of it is written to a handle of its own that forgets it.
    let scratch = git2::Repository::open(git.path()).map_err(&fail)?;
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
