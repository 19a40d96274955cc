//! Whether what a branch brought has arrived somewhere, by ancestry, by its patches or by its content.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use git2::Oid;

use super::error::GitError;
use super::graph::{Graph, Node, Past};
use super::patch::{self, PatchId, Paths};
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
    /// All of its commits are there as this one, as after a squash: it has the same patch as they have together.
    AsOne(CommitSha),
    /// This commit has exactly the content of its head, however it came to it.
    SameContent(CommitSha),
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
        !matches!(self, Self::Missing(_))
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
    patches: HashMap<Node, PatchId>,
    together: HashMap<(Option<Oid>, Oid), PatchId>,
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
        let (old, new) = trees(graph, node)?;
        let paths = Rc::new(patch::paths(git, old, new)?);
        self.paths.insert(node, Rc::clone(&paths));
        Ok(paths)
    }

    fn patch(
        &mut self,
        git: &git2::Repository,
        graph: &mut Graph<'_>,
        node: Node,
    ) -> Result<PatchId, GitError> {
        if let Some(known) = self.patches.get(&node) {
            return Ok(*known);
        }
        let (old, new) = trees(graph, node)?;
        let id = patch::patch(git, old, new)?;
        self.patches.insert(node, id);
        Ok(id)
    }

    /// The patch of a whole branch, from the content of its base to that of its head.
    fn together(&mut self, git: &git2::Repository, trees: (Option<Oid>, Oid)) -> Result<PatchId, GitError> {
        if let Some(known) = self.together.get(&trees) {
            return Ok(*known);
        }
        let id = patch::patch(git, trees.0, trees.1)?;
        self.together.insert(trees, id);
        Ok(id)
    }
}

/// A branch whose commits are being looked for.
struct Branch {
    head: Node,
    base: Option<Node>,
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
    fn of(
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
            whole: is_ancestor.then_some(Whole::Ancestor),
            missing: Vec::new(),
        };
        if is_ancestor {
            return Ok(branch);
        }
        let made = match base {
            Some(base) => read.made(graph, head, base)?,
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

/// A change that is looked for: what a commit of a branch brings, or all of a branch together, by its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Wanted {
    Commit(Node),
    Branch(usize),
}

/// Finds what of the branches `into` has without having their heads: single commits by their patches, whole branches by
/// one commit with their patch or their content. What brings no patch is taken out.
fn arrive(
    git: &git2::Repository,
    graph: &mut Graph<'_>,
    read: &mut Read,
    into: Node,
    branches: &mut [Branch],
) -> Result<(), GitError> {
    let mut wanted: HashMap<Rc<Paths>, HashSet<Wanted>> = HashMap::new();
    let mut contents: HashMap<Oid, Vec<usize>> = HashMap::new();
    let mut brought_by = HashSet::new();
    let mut is_settled: HashMap<Node, bool> = HashMap::new();
    let mut together = HashMap::new();
    let mut oldest = i64::MAX;
    for (at, branch) in branches.iter_mut().enumerate() {
        if branch.whole.is_some() {
            continue;
        }
        contents.entry(graph.tree(branch.head)).or_default().push(at);
        oldest = oldest.min(graph.time(branch.head));
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
                    wanted.entry(paths).or_default().insert(Wanted::Commit(node));
                    let cut = parents.iter().map(|parent| graph.time(*parent)).min();
                    oldest = oldest.min(graph.written(node)).min(cut.unwrap_or(i64::MAX));
                }
                is_empty
            };
            is_settled.insert(node, settled);
        }
        branch.missing.retain(|node| !is_settled[node]);
        if branch.missing.len() > 1
            && let Some(base) = base(git, graph, into, branch)?
        {
            let trees = (Some(graph.tree(base)), graph.tree(branch.head));
            let paths = Rc::new(patch::paths(git, trees.0, trees.1)?);
            if !paths.is_empty() {
                wanted.entry(paths).or_default().insert(Wanted::Branch(at));
                together.insert(at, trees);
            }
        }
    }
    if contents.is_empty() {
        return Ok(());
    }
    let mut same: HashMap<Wanted, Vec<Node>> = HashMap::new();
    for node in graph.since(into, oldest)? {
        for at in contents.get(&graph.tree(node)).into_iter().flatten().copied() {
            // The branch may have gone back to a content that both sides had before.
            let branch = &mut branches[at];
            if branch.whole.is_none() && !Past::of(graph, branch.head).contains(graph, node)? {
                branch.whole = Some(Whole::SameContent(node));
            }
        }
        if wanted.is_empty() || graph.is_merge(node) || brought_by.contains(&node) {
            continue;
        }
        let Some(alike) = wanted.get(&read.paths(git, graph, node)?) else {
            continue;
        };
        let id = read.patch(git, graph, node)?;
        for other in alike {
            let other_id = match other {
                Wanted::Commit(other) => read.patch(git, graph, *other)?,
                Wanted::Branch(at) => read.together(git, together[at])?,
            };
            if other_id == id {
                same.entry(*other).or_default().push(node);
            }
        }
    }
    for (at, branch) in branches.iter_mut().enumerate() {
        if branch.whole.is_some() {
            continue;
        }
        // What both sides had before has been undone since: the branch brings it again.
        let mut past = Past::of(graph, branch.head);
        let mut newer = |wanted| -> Result<Option<Node>, GitError> {
            for node in same.get(&wanted).into_iter().flatten().copied() {
                if !past.contains(graph, node)? {
                    return Ok(Some(node));
                }
            }
            Ok(None)
        };
        let mut missing = Vec::new();
        for node in branch.missing.drain(..) {
            if newer(Wanted::Commit(node))?.is_none() {
                missing.push(node);
            }
        }
        if !missing.is_empty() {
            branch.whole = newer(Wanted::Branch(at))?.map(Whole::AsOne);
        }
        branch.missing = missing;
    }
    Ok(())
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

/// The trees before and after a commit.
fn trees(graph: &mut Graph<'_>, node: Node) -> Result<(Option<Oid>, Oid), GitError> {
    let parent = graph.parents(node)?.first().copied();
    Ok((parent.map(|parent| graph.tree(parent)), graph.tree(node)))
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
