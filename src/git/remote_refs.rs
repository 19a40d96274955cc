//! What a remote has at this moment: its branches and tags as it names them itself, and their objects on this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use super::complaint::words;
use super::error::GitError;
use super::program::Answer;
use super::push::ObjectId;
use super::remote::{ASKING, Remote};
use super::repository::GitRepository;
use crate::domain::{BranchName, CommitSha, WriteAccess};

/// A fetch may bring much.
const FETCHING: Duration = Duration::from_mins(5);

/// The branches and tags of a remote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteView {
    /// Branches by their names, without `refs/heads/`.
    pub branches: BTreeMap<String, CommitSha>,
    /// Tags by their names, without `refs/tags/`.
    pub tags: BTreeMap<String, TagAt>,
}

/// Where a tag is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagAt {
    /// The object that the reference names: the tag itself where it is annotated, else the commit.
    pub object: ObjectId,
    /// What it was put on in the end; as a rule a commit.
    pub commit: CommitSha,
}

impl Remote {
    /// Its branches and tags. One question.
    pub async fn view(&self) -> Result<RemoteView, GitError> {
        let patterns = ["refs/heads/*".to_owned(), "refs/tags/*".to_owned()];
        let mut view = RemoteView::default();
        for (name, object) in self.references(&patterns).await? {
            let Ok(commit) = object.as_str().parse::<CommitSha>() else {
                continue;
            };
            if let Some(branch) = name.strip_prefix("refs/heads/") {
                view.branches.insert(branch.to_owned(), commit);
            } else if let Some(tag) = name.strip_prefix("refs/tags/") {
                // An annotated tag is listed twice: itself, then as `name^{}` what it is on.
                match tag.strip_suffix("^{}") {
                    Some(tag) => {
                        if let Some(at) = view.tags.get_mut(tag) {
                            at.commit = commit;
                        }
                    }
                    None => {
                        view.tags.insert(tag.to_owned(), TagAt { object, commit });
                    }
                }
            }
        }
        Ok(view)
    }

    /// The references there that match one of the patterns, with what they name.
    pub(super) async fn references(&self, patterns: &[String]) -> Result<Vec<(String, ObjectId)>, GitError> {
        let mut arguments = vec!["ls-remote", "--", self.name()];
        arguments.extend(patterns.iter().map(String::as_str));
        let answer = self.git("ls-remote", &arguments, ASKING).await?;
        if !answer.success {
            return Err(self.failure(&answer.err));
        }
        let lines = answer.out.lines().filter_map(|line| {
            let (object, name) = line.split_once('\t')?;
            Some((name.to_owned(), ObjectId::new(object.to_owned())))
        });
        Ok(lines.collect())
    }

    /// Brings what `refspec` names and nothing else.
    async fn fetch_only(&self, refspec: &str) -> Result<Answer, GitError> {
        let arguments = [
            "fetch",
            "--quiet",
            "--no-write-fetch-head",
            "--no-tags",
            "--recurse-submodules=no",
            // Whatever else the user's settings would have it write.
            "--refmap=",
            "--",
            self.name(),
            refspec,
        ];
        self.git("fetch", &arguments, FETCHING).await
    }

    /// Brings the objects of one tag to this machine. No reference changes: the tags of the user are the user's.
    pub async fn fetch_tag(&self, tag: &str, _access: WriteAccess) -> Result<(), GitError> {
        let answer = self.fetch_only(&format!("refs/tags/{tag}")).await?;
        if answer.success {
            Ok(())
        } else {
            Err(self.failure(&answer.err))
        }
    }

