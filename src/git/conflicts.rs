//! Where two histories contradict each other, by file.

use std::collections::{BTreeMap, BTreeSet};

use super::conflict::{Conflict, ConflictKind};
use super::error::GitError;
use crate::domain::{CommitSha, clean_line};

/// What git calls a submodule in a tree.
const SUBMODULE: u32 = 0o160_000;

/// The conflicts of a merge, in the order of their paths.
pub(super) fn all(
    git: &git2::Repository,
    index: &git2::Index,
    base: Option<&git2::Tree<'_>>,
    [ours, theirs]: [&git2::Tree<'_>; 2],
) -> Result<Vec<Conflict>, GitError> {
    let fail = GitError::library("read the conflicts");
    let mut conflicts = Vec::new();
    for conflict in index.conflicts().map_err(&fail)? {
        let conflict = conflict.map_err(&fail)?;
        let (ancestor, our, their) = (&conflict.ancestor, &conflict.our, &conflict.their);
        let Some(entry) = our.as_ref().or(their.as_ref()).or(ancestor.as_ref()) else {
            continue;
        };
        let both_are = |is: &dyn Fn(&git2::IndexEntry) -> bool| [our, their].into_iter().flatten().any(is);
        let kind = match (ancestor, our, their) {
            (_, Some(_), Some(_)) if both_are(&|entry| entry.mode == SUBMODULE) => ConflictKind::Submodule,
            (None, Some(_), Some(_)) => ConflictKind::BothAdded,
            (Some(_), Some(_), Some(_)) if both_are(&|entry| is_binary(git, entry)) => {
                ConflictKind::BothChangedBinary
            }
            (Some(_), Some(_), Some(_)) => ConflictKind::BothChanged,
            // Half of a rename, told by the other half.
            (Some(was), None, Some(is)) | (Some(was), Some(is), None)
                if (was.id, was.mode) == (is.id, is.mode) =>
            {
                continue;
            }
            (Some(_), None, Some(_)) => ConflictKind::RemovedInOurs,
            (Some(_), Some(_), None) => ConflictKind::RemovedInTheirs,
            (Some(_), None, None) => {
                let renamed = |side| base.and_then(|base| renamed(git, base, side, &entry.path));
                ConflictKind::Renamed {
                    ours: renamed(ours),
                    theirs: renamed(theirs),
                }
            }
            (None, Some(_), None) => ConflictKind::OnlyInOurs,
            (None, None, _) => ConflictKind::OnlyInTheirs,
        };
        conflicts.push(Conflict {
            path: words_of_path(&entry.path),
            kind,
        });
    }
    // What was renamed is told once, by its old name.
    let names = |conflict: &Conflict| match &conflict.kind {
        ConflictKind::Renamed { ours, theirs } => [ours.clone(), theirs.clone()],
        _ => [None, None],
    };
    let told: Vec<_> = conflicts.iter().flat_map(names).flatten().collect();
    conflicts.retain(|conflict| {
        let is_half = matches!(
            conflict.kind,
            ConflictKind::OnlyInOurs | ConflictKind::OnlyInTheirs
        );
        !(is_half && told.contains(&conflict.path))
    });
    conflicts.sort();
    conflicts.dedup();
    Ok(conflicts)
}

/// Where a file and a folder have one name, git puts the file beside it, under the name of its commit: `a~6417ef6…`.
fn without_commit(path: &str) -> &str {
    match path.rsplit_once('~') {
        Some((path, commit)) if commit.parse::<CommitSha>().is_ok() => path,
        _ => path,
    }
}

/// The conflicts that git found, told in the words of `known` where it has any for them.
pub(super) fn joined(known: Vec<Conflict>, found: BTreeMap<String, Option<String>>) -> Vec<Conflict> {
    let found: BTreeMap<_, _> = found
        .into_iter()
        .map(|(path, kind)| (without_commit(&path).to_owned(), kind))
        .collect();
    let names = |conflict: &Conflict| match &conflict.kind {
        ConflictKind::Renamed { ours, theirs } => [ours.clone(), theirs.clone()],
        _ => [None, None],
    };
    let mut joined: Vec<_> = known
        .into_iter()
        .filter(|conflict| {
            let mut paths = names(conflict)
                .into_iter()
                .flatten()
                .chain([conflict.path.clone()]);
            paths.any(|path| found.contains_key(&path))
        })
        .collect();
    let told: BTreeSet<_> = joined
        .iter()
        .flat_map(|conflict| {
            names(conflict)
                .into_iter()
                .flatten()
                .chain([conflict.path.clone()])
        })
        .collect();
    joined.extend(
        found
            .into_iter()
            .filter(|(path, _)| !told.contains(path))
            .map(|(path, kind)| Conflict {
                path,
                kind: ConflictKind::Other(kind.unwrap_or_else(|| "contents".to_owned())),
            }),
    );
    joined.sort();
    joined
}

/// Where `side` has the file that `base` has at `path`, if it has another name there.
fn renamed(
    git: &git2::Repository,
    base: &git2::Tree<'_>,
    side: &git2::Tree<'_>,
    path: &[u8],
) -> Option<String> {
    let mut diff = git.diff_tree_to_tree(Some(base), Some(side), None).ok()?;
    let mut options = git2::DiffFindOptions::new();
    diff.find_similar(Some(options.renames(true))).ok()?;
    let delta = diff.deltas().find(|delta| {
        delta.status() == git2::Delta::Renamed && delta.old_file().path_bytes() == Some(path)
    })?;
    delta.new_file().path_bytes().map(words_of_path)
}

fn is_binary(git: &git2::Repository, entry: &git2::IndexEntry) -> bool {
    git.find_blob(entry.id).is_ok_and(|blob| blob.is_binary())
}

fn words_of_path(path: &[u8]) -> String {
    clean_line(&String::from_utf8_lossy(path))
}
