//! Merges as `git merge` makes them, by `git merge-tree`: with the merge drivers, the directory renames and the
//! renormalisation that the repository and the user's settings ask for. It runs in an empty folder of its own, in which only
//! the attributes of the branch that is merged into lie, as if that branch were checked out.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::complaint::words;
use super::error::GitError;
use super::program;
use crate::domain::{CommitSha, clean_line};

/// A merge driver may be slow; one that never ends is stopped.
const LONGEST: Duration = Duration::from_mins(2);
/// How often a merge is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(2);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Merged {
    /// The tree, by its name.
    Clean(String),
    /// The paths in conflict, each with git's name of the kind: `file location`, `contents`.
    Conflicts(BTreeMap<String, Option<String>>),
}

/// Where the objects that a merge makes go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Objects {
    /// Into the repository.
    Keep,
    /// Nowhere: it is only tried.
    Forget,
}

/// Merges `theirs` into `ours`.
pub(super) fn merge(
    git: &git2::Repository,
    ours: &CommitSha,
    theirs: &CommitSha,
    objects: Objects,
) -> Result<Merged, GitError> {
    let fail = |error: std::io::Error| GitError::Program {
        action: "merge-tree",
        why: error.to_string(),
    };
    let scratch = tempfile::tempdir().map_err(fail)?;
    let folder = scratch.path().join("tree");
    std::fs::create_dir(&folder).map_err(fail)?;
    let tree = git
        .find_commit(super::repository::oid(ours)?)
        .and_then(|commit| commit.tree())
        .map_err(|error| GitError::missing_or(git, "read the branch that is merged into", &error))?;
    attributes(git, &tree, &folder)?;
    let mut command = program::git(&folder);
    command
        .env("GIT_DIR", git.path())
        .env("GIT_WORK_TREE", &folder)
        .env("GIT_INDEX_FILE", scratch.path().join("index"));
    if objects == Objects::Forget {
        let made = scratch.path().join("objects");
        std::fs::create_dir(&made).map_err(fail)?;
        command.env("GIT_OBJECT_DIRECTORY", made).env(
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            quoted(&git.commondir().join("objects")),
        );
    }
    command.args(["merge-tree", "--write-tree", "-z", "--messages"]);
    command.args([ours.as_str(), theirs.as_str()]);
    let (code, out, err) = run(command)?;
    let parts: Vec<_> = out
        .split(|byte| *byte == 0)
        .map(String::from_utf8_lossy)
        .collect();
    let tree = parts
        .first()
        .map(|tree| tree.trim().to_owned())
        .unwrap_or_default();
    match code {
        Some(0) if !tree.is_empty() => Ok(Merged::Clean(tree)),
        Some(1) if !tree.is_empty() => Ok(Merged::Conflicts(conflicts(&parts[1..]))),
        Some(129) => Err(GitError::OldGit),
        _ => Err(GitError::Program {
            action: "merge-tree",
            why: words(&err),
        }),
    }
}

/// The paths, and what the messages after them say of each.
fn conflicts(parts: &[std::borrow::Cow<'_, str>]) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    let mut rest = parts.iter();
    for part in rest.by_ref().take_while(|part| !part.is_empty()) {
        if let Some((_, path)) = part.split_once('\t') {
            found.entry(clean_line(path)).or_insert(None);
        }
    }
    // Each message: how many paths it has, they, its kind, its text.
    while let Some(count) = rest.next().and_then(|count| count.parse::<usize>().ok()) {
        let paths: Vec<_> = rest.by_ref().take(count).map(|path| clean_line(path)).collect();
        let (Some(kind), Some(_text)) = (rest.next(), rest.next()) else {
            break;
        };
        let Some(kind) = kind
            .strip_prefix("CONFLICT (")
            .and_then(|kind| kind.strip_suffix(')'))
        else {
            continue;
        };
        for path in paths {
            if let Some(known) = found.get_mut(&path) {
                known.get_or_insert_with(|| clean_line(kind));
            }
        }
    }
    found
}

/// Writes the `.gitattributes` of every folder of `tree` into `folder`.
fn attributes(git: &git2::Repository, tree: &git2::Tree<'_>, folder: &Path) -> Result<(), GitError> {
    const NAME: &str = ".gitattributes";
    let fail = |error: git2::Error| GitError::missing_or(git, "read the attributes", &error);
    let mut found = Vec::new();
    tree.walk(git2::TreeWalkMode::PreOrder, |parent, entry| {
        if entry.name_bytes() == NAME.as_bytes() && entry.kind() == Some(git2::ObjectType::Blob) {
            found.push((parent.to_owned(), entry.id()));
        }
        git2::TreeWalkResult::Ok
    })
    .map_err(fail)?;
    for (parent, id) in found {
        // A tree may hold any name; only a plain folder is made.
        let parent = Path::new(&parent);
        let is_plain = parent
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !is_plain {
            continue;
        }
        let blob = git.find_blob(id).map_err(fail)?;
        let place = folder.join(parent);
        std::fs::create_dir_all(&place)
            .and_then(|()| std::fs::write(place.join(NAME), blob.content()))
            .map_err(|error| GitError::Program {
                action: "merge-tree",
                why: error.to_string(),
            })?;
    }
    Ok(())
}

/// Runs it to its end, which is waited for only so long.
fn run(mut command: Command) -> Result<(Option<i32>, Vec<u8>, String), GitError> {
    let mut child = command.spawn().map_err(GitError::NoProgram)?;
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(out) = &mut out {
            let _ = out.read_to_end(&mut text);
        }
        text
    });
    let complaining = std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(err) = &mut err {
            let _ = err.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let until = Instant::now() + LONGEST;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(GitError::NoProgram)? {
            break status;
        }
        if Instant::now() > until {
            let _ = child.kill();
            let _ = child.wait();
            return Err(GitError::Slow {
                action: "merge-tree",
                seconds: LONGEST.as_secs(),
            });
        }
        std::thread::sleep(PAUSE);
    };
    let out = reading.join().unwrap_or_default();
    let err = complaining.join().unwrap_or_default();
    Ok((status.code(), out, err))
}

/// A path as the list of object folders takes it: in quotes where it holds what divides the list.
fn quoted(path: &Path) -> std::ffi::OsString {
    let text = path.to_string_lossy();
    if text.contains([':', '"']) {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\"").into()
    } else {
        path.as_os_str().to_owned()
    }
}
