//! What was taken back again: a revert undoes what a merge, a pick or a squash had brought, and a revert of that revert
//! brings it back.

use std::collections::HashMap;
use std::rc::Rc;

use super::commit_reader::Read;
use super::error::GitError;
use super::graph::{Graph, Node, Past};

/// What the reverts in the past of one commit take back, those that were reverted themselves left out.
pub(super) struct Undone {
    /// The commits of that past, with their places, the newest first.
    places: HashMap<Node, usize>,
    merges: Vec<Node>,
    /// What is taken back, by which revert.
    by: HashMap<Node, Node>,
    /// Reverts that name no commit: they are known by their patches.
    unnamed: Vec<Node>,
}

impl Undone {
    /// Reads the past of `into` down to `oldest`, in seconds since 1970.
    pub(super) fn read(graph: &mut Graph<'_>, into: Node, oldest: i64) -> Result<Self, GitError> {
        let nodes = graph.shown_since(into, oldest)?;
        let mut undone = Self {
            places: HashMap::new(),
            merges: Vec::new(),
            by: HashMap::new(),
            unnamed: Vec::new(),
        };
        if !nodes.iter().any(|node| graph.reverts(*node).is_some()) {
            return Ok(undone);
        }
        for (place, node) in nodes.iter().copied().enumerate() {
            undone.places.insert(node, place);
            if graph.is_merge(node) {
                undone.merges.push(node);
            }
            let Some(named) = graph.reverts(node).map(<[_]>::to_vec) else {
                continue;
            };
            // The newest come first, so it is known already whether this one was reverted.
            if undone.by.contains_key(&node) {
                continue;
            }
            if named.is_empty() {
                undone.unnamed.push(node);
            }
            for id in named {
                if let Some(target) = graph.known(id) {
                    undone.by.entry(target).or_insert(node);
                }
            }
        }
        Ok(undone)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by.is_empty() && self.unnamed.is_empty()
    }

    /// The revert that takes `commit` back, which these others brought as well: the same change, picked.
    pub(super) fn of(
        &self,
        git: &git2::Repository,
        graph: &mut Graph<'_>,
        read: &mut Read,
        commit: Node,
        same: &[Node],
    ) -> Result<Option<Node>, GitError> {
        let mut newest: Option<Node> = None;
        let mut take = |revert: Node, places: &HashMap<Node, usize>| {
            let is_newer = newest.is_none_or(|known| places.get(&revert) < places.get(&known));
            if is_newer {
                newest = Some(revert);
            }
        };
        for brought in same.iter().chain([&commit]) {
            if let Some(revert) = self.by.get(brought) {
                take(*revert, &self.places);
            }
        }
        for merge in &self.merges {
            let Some(revert) = self.by.get(merge) else {
                continue;
            };
            if brings(graph, *merge, commit)? {
                take(*revert, &self.places);
            }
        }
        for revert in &self.unnamed {
            if read.takes_back(git, graph, *revert, commit)? {
                take(*revert, &self.places);
            }
        }
        let Some(revert) = newest else { return Ok(None) };
        // Picked once more since, it is there again.
        let at = self.places.get(&revert);
        let is_back = same.iter().any(|picked| {
            self.places.get(picked).is_some_and(|place| Some(place) < at) && !self.by.contains_key(picked)
        });
        Ok((!is_back).then_some(revert))
    }
}

/// Whether a merge brought `commit` to its first parent.
fn brings(graph: &mut Graph<'_>, merge: Node, commit: Node) -> Result<bool, GitError> {
    let parents: Rc<[Node]> = graph.parents(merge)?;
    let Some((first, others)) = parents.split_first() else {
        return Ok(false);
    };
    for other in others {
        if Past::of(graph, *other).contains(graph, commit)? {
            return Ok(!Past::of(graph, *first).contains(graph, commit)?);
        }
    }
    Ok(false)
}
