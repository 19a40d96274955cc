//! Which branch a commit lies on, and what came to it after that commit: by the first parents, as builds see a branch.

use std::collections::{HashMap, HashSet};

use semver::Version;

use super::branches::named;
use super::commit::name;
use super::error::GitError;
use super::graph::{Graph, Node, Past, WRONG_CLOCKS};
use super::repository::{GitRepository, oid};
use crate::domain::{BranchName, BranchTemplate, CommitSha, version_of_tag};

/// More commits than any release or hotfix has.
const MOST: usize = 1_000;
/// More commits than the first line of any branch has.
const LONGEST: usize = 200_000;

/// How the branches of a repository are called.
#[derive(Debug, Clone)]
pub struct Names {
    /// The remote whose branches count beside the local ones.
    pub remote: String,
    /// The branch that candidates come from.
    pub develop: BranchName,
    /// The branch that releases end in.
    pub main: BranchName,
    /// Release branches.
    pub release: BranchTemplate,
    /// Hotfix branches.
    pub hotfix: BranchTemplate,
}

/// A release branch that a commit lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseLine {
    /// The branch.
    pub branch: String,
    /// What came to it after the commit, the newest first; nothing where the commit is its head.
    pub newer: Vec<CommitSha>,
}

impl GitRepository {
    /// The open release branches that `commit` lies on, between their cut and their head. One that has come into the main
    /// branch is over. A branch that is here and at the remote at different commits is told for both.
    pub fn open_releases_of(&self, commit: &CommitSha, names: &Names) -> Result<Vec<ReleaseLine>, GitError> {
        self.with(|git| {
            let commit = oid(commit)?;
            let mut pasts = Pasts::new(git)?;
            let mains = heads(git, &names.remote, names.main.as_str());
            let mut found = Vec::new();
            for (branch, short) in named(git, &names.remote) {
                let (Some(values), Ok(head)) = (names.release.parse_back(&short), branch.peel_to_commit())
                else {
                    continue;
                };
                let head = head.id();
                if !pasts.reaches(head, commit) || mains.iter().any(|main| pasts.reaches(*main, head)) {
                    continue;
                }
                let line: Vec<_> = line(git, head).take(MOST).collect();
                let Some(at) = line.iter().position(|one| *one == commit) else {
                    continue;
                };
                let cut = if let Some(cut) = &values.short {
                    line.iter().position(|one| one.to_string().starts_with(cut))
                } else {
                    let develop = heads(git, &names.remote, names.develop.as_str());
                    let trunk: HashSet<_> = develop
                        .iter()
                        .flat_map(|head| self::line(git, *head).take(LONGEST))
                        .collect();
                    line.iter().position(|one| trunk.contains(one))
                };
                if cut.is_some_and(|cut| at <= cut) {
                    let newer = line[..at].iter().map(|one| name(*one));
                    found.push(ReleaseLine {
                        branch: crate::domain::clean_line(&short),
                        newer: newer.collect::<Result<_, _>>()?,
                    });
                }
            }
            found.dedup();
            Ok(found)
        })
    }

    /// The commit that a release or a hotfix stands for, named by its branch or its version: the one that its tag is on, or
    /// the head of its branch while it has none. A tag on the merge into main stands for what was merged, because nothing
    /// is built from a merge.
    pub fn release_named(
        &self,
        text: &str,
        names: &Names,
        released: &[(Version, CommitSha)],
    ) -> Result<Option<CommitSha>, GitError> {
        let version = version_of_tag(text);
        let of_branch = |branch: &str| {
            let values = names.release.parse_back(branch);
            values.or_else(|| names.hotfix.parse_back(branch))
        };
        if version.is_none() && of_branch(text).is_none() {
            return Ok(None);
        }
        let branches = self.branches(&names.remote)?;
        let is_named = |branch: &str| {
            branch == text
                || version.is_some() && of_branch(branch).is_some_and(|values| values.version == version)
        };
        let head = branches.into_iter().find(|(branch, _)| is_named(branch));
        let head = head.map(|(_, head)| head);
        let Some(version) = &version else { return Ok(head) };
        let tagged = released.iter().find(|(known, _)| known == version);
        let tagged = tagged.and_then(|(_, at)| self.commit(at.as_str()).ok());
        let Some(tagged) = tagged else { return Ok(head) };
        let merged = self.commit(&format!("{}^2", tagged.sha)).ok();
        Ok(Some(match (merged, head) {
            (Some(merged), Some(head)) if merged.sha == head => head,
            _ => tagged.sha,
        }))
    }

