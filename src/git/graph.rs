//! The graph of commits, read as far as a question needs and no further, each commit once.
//!
//! libgit2 starts anew with each of its questions (`merge_base`, `graph_descendant_of`), and walks back to the fork each
//! time. Here many questions about one past share one walk.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::rc::Rc;

use git2::{ErrorCode, ObjectType, Oid};

use super::commit::name;
use super::error::GitError;
use crate::domain::CommitSha;

/// How far the clocks of committers may be wrong, in seconds, before a walk that ends by date may end too early: a week.
/// Git itself allows a day, or a few commits.
pub(super) const WRONG_CLOCKS: i64 = 7 * 24 * 60 * 60;

/// How many commits farther a past is read, in all, where the dates say that nothing more can come.
const DOUBT: usize = 5_000;

/// A commit of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Node(u32);

struct Read {
    id: Oid,
    tree: Oid,
    time: i64,
    written: i64,
    parents: Box<[Oid]>,
    /// The commits that its message says it reverts; none where it speaks of no revert.
    reverts: Option<Box<[Oid]>>,
    /// They as nodes, once they were asked for.
    nodes: Option<Rc<[Node]>>,
}

/// Commits with their parents, trees and times.
pub(super) struct Graph<'a> {
    odb: git2::Odb<'a>,
    is_shallow: bool,
    nodes: Vec<Read>,
    known: HashMap<Oid, Node>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(git: &'a git2::Repository) -> Result<Self, GitError> {
        Ok(Self {
            odb: git.odb().map_err(GitError::library("open its objects"))?,
            is_shallow: git.is_shallow(),
            nodes: Vec::new(),
            known: HashMap::new(),
        })
    }

    /// The commit `id`. One that a shallow clone does not have is told from one that is lost.
    pub(super) fn node(&mut self, id: Oid) -> Result<Node, GitError> {
        if let Some(node) = self.known.get(&id) {
            return Ok(*node);
        }
        let object = self.odb.read(id).map_err(|error| match name(id) {
            Ok(sha) if error.code() == ErrorCode::NotFound && self.is_shallow => GitError::Shallow(sha),
            Ok(sha) => GitError::Unreadable(sha),
            Err(error) => error,
        })?;
        let read = (object.kind() == ObjectType::Commit).then(|| parse(id, object.data()));
        let Some(read) = read.flatten() else {
            return Err(GitError::Unreadable(name(id)?));
        };
        let node = Node(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(read);
        self.known.insert(id, node);
        Ok(node)
    }

    fn of(&self, node: Node) -> &Read {
        &self.nodes[node.0 as usize]
    }

    pub(super) fn id(&self, node: Node) -> Oid {
        self.of(node).id
    }

    pub(super) fn sha(&self, node: Node) -> Result<CommitSha, GitError> {
        name(self.id(node))
    }

    pub(super) fn tree(&self, node: Node) -> Oid {
        self.of(node).tree
    }

    pub(super) fn time(&self, node: Node) -> i64 {
        self.of(node).time
    }

    /// When it was written first: a commit that is picked or rebased keeps that time.
    pub(super) fn written(&self, node: Node) -> i64 {
        self.of(node).written
    }

    pub(super) const fn is_shallow(&self) -> bool {
        self.is_shallow
    }

    pub(super) fn is_merge(&self, node: Node) -> bool {
        self.of(node).parents.len() > 1
    }

    /// The commits that it says it reverts; an empty list where it only speaks of a revert, none for any other commit.
    pub(super) fn reverts(&self, node: Node) -> Option<&[Oid]> {
        self.of(node).reverts.as_deref()
    }

    /// The commit `id`, if it was read already.
    pub(super) fn known(&self, id: Oid) -> Option<Node> {
        self.known.get(&id).copied()
    }

    pub(super) fn parents(&mut self, node: Node) -> Result<Rc<[Node]>, GitError> {
        if let Some(known) = &self.of(node).nodes {
            return Ok(Rc::clone(known));
        }
        let parents = self.of(node).parents.clone();
        let nodes = parents.iter().map(|parent| self.node(*parent));
        let nodes: Rc<[Node]> = nodes.collect::<Result<_, _>>()?;
        self.nodes[node.0 as usize].nodes = Some(Rc::clone(&nodes));
        Ok(nodes)
    }

    /// What is in the past of one of `tips` (themselves among it) and not in that of one of `hidden`, newest first. It ends
    /// by date: clocks that are wrong by more than a week can make it name commits that are in the past of `hidden` too.
    pub(super) fn beyond(&mut self, tips: &[Node], hidden: &[Node]) -> Result<Vec<Node>, GitError> {
        const WANTED: u8 = 1;
        const HIDDEN: u8 = 2;
        let mut marks: HashMap<Node, u8> = HashMap::new();
        let mut queue = Queue::default();
        // How many in the queue are wanted and not hidden; the walk may end when there are none.
        let mut open = HashSet::new();
        for (nodes, mark) in [(tips, WANTED), (hidden, HIDDEN)] {
            for node in nodes {
                *marks.entry(*node).or_default() |= mark;
                queue.push(self, *node);
            }
        }
        open.extend(tips.iter().filter(|node| marks[node] == WANTED));
        let mut found = Vec::new();
        let mut oldest = i64::MAX;
        while let Some(node) = queue.pop() {
            let mark = marks[&node];
            open.remove(&node);
            if mark == WANTED {
                found.push(node);
                oldest = oldest.min(self.time(node));
            } else if open.is_empty()
                && (found.is_empty() || self.time(node) < oldest.saturating_sub(WRONG_CLOCKS))
            {
                break;
            }
            for parent in self.parents(node)?.iter().copied() {
                let marked = marks.entry(parent).or_default();
                // One that was passed already is passed again with its new mark, and so are those behind it.
                if *marked | mark != *marked {
                    *marked |= mark;
                    if *marked == WANTED {
                        open.insert(parent);
                    } else {
                        open.remove(&parent);
                    }
                    queue.push(self, parent);
                }
            }
        }
        let mut seen = HashSet::new();
        found.retain(|node| marks[node] == WANTED && seen.insert(*node));
        Ok(found)
    }

    /// What is in the past of `tip` and was committed at `time` or later, newest first.
    pub(super) fn since(&mut self, tip: Node, time: i64) -> Result<Vec<Node>, GitError> {
        self.newer(tip, time, false)
    }

    /// The same as far as a shallow clone shows it: what came after a commit that is in it lies on this side of its end.
    pub(super) fn shown_since(&mut self, tip: Node, time: i64) -> Result<Vec<Node>, GitError> {
        self.newer(tip, time, true)
    }

    fn newer(&mut self, tip: Node, time: i64, may_end: bool) -> Result<Vec<Node>, GitError> {
        let time = time.saturating_sub(WRONG_CLOCKS);
        let mut seen = HashSet::from([tip]);
        let mut queue = Queue::default();
        queue.push(self, tip);
        let mut found = Vec::new();
        while let Some(node) = queue.pop()
            && self.time(node) >= time
        {
            found.push(node);
            let parents = match self.parents(node) {
                Err(GitError::Shallow(_)) if may_end => continue,
                parents => parents?,
            };
            for parent in parents.iter().copied() {
                if seen.insert(parent) {
                    queue.push(self, parent);
                }
            }
        }
        Ok(found)
    }
}

