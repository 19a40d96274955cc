//! What lies between two commits: what was committed, and what differs in the end.

use super::commit::Commit;
use super::error::GitError;
use super::graph::Graph;
use super::repository::{GitRepository, find, oid};
use crate::domain::{CommitSha, clean_line};

/// How many files may differ for their lines to be counted, and renames with changes to be looked for.
const COUNTED: usize = 2_000;

/// The size of a file, in bytes, from which its lines are not counted.
const LONG: i64 = 1 << 20;

/// A commit with its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The commit; a merge has several parents.
    pub commit: Commit,
    /// The whole message, harmless to a terminal.
    pub message: String,
}

/// The files that differ between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Each file, by path.
    pub changes: Vec<FileChange>,
    /// Whether the lines were counted. Where more than 2,000 files differ they are not, and only files that moved without
    /// any change are seen as renamed.
    pub is_counted: bool,
}

/// One file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its path, harmless to a terminal; of a removed file, the one that it had.
    pub path: String,
    /// The path that it had before, if it was renamed.
    pub old_path: Option<String>,
    /// What became of it.
    pub kind: FileChangeKind,
    /// How many lines came; none of a binary file or one longer than 1 MiB.
    pub added: usize,
    /// How many lines went.
    pub removed: usize,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its content is another one.
    Changed,
    /// It has another path, and perhaps other content.
    Renamed,
    /// The same content may be executed now, or no longer.
    Mode,
    /// It became something else: a file a symbolic link, or the other way round.
    Type,
    /// Another commit of a submodule, or a submodule that came or went.
    Submodule,
}

impl GitRepository {
    /// The commits that are in the past of `to` and not in that of `from`, newest first, merges among them; at most
    /// `limit` of them, with how many there are in all.
    pub fn changes(
        &self,
        from: &CommitSha,
        to: &CommitSha,
        limit: usize,
    ) -> Result<(Vec<Change>, usize), GitError> {
        self.listed(Some(from), to, limit)
    }

    /// As [`GitRepository::changes`], of everything in the past of `to`.
    pub fn all_changes(&self, to: &CommitSha, limit: usize) -> Result<(Vec<Change>, usize), GitError> {
        self.listed(None, to, limit)
    }

    fn listed(
        &self,
        from: Option<&CommitSha>,
        to: &CommitSha,
        limit: usize,
    ) -> Result<(Vec<Change>, usize), GitError> {
        self.with(|git| {
            let ids = between(git, from, to)?;
            let changes = ids.iter().take(limit).map(|id| {
                let commit = git
                    .find_commit(*id)
                    .map_err(GitError::library("read the history"))?;
                Ok(Change {
                    commit: Commit::of(&commit)?,
                    message: Commit::message(&commit),
                })
            });
            Ok((changes.collect::<Result<_, GitError>>()?, ids.len()))
        })
    }

    /// What differs between the trees of two commits, by path. `folders` restricts it to these (a service's); none are all.
    pub fn files(&self, from: &CommitSha, to: &CommitSha, folders: &[String]) -> Result<Files, GitError> {
        self.with(|git| {
            let fail = GitError::library("compare two commits");
            let (old, new) = (
                find(git, from)?.tree().map_err(&fail)?,
                find(git, to)?.tree().map_err(&fail)?,
            );
            let mut options = git2::DiffOptions::new();
            options
                .context_lines(0)
                .max_size(LONG)
                .include_typechange(true)
                .disable_pathspec_match(true);
            // The whole repository is also written `.`.
            if !folders.iter().any(|folder| folder.is_empty() || folder == ".") {
                for folder in folders {
                    options.pathspec(folder.trim_start_matches("./"));
                }
            }
            let mut diff = git
                .diff_tree_to_tree(Some(&old), Some(&new), Some(&mut options))
                .map_err(&fail)?;
            let is_counted = diff.deltas().len() <= COUNTED;
            let mut renames = git2::DiffFindOptions::new();
            renames.renames(true).exact_match_only(!is_counted);
            diff.find_similar(Some(&mut renames)).map_err(&fail)?;
            let mut changes = Vec::with_capacity(diff.deltas().len());
            for (nth, delta) in diff.deltas().enumerate() {
                let Some(kind) = kind(&delta) else { continue };
                let (added, removed) = if is_counted && kind != FileChangeKind::Submodule {
                    lines(&diff, nth)?
                } else {
                    (0, 0)
                };
                let (old, new) = (path(&delta.old_file()), path(&delta.new_file()));
                changes.push(FileChange {
                    old_path: (kind == FileChangeKind::Renamed).then_some(old),
                    path: new,
                    kind,
                    added,
                    removed,
                });
            }
            changes.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(Files { changes, is_counted })
        })
    }
}

/// The commits that are in the past of `to` and not in that of `from`, newest first.
pub(super) fn between(
    git: &git2::Repository,
    from: Option<&CommitSha>,
    to: &CommitSha,
) -> Result<Vec<git2::Oid>, GitError> {
    let mut graph = Graph::new(git)?;
    let to = graph.node(oid(to)?)?;
    let from = from.map(|from| graph.node(oid(from)?)).transpose()?;
    let hidden: Vec<_> = from.into_iter().collect();
    let found = graph.beyond(&[to], &hidden)?;
    Ok(found.into_iter().map(|node| graph.id(node)).collect())
}

fn kind(delta: &git2::DiffDelta<'_>) -> Option<FileChangeKind> {
    let (old, new) = (delta.old_file(), delta.new_file());
    if [old.mode(), new.mode()].contains(&git2::FileMode::Commit) {
        return Some(FileChangeKind::Submodule);
    }
    Some(match delta.status() {
        git2::Delta::Added | git2::Delta::Copied => FileChangeKind::Added,
        git2::Delta::Deleted => FileChangeKind::Removed,
        git2::Delta::Modified if old.id() == new.id() => FileChangeKind::Mode,
        git2::Delta::Modified => FileChangeKind::Changed,
        git2::Delta::Renamed => FileChangeKind::Renamed,
        git2::Delta::Typechange => FileChangeKind::Type,
        _ => return None,
    })
}

fn lines(diff: &git2::Diff<'_>, nth: usize) -> Result<(usize, usize), GitError> {
    let fail = GitError::library("count lines");
    let Some(patch) = git2::Patch::from_diff(diff, nth).map_err(&fail)? else {
        return Ok((0, 0));
    };
    let (_, added, removed) = patch.line_stats().map_err(&fail)?;
    Ok((added, removed))
}

fn path(file: &git2::DiffFile<'_>) -> String {
    clean_line(&String::from_utf8_lossy(file.path_bytes().unwrap_or_default()))
}