    /// Where each of some branches left `trunk`: the newest commit of its first line that is in the past of `trunk`, or,
    /// if it was merged there, of what `trunk` was before that; none where there is none among its last 1,000.
    pub fn origins(
        &self,
        heads: &[CommitSha],
        trunk: &CommitSha,
    ) -> Result<Vec<Option<CommitSha>>, GitError> {
        self.with(|git| {
            let mut graph = Graph::new(git)?;
            let tip = graph.node(oid(trunk)?)?;
            let mut past = Past::of(&graph, tip);
            let mut nodes = Vec::with_capacity(heads.len());
            let mut merged = HashSet::new();
            for head in heads {
                let node = graph.node(oid(head)?)?;
                if past.contains(&mut graph, node)? {
                    merged.insert(node);
                }
                nodes.push(node);
            }
            let before = before_merges(&mut graph, tip, &merged)?;
            let mut origins = Vec::with_capacity(heads.len());
            for head in nodes {
                let origin = match before.get(&head) {
                    Some(before) => {
                        let mut past = Past::of(&graph, *before);
                        leaves(&mut graph, &mut past, head)?
                    }
                    None => leaves(&mut graph, &mut past, head)?,
                };
                origins.push(origin.map(|node| graph.sha(node)).transpose()?);
            }
            Ok(origins)
        })
    }

    /// The commits that were made on a branch since `origin`, newest first: those of its first line, so that what was
    /// merged into it is not its own. None where that line does not lead to `origin`.
    pub fn made_since(
        &self,
        origin: &CommitSha,
        head: &CommitSha,
    ) -> Result<Option<Vec<CommitSha>>, GitError> {
        self.with(|git| {
            let origin = oid(origin)?;
            let mut made = Vec::new();
            for commit in line(git, oid(head)?).take(MOST) {
                if commit == origin {
                    return Ok(Some(made));
                }
                made.push(name(commit)?);
            }
            Ok(None)
        })
    }

    /// The hotfix branch that `commit` was made on, if there is one: it lies on its first line, and on that of no other
    /// branch. That it was merged elsewhere since changes nothing, because a merge does not put it on their first line.
    pub fn hotfix_of(
        &self,
        commit: &CommitSha,
        names: &Names,
        released: &[(Version, CommitSha)],
    ) -> Result<Option<String>, GitError> {
        self.with(|git| {
            let commit = oid(commit)?;
            let mut pasts = Pasts::new(git)?;
            let mut found = None;
            for (branch, short) in named(git, &names.remote) {
                let Ok(head) = branch.peel_to_commit() else {
                    continue;
                };
                let head = head.id();
                let hotfix = names.hotfix.parse_back(&short);
                let is_hotfix = hotfix.is_some();
                let is_elsewhere = short == names.develop.as_str()
                    || short == names.main.as_str()
                    || names.release.parse_back(&short).is_some();
                if !(is_hotfix || is_elsewhere) || !pasts.reaches(head, commit) {
                    continue;
                }
                let most = if is_hotfix { MOST } else { LONGEST };
                if !line(git, head).take(most).any(|one| one == commit) {
                    continue;
                }
                // What an earlier version has already is what the branch began with.
                let version = hotfix.and_then(|values| values.version);
                let is_older = version.is_some_and(|version| {
                    let mut earlier = released.iter().filter(|(known, _)| *known < version);
                    earlier.any(|(_, at)| oid(at).is_ok_and(|at| pasts.reaches(at, commit)))
                });
                if is_elsewhere || is_older {
                    return Ok(None);
                }
                found.get_or_insert_with(|| crate::domain::clean_line(&short));
            }
            Ok(found)
        })
    }