/// The head of a commit object: tree, parents, and the times of author and committer.
fn parse(id: Oid, data: &[u8]) -> Option<Read> {
    let oid = |hex: &[u8]| Oid::from_str(std::str::from_utf8(hex).ok()?).ok();
    let (mut tree, mut parents, mut written, mut time) = (None, Vec::new(), 0, 0);
    let mut message: &[u8] = &[];
    let mut at = 0;
    for line in data.split(|byte| *byte == b'\n') {
        at += line.len() + 1;
        if line.is_empty() {
            message = data.get(at..).unwrap_or_default();
            break;
        } else if let Some(hex) = line.strip_prefix(b"tree ") {
            tree = Some(oid(hex)?);
        } else if let Some(hex) = line.strip_prefix(b"parent ") {
            parents.push(oid(hex)?);
        } else if let Some(who) = line.strip_prefix(b"author ") {
            written = seconds(who);
        } else if let Some(who) = line.strip_prefix(b"committer ") {
            time = seconds(who);
        }
    }
    Some(Read {
        id,
        tree: tree?,
        time,
        written,
        parents: parents.into(),
        reverts: reverts(message),
        nodes: None,
    })
}

/// What a message says of reverts: `git revert` names the commit, the button of a forge often only its pull request.
fn reverts(message: &[u8]) -> Option<Box<[Oid]>> {
    const NAMES: &[u8] = b"This reverts commit ";
    const LONGEST_NAME: usize = 40;
    let subject = message.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let speaks = memchr::memmem::find(subject, b"evert").is_some();
    let mut named = Vec::new();
    for at in memchr::memmem::find_iter(message, NAMES) {
        let rest = &message[at + NAMES.len()..];
        let id = rest
            .get(..LONGEST_NAME)
            .and_then(|id| std::str::from_utf8(id).ok());
        named.extend(id.and_then(|id| Oid::from_str(id).ok()));
    }
    (speaks || !named.is_empty()).then(|| named.into())
}

