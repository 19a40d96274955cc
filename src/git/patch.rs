//! What a commit changes, and what makes two changes the same one: the text of the patch, wherever in a file it applies.
//!
//! As `git patch-id` sees it: lines with their surroundings, without their numbers and without white space; of a binary file
//! its content. The patches are made of the files alone, because libgit2 asks the attributes of every path for one of a
//! repository, which costs more than the patch.

use git2::{ObjectType, Oid};
use sha2::{Digest as _, Sha256};

use super::error::GitError;

/// The paths that differ between two trees, in their order.
pub(super) type Paths = Vec<Vec<u8>>;

/// A patch by what it does: two with the same identity are the same change.
pub(super) type PatchId = [u8; 32];

/// What a path is on one side.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    mode: i32,
    id: Oid,
}

/// A path that differs between two trees.
struct Changed {
    path: Vec<u8>,
    old: Option<Entry>,
    new: Option<Entry>,
}

/// The paths that differ between two trees. Only names and identities are compared, and only where two folders differ.
pub(super) fn paths(git: &git2::Repository, old: Option<Oid>, new: Oid) -> Result<Paths, GitError> {
    let changed = changed(git, old, new)?;
    Ok(changed.into_iter().map(|changed| changed.path).collect())
}

/// The identity of the patch between two trees.
pub(super) fn patch(git: &git2::Repository, old: Option<Oid>, new: Oid) -> Result<PatchId, GitError> {
    let mut hash = Sha256::new();
    for changed in changed(git, old, new)? {
        hash.update(&changed.path);
        for side in [changed.old, changed.new] {
            hash.update([0]);
            hash.update(side.map_or(0, |entry| entry.mode).to_le_bytes());
        }
        text(git, &changed, &mut hash).map_err(GitError::library("compare patches"))?;
    }
    Ok(hash.finalize().into())
}

fn text(git: &git2::Repository, changed: &Changed, hash: &mut Sha256) -> Result<(), git2::Error> {
    let blob = |side: Option<Entry>| side.map(|entry| git.find_blob(entry.id)).transpose();
    let is_file =
        |side: Option<Entry>| side.is_none_or(|entry| entry.mode != i32::from(git2::FileMode::Commit));
    let files = if is_file(changed.old) && is_file(changed.new) {
        let (old, new) = (blob(changed.old)?, blob(changed.new)?);
        let is_binary = [&old, &new].into_iter().flatten().any(git2::Blob::is_binary);
        (!is_binary).then_some((old, new))
    } else {
        None
    };
    // Of a binary file and of a submodule the whole counts.
    let Some((old, new)) = files else {
        for side in [changed.old, changed.new].into_iter().flatten() {
            hash.update(side.id.as_bytes());
        }
        return Ok(());
    };
    let content = |blob: &Option<git2::Blob<'_>>| {
        blob.as_ref()
            .map_or_else(Vec::new, |blob| blob.content().to_vec())
    };
    let (old, new) = (content(&old), content(&new));
    let patch = git2::Patch::from_buffers(&old, None, &new, None, None)?;
    for hunk in 0..patch.num_hunks() {
        for line in 0..patch.num_lines_in_hunk(hunk)? {
            let line = patch.line_in_hunk(hunk, line)?;
            // The others tell that a file does not end with a line break, which is white space.
            if !matches!(line.origin(), ' ' | '+' | '-') {
                continue;
            }
            hash.update([line.origin() as u8]);
            for word in line.content().split(u8::is_ascii_whitespace) {
                hash.update(word);
            }
        }
    }
    Ok(())
}

fn changed(git: &git2::Repository, old: Option<Oid>, new: Oid) -> Result<Vec<Changed>, GitError> {
    let fail = GitError::library("read a commit's changes");
    let tree = |id| git.find_tree(id).map_err(&fail);
    let (old, new) = (old.map(tree).transpose()?, tree(new)?);
    let mut found = Vec::new();
    differ(git, old.as_ref(), Some(&new), &[], &mut found).map_err(&fail)?;
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn differ(
    git: &git2::Repository,
    old: Option<&git2::Tree<'_>>,
    new: Option<&git2::Tree<'_>>,
    folder: &[u8],
    found: &mut Vec<Changed>,
) -> Result<(), git2::Error> {
    for (here, there, is_new) in [(new, old, true), (old, new, false)] {
        for entry in here.into_iter().flatten() {
            let other = there.and_then(|there| there.get_name_bytes(entry.name_bytes()));
            let is_same = other
                .as_ref()
                .is_some_and(|other| other.id() == entry.id() && other.filemode() == entry.filemode());
            // What both have is looked at once.
            if is_same || (other.is_some() && !is_new) {
                continue;
            }
            let (before, after) = if is_new {
                (other, Some(entry))
            } else {
                (Some(entry), None)
            };
            let name = [&before, &after].into_iter().flatten().next();
            let mut path = folder.to_vec();
            path.extend_from_slice(name.map_or(&[][..], |entry| entry.name_bytes()));
            let is_tree = |entry: &&git2::TreeEntry<'_>| entry.kind() == Some(ObjectType::Tree);
            let tree = |entry: &Option<git2::TreeEntry<'_>>| {
                entry
                    .as_ref()
                    .filter(is_tree)
                    .map(|entry| git.find_tree(entry.id()))
                    .transpose()
            };
            let (old, new) = (tree(&before)?, tree(&after)?);
            if old.is_some() || new.is_some() {
                let below = [path.as_slice(), b"/"].concat();
                differ(git, old.as_ref(), new.as_ref(), &below, found)?;
            }
            let file = |entry: &Option<git2::TreeEntry<'_>>| {
                entry.as_ref().filter(|entry| !is_tree(entry)).map(|entry| Entry {
                    mode: entry.filemode(),
                    id: entry.id(),
                })
            };
            let (old, new) = (file(&before), file(&after));
            if old.is_some() || new.is_some() {
                found.push(Changed { path, old, new });
            }
        }
    }
    Ok(())
}