    /// The versions that commits have by tags, releases and hotfixes, with the first seven characters of each commit. A tag
    /// on a merge is that of what was merged, too: there a finished release has it. A hotfix that was only begun is at a
    /// commit of another version, and has none of its own yet.
    pub fn versions(
        &self,
        names: &Names,
        released: &[(Version, CommitSha)],
    ) -> Result<Vec<(Version, String)>, GitError> {
        let branches = self.branches(&names.remote)?;
        self.with(|git| {
            let mut found = Vec::new();
            for (version, at) in released {
                let Ok(commit) = git.find_commit(oid(at)?) else {
                    // A tag of the remote whose commit is not here is still the version of that commit.
                    found.push((version.clone(), at.short().to_owned()));
                    continue;
                };
                let merged = commit.parent_ids().skip(1);
                let commits = std::iter::once(commit.id()).chain(merged);
                found.extend(commits.map(|id| (version.clone(), id.to_string()[..7].to_owned())));
            }
            let of = |template: &BranchTemplate, branch: &str| {
                let values = template.parse_back(branch)?;
                Some((values.version?, values.short))
            };
            for (branch, head) in &branches {
                if let Some((version, cut)) = of(&names.release, branch) {
                    found.extend(cut.map(|cut| (version.clone(), cut)));
                    found.push((version, head.short().to_owned()));
                }
            }
            for (branch, head) in &branches {
                if let Some((version, _)) = of(&names.hotfix, branch)
                    && !found.iter().any(|(_, known)| known == head.short())
                {
                    found.push((version, head.short().to_owned()));
                }
            }
            Ok(found)
        })
    }
}

/// What was there before each of `merged` was merged into the past of `tip`; nothing of those that it was moved on to.
fn before_merges(
    graph: &mut Graph<'_>,
    tip: Node,
    merged: &HashSet<Node>,
) -> Result<HashMap<Node, Node>, GitError> {
    let mut before = HashMap::new();
    let Some(oldest) = merged.iter().map(|node| graph.time(*node)).min() else {
        return Ok(before);
    };
    for node in graph.since(tip, oldest)? {
        let parents = graph.parents(node)?;
        let Some((first, others)) = parents.split_first() else {
            continue;
        };
        for head in others.iter().filter(|head| merged.contains(head)) {
            // It may have been merged into several branches that came together since; what had it already tells nothing.
            if !before.contains_key(head) && !Past::of(graph, *first).contains(graph, *head)? {
                before.insert(*head, *first);
            }
        }
    }
    Ok(before)
}

/// The newest commit on the first line of `head` that is in `past`.
fn leaves(graph: &mut Graph<'_>, past: &mut Past, head: Node) -> Result<Option<Node>, GitError> {
    let mut at = Some(head);
    for _ in 0..MOST {
        let Some(node) = at else { break };
        if past.contains(graph, node)? {
            return Ok(Some(node));
        }
        at = graph.parents(node)?.first().copied();
    }
    Ok(None)
}

/// Where a branch is, here and at the remote.
fn heads(git: &git2::Repository, remote: &str, branch: &str) -> Vec<git2::Oid> {
    [
        format!("refs/heads/{branch}"),
        format!("refs/remotes/{remote}/{branch}"),
    ]
    .iter()
    .filter_map(|reference| Some(git.find_reference(reference).ok()?.peel_to_commit().ok()?.id()))
    .collect()
}

/// The first line of a branch from `head` down. In a shallow clone it ends where the past does.
fn line(git: &git2::Repository, head: git2::Oid) -> impl Iterator<Item = git2::Oid> {
    let parent = |id: &git2::Oid| git.find_commit(*id).ok()?.parent_id(0).ok();
    std::iter::successors(Some(head), parent)
}

/// Questions about the pasts of several commits, each of which is walked once.
struct Pasts<'a> {
    graph: Graph<'a>,
    of: HashMap<git2::Oid, Past>,
}

impl<'a> Pasts<'a> {
    fn new(git: &'a git2::Repository) -> Result<Self, GitError> {
        Ok(Self {
            graph: Graph::new(git)?,
            of: HashMap::new(),
        })
    }

    /// Whether `ancestor` is `commit` or in its past. What a shallow clone does not show is taken not to be: the commits
    /// that it does have are those that it was made for.
    fn reaches(&mut self, commit: git2::Oid, ancestor: git2::Oid) -> bool {
        commit == ancestor || self.asked(commit, ancestor).unwrap_or(false)
    }

    fn asked(&mut self, commit: git2::Oid, ancestor: git2::Oid) -> Result<bool, GitError> {
        let (tip, wanted) = (self.graph.node(commit)?, self.graph.node(ancestor)?);
        // Of a thousand old branches none needs to be walked for a commit of today.
        if self.graph.time(tip).saturating_add(WRONG_CLOCKS) < self.graph.time(wanted) {
            return Ok(false);
        }
        let past = self
            .of
            .entry(commit)
            .or_insert_with(|| Past::of(&self.graph, tip));
        past.contains(&mut self.graph, wanted)
    }
}