/// The time in `Ana <ana@example.com> 1700000000 +0000`; one that cannot be read is as old as can be.
fn seconds(who: &[u8]) -> i64 {
    let word = who.rsplit(|byte| *byte == b' ').nth(1);
    let text = word.and_then(|word| std::str::from_utf8(word).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Commits to be looked at, the newest first; of equally old ones, the one that came first.
#[derive(Default)]
struct Queue {
    heap: BinaryHeap<Entry>,
    count: u64,
}

#[derive(PartialEq, Eq)]
struct Entry {
    time: i64,
    nth: u64,
    node: Node,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.time, other.nth).cmp(&(other.time, self.nth))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Queue {
    fn push(&mut self, graph: &Graph<'_>, node: Node) {
        self.count += 1;
        self.heap.push(Entry {
            time: graph.time(node),
            nth: self.count,
            node,
        });
    }

    fn pop(&mut self) -> Option<Node> {
        self.heap.pop().map(|entry| entry.node)
    }

    fn newest(&self) -> Option<i64> {
        self.heap.peek().map(|entry| entry.time)
    }
}

/// The past of one commit, known as far back as it was asked for.
pub(super) struct Past {
    known: HashSet<Node>,
    /// Those of the known ones whose parents are not known yet.
    edge: Queue,
    doubt: usize,
}

impl Past {
    /// The past of `tip`, of which `tip` itself is a part.
    pub(super) fn of(graph: &Graph<'_>, tip: Node) -> Self {
        let mut edge = Queue::default();
        edge.push(graph, tip);
        Self {
            known: HashSet::from([tip]),
            edge,
            doubt: DOUBT,
        }
    }

    /// Whether `commit` is in this past. It is not if it is unknown and all of the edge lies in its own past: from there no
    /// way leads back to it. Both pasts are walked, the newer end first, until that is so.
    ///
    /// Where main and develop never meet again it may be so at the roots only. There the dates decide: beyond the edge
    /// nothing is newer than the edge. They are believed once some thousand commits more have said nothing else.
    pub(super) fn contains(&mut self, graph: &mut Graph<'_>, commit: Node) -> Result<bool, GitError> {
        let until = graph.time(commit).saturating_sub(WRONG_CLOCKS);
        let mut behind = HashSet::from([commit]);
        let mut walk = Queue::default();
        walk.push(graph, commit);
        let mut aside = Vec::new();
        let mut answer = self.known.contains(&commit);
        while !answer {
            // What lies behind the commit need not be looked at for its sake.
            while let Some(entry) = self.edge.heap.peek()
                && behind.contains(&entry.node)
            {
                aside.extend(self.edge.heap.pop());
            }
            let Some(newest) = self.edge.newest() else { break };
            if newest < until {
                let Some(left) = self.doubt.checked_sub(1) else {
                    break;
                };
                self.doubt = left;
            }
            if walk.newest().is_some_and(|time| time >= newest) {
                if let Some(node) = walk.pop() {
                    for parent in graph.parents(node)?.iter().copied() {
                        if behind.insert(parent) {
                            walk.push(graph, parent);
                        }
                    }
                }
            } else if let Some(node) = self.edge.pop() {
                for parent in graph.parents(node)?.iter().copied() {
                    if self.known.insert(parent) {
                        self.edge.push(graph, parent);
                        answer |= parent == commit;
                    }
                }
            }
        }
        self.edge.heap.extend(aside);
        Ok(answer)
    }
}
