//! Merges: whether one goes through is known before anything is written, and one that does becomes a commit that no
//! reference, index or working tree knows of yet.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::conflict::Conflict;
use super::conflicts;
use super::error::GitError;
use super::merge_tree::{self, Merged, Objects};
use super::program::{self, Asked};
use super::repository::{GitRepository, oid};
use crate::domain::{CommitSha, WriteAccess};

/// Whoever signs may have to type the password of a key or to touch one.
pub(super) const SIGNING: Duration = Duration::from_mins(2);

/// How many files that came and went are compared with one another to find the renamed ones among them.
const RENAMES: u32 = 1000;

/// What merging one commit into another comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// `theirs` is `ours` or in its past: there is nothing to merge.
    Already,
    /// It goes through without a conflict.
    Clean,
    /// A person has to decide, in these files.
    Conflicts(Vec<Conflict>),
}

impl GitRepository {
    /// What merging `theirs` into `ours` comes to, as `git merge` would make it. Nothing at all is written, no object either.
    pub fn try_merge(&self, ours: &CommitSha, theirs: &CommitSha) -> Result<Merge, GitError> {
        self.merge(ours, theirs, Objects::Forget).map(|(merge, _)| merge)
    }

    /// The merge, with the tree of one that goes through.
    fn merge(
        &self,
        ours: &CommitSha,
        theirs: &CommitSha,
        objects: Objects,
    ) -> Result<(Merge, Option<String>), GitError> {
        let git = self.apart()?;
        for commit in [ours, theirs] {
            git.find_commit(oid(commit)?)
                .map_err(|_| GitError::unreadable(&git, commit))?;
        }
        if bases(&git, ours, theirs)?.contains(&oid(theirs)?) {
            return Ok((Merge::Already, None));
        }
        match merge_tree::merge(&git, ours, theirs, objects)? {
            Merged::Clean(tree) => Ok((Merge::Clean, Some(tree))),
            Merged::Conflicts(paths) => {
                // libgit2 stores each file that it merges; here they go no further than memory.
                let odb = git.odb().map_err(GitError::library("open its objects"))?;
                odb.add_new_mempack_backend(1000)
                    .map_err(GitError::library("merge in memory"))?;
                let known = described(&git, ours, theirs).map_err(|error| error.in_repository(&git))?;
                Ok((Merge::Conflicts(conflicts::joined(known, paths)), None))
            }
        }
    }

    /// The merge of `theirs` into `ours` as a commit with both as its parents, even where the one could just follow the
    /// other; signed where the user's git signs. Only objects are written: no reference, index or working tree changes.
    pub async fn merge_commit(
        &self,
        ours: &CommitSha,
        theirs: &CommitSha,
        message: &str,
        _access: WriteAccess,
    ) -> Result<CommitSha, GitError> {
        let (ours_name, theirs_name) = (ours.short().to_owned(), theirs.short().to_owned());
        // One that does not go through leaves nothing: it is tried before its objects are kept.
        let (merge, tree) = match self.merge(ours, theirs, Objects::Forget)? {
            (Merge::Clean, _) => self.merge(ours, theirs, Objects::Keep)?,
            other => other,
        };
        match merge {
            Merge::Clean => {}
            Merge::Already => {
                return Err(GitError::NothingToMerge {
                    ours: ours_name,
                    theirs: theirs_name,
                });
            }
            Merge::Conflicts(conflicts) => {
                return Err(GitError::Conflicts {
                    ours: ours_name,
                    theirs: theirs_name,
                    conflicts,
                });
            }
        }
        let tree = tree.ok_or_else(|| GitError::Program {
            action: "merge-tree",
            why: "it returned no tree".to_owned(),
        })?;
        self.commit_tree(&tree, &[ours, theirs], message, &[]).await
    }

    /// A commit of `tree`, by whom and signed as the user's git has it with these settings; no reference knows of it yet.
    pub(super) async fn commit_tree(
        &self,
        tree: &str,
        parents: &[&CommitSha],
        message: &str,
        settings: &[String],
    ) -> Result<CommitSha, GitError> {
        let mut arguments = vec![
            // The message is UTF-8, whatever the user writes in.
            "-c",
            "i18n.commitEncoding=UTF-8",
        ];
        for setting in settings {
            arguments.extend(["-c", setting]);
        }
        arguments.extend(["commit-tree", "-F", "-"]);
        for parent in parents {
            arguments.extend(["-p", parent.as_str()]);
        }
        let signs = self.setting("commit.gpgSign").await?;
        if signs {
            arguments.push("-S");
        }
        arguments.push(tree);
        let asked = Asked {
            action: "commit-tree",
            patience: SIGNING,
            input: Some(message),
        };
        let answer = program::ask(program::git(self.root()), &arguments, asked).await?;
        if !answer.success {
            return Err(GitError::of_writing("commit-tree", &answer.err, signs));
        }
        answer.out.trim().parse().map_err(|_| GitError::Program {
            action: "commit-tree",
            why: "it returned no commit".to_owned(),
        })
    }