    /// Brings one branch to this machine, into `refs/remotes/…`.
    ///
    /// # Errors
    /// When there is no such branch, or the remote does not answer.
    pub async fn fetch_branch(&self, branch: &BranchName, _access: WriteAccess) -> Result<(), GitError> {
        let refspec = format!("+{}:refs/remotes/{}/{branch}", branch.reference(), self.name());
        let answer = self.fetch_only(&refspec).await?;
        if answer.success {
            Ok(())
        } else if answer.err.contains("couldn't find remote ref") {
            Err(GitError::NoBranch {
                branch: branch.to_string(),
                remote: self.name().to_owned(),
                similar: Vec::new(),
            })
        } else {
            Err(self.failure(&answer.err))
        }
    }

    /// Brings what the remote has to this machine, into `refs/remotes/…` as `git fetch` does. Neither tags nor anything
    /// of the user's is changed.
    pub async fn fetch(&self, _access: WriteAccess) -> Result<(), GitError> {
        let refspec = format!("+refs/heads/*:refs/remotes/{}/*", self.name());
        let answer = self.fetch_only(&refspec).await?;
        if answer.success {
            Ok(())
        } else if answer.err.contains("some local refs could not be updated") {
            Err(GitError::Program {
                action: "fetch",
                why: words(&answer.err),
            })
        } else {
            Err(self.failure(&answer.err))
        }
    }
}

impl GitRepository {
    /// The branches and tags of a view whose objects are not on this machine.
    pub fn missing(&self, view: &RemoteView) -> Result<Vec<String>, GitError> {
        self.with(|git| {
            let odb = git.odb().map_err(GitError::library("open its objects"))?;
            let branches = view.branches.iter();
            let tags = view.tags.iter().map(|(name, at)| (name, &at.commit));
            let is_missing =
                |commit: &CommitSha| git2::Oid::from_str(commit.as_str()).is_ok_and(|id| !odb.exists(id));
            Ok(branches
                .chain(tags)
                .filter(|(_, commit)| is_missing(commit))
                .map(|(name, _)| name.clone())
                .collect())
        })
    }

    /// The branches and tags as they were last fetched from `remote`: what is left to look at where it does not answer.
    pub fn last_view(&self, remote: &str) -> Result<RemoteView, GitError> {
        self.with(|git| {
            let mut view = RemoteView::default();
            let name = super::commit::name;
            let prefix = format!("refs/remotes/{remote}/");
            for (reference, short) in super::branches::references(git, &prefix) {
                if short != "HEAD"
                    && let Ok(commit) = reference.peel_to_commit()
                {
                    view.branches.insert(short, name(commit.id())?);
                }
            }
            view.tags = tags(git)?;
            Ok(view)
        })
    }

    /// The tags that are here.
    pub fn tags(&self) -> Result<BTreeMap<String, TagAt>, GitError> {
        self.with(tags)
    }

    /// Which of some commits are not on this machine.
    pub fn absent(&self, commits: &[CommitSha]) -> Result<Vec<CommitSha>, GitError> {
        self.with(|git| {
            let odb = git.odb().map_err(GitError::library("open its objects"))?;
            let is_absent =
                |commit: &&CommitSha| git2::Oid::from_str(commit.as_str()).is_ok_and(|id| !odb.exists(id));
            Ok(commits.iter().filter(is_absent).cloned().collect())
        })
    }
}

fn tags(git: &git2::Repository) -> Result<BTreeMap<String, TagAt>, GitError> {
    let mut tags = BTreeMap::new();
    for (reference, short) in super::branches::references(git, "refs/tags/") {
        let Some(object) = reference.target() else {
            continue;
        };
        // A packed tag brings along what it is on; only a loose one of an annotated tag has to be opened.
        let commit = match reference.target_peel() {
            Some(commit) => commit,
            None => match reference.peel_to_commit() {
                Ok(commit) => commit.id(),
                // On something else than a commit, or, in a shallow clone, on nothing that is here.
                Err(_) => continue,
            },
        };
        let at = TagAt {
            object: ObjectId::new(object.to_string()),
            commit: super::commit::name(commit)?,
        };
        tags.insert(short, at);
    }
    Ok(tags)
}
