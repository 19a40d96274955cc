//! What commits changed, read once.

use std::collections::HashMap;
use std::rc::Rc;

use git2::Oid;

use super::error::GitError;
use super::graph::{Graph, Node};
use super::patch::{self, PatchId, Paths};

/// What was read of commits so far.
#[derive(Default)]
pub(super) struct Read {
    paths: HashMap<Node, Rc<Paths>>,
    patches: HashMap<Node, PatchId>,
    wholes: HashMap<(Option<Oid>, Oid), PatchId>,
    /// What was made since a base, by head and base.
    made: HashMap<(Node, Node), Rc<[Node]>>,
}

impl Read {
    pub(super) fn made(
        &mut self,
        graph: &mut Graph<'_>,
        head: Node,
        base: Node,
    ) -> Result<Rc<[Node]>, GitError> {
        if let Some(known) = self.made.get(&(head, base)) {
            return Ok(Rc::clone(known));
        }
        let made: Rc<[Node]> = graph.beyond(&[head], &[base])?.into();
        self.made.insert((head, base), Rc::clone(&made));
        Ok(made)
    }

    pub(super) fn paths(
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

    pub(super) fn patch(
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

    /// Whether `revert` takes back exactly what `commit` brought.
    pub(super) fn takes_back(
        &mut self,
        git: &git2::Repository,
        graph: &mut Graph<'_>,
        revert: Node,
        commit: Node,
    ) -> Result<bool, GitError> {
        if graph.is_merge(commit) || self.paths(git, graph, revert)? != self.paths(git, graph, commit)? {
            return Ok(false);
        }
        let (before, after) = trees(graph, revert)?;
        let Some(before) = before else { return Ok(false) };
        let taken = self.whole(git, (Some(after), before))?;
        Ok(taken == self.patch(git, graph, commit)?)
    }

    /// The patch of a whole branch, from the content of its base to that of its head.
    pub(super) fn whole(
        &mut self,
        git: &git2::Repository,
        trees: (Option<Oid>, Oid),
    ) -> Result<PatchId, GitError> {
        if let Some(known) = self.wholes.get(&trees) {
            return Ok(*known);
        }
        let id = patch::patch(git, trees.0, trees.1)?;
        self.wholes.insert(trees, id);
        Ok(id)
    }
}

/// The trees before and after a commit.
pub(super) fn trees(graph: &mut Graph<'_>, node: Node) -> Result<(Option<Oid>, Oid), GitError> {
    let parent = graph.parents(node)?.first().copied();
    Ok((parent.map(|parent| graph.tree(parent)), graph.tree(node)))
}