    /// Whether a setting of git is on, as the `git` program sees it: libgit2 knows neither all files that it may be set
    /// in nor the environment.
    pub(super) async fn setting(&self, name: &'static str) -> Result<bool, GitError> {
        let asked = Asked {
            action: "config",
            patience: super::remote::ASKING,
            input: None,
        };
        let arguments = ["config", "--type=bool", "--get", name];
        let answer = program::ask(program::git(self.root()), &arguments, asked).await?;
        // It ends with a failure and no complaint where nothing is set.
        if !answer.success && !answer.err.trim().is_empty() {
            return Err(GitError::of_writing("config", &answer.err, false));
        }
        Ok(answer.out.trim() == "true")
    }
}

/// The conflicts as libgit2 sees them, which tells more of each than git does; it may see fewer or others.
fn described(
    git: &git2::Repository,
    ours: &CommitSha,
    theirs: &CommitSha,
) -> Result<Vec<Conflict>, GitError> {
    let fail = GitError::library("merge in memory");
    let read = |sha: &CommitSha| {
        git.find_commit(oid(sha)?)
            .map_err(|_| GitError::Unreadable(sha.clone()))
    };
    let (our_commit, their_commit) = (read(ours)?, read(theirs)?);
    // How a file is to be merged is said by the attributes of the branch that is merged into.
    let mut attributes = git2::Index::new().map_err(&fail)?;
    let our_tree = our_commit.tree().map_err(&fail)?;
    attributes.read_tree(&our_tree).map_err(&fail)?;
    git.set_index(&mut attributes).map_err(&fail)?;
    let mut options = git2::MergeOptions::new();
    options.find_renames(true).target_limit(RENAMES);
    // A merge that libgit2 cannot make is described by git alone.
    let Ok(index) = git.merge_commits(&our_commit, &their_commit, Some(&options)) else {
        return Ok(Vec::new());
    };
    let base = bases(git, ours, theirs)?.first().copied();
    let base = base.and_then(|base| git.find_commit(base).ok());
    let base = base.and_then(|base| base.tree().ok());
    let their_tree = their_commit.tree().map_err(&fail)?;
    conflicts::all(git, &index, base.as_ref(), [&our_tree, &their_tree])
}

/// The commits from which both went apart. That there are none, or that they cannot be known, is an error: what a merge
/// takes for new would be all of both sides.
fn bases(git: &git2::Repository, ours: &CommitSha, theirs: &CommitSha) -> Result<Vec<git2::Oid>, GitError> {
    let fail = GitError::library("compare two commits");
    let (ours_name, theirs_name) = (ours.short().to_owned(), theirs.short().to_owned());
    let cut_off = || GitError::CutOff {
        ours: ours_name.clone(),
        theirs: theirs_name.clone(),
    };
    let (ours, theirs) = (oid(ours)?, oid(theirs)?);
    let bases = match git.merge_bases(ours, theirs) {
        Ok(bases) => bases.to_vec(),
        Err(error) if error.code() == git2::ErrorCode::NotFound => {
            return Err(if git.is_shallow() {
                cut_off()
            } else {
                GitError::Unrelated {
                    ours: ours_name,
                    theirs: theirs_name,
                }
            });
        }
        Err(error) => return Err(fail(error)),
    };
    if git.is_shallow() && !bases.contains(&theirs) {
        let ends = ends(git.commondir());
        let mut walk = git.revwalk().map_err(&fail)?;
        walk.push(ours).map_err(&fail)?;
        walk.push(theirs).map_err(&fail)?;
        for base in &bases {
            walk.hide(*base).map_err(&fail)?;
        }
        // What lies behind an end may be in both histories, and nearer than what was found.
        for id in walk {
            if ends.contains(&id.map_err(&fail)?) {
                return Err(cut_off());
            }
        }
    }
    Ok(bases)
}

/// The commits of a shallow clone whose parents are left out.
fn ends(folder: &Path) -> HashSet<git2::Oid> {
    let file: PathBuf = folder.join("shallow");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .filter_map(|line| git2::Oid::from_str(line.trim()).ok())
        .collect()
}
