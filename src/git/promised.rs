//! What a partial clone left out, fetched when it is needed. libgit2 reads only what is on the disk; git fetches a missing
//! object as it comes to it. Here the object that a read missed is fetched by the `git` program, then what else the newest
//! commits change in one go, so that a long comparison does not ask the remote for each file.

use std::collections::BTreeSet;
use std::time::Duration;

use git2::{OdbLookupFlags, Oid};

use super::complaint::words;
use super::error::GitError;
use super::program::{self, Asked};
use super::repository::{GitRepository, is_partial};
use crate::domain::{CommitSha, WriteAccess};

/// How often one question may miss an object and be asked again.
const MAX_FETCHES: usize = 64;
/// How many of the newest commits are looked through for what will be missed next.
const LOOKAHEAD: &str = "--max-count=1000";
/// How long one fetch may take.
const FETCH_TIMEOUT: Duration = Duration::from_mins(2);

/// What one question has fetched so far.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    ids: BTreeSet<String>,
    has_trees: bool,
    has_blobs: bool,
}

impl GitRepository {
    /// Fetches the object that a read missed; with the first miss the folders of the newest commits too, with the second
    /// the files that they change.
    pub(crate) async fn fetch_missing(
        &self,
        missing: &str,
        fetched: &mut Fetched,
        _access: WriteAccess,
    ) -> Result<(), String> {
        if fetched.ids.len() >= MAX_FETCHES {
            return Err(format!("more than {MAX_FETCHES} objects are missing"));
        }
        let remote = self
            .promisor()
            .map_err(|error| error.to_string())?
            .ok_or("no remote promises to have it")?;
        if !fetched.ids.insert(missing.to_owned()) {
            return Err(format!("git fetched {missing}, and it is still missing"));
        }
        self.fetch_objects(&remote, &[missing.to_owned()]).await?;
        if !fetched.has_trees {
            fetched.has_trees = true;
            let trees = ["log", "--all", LOOKAHEAD, "--format=%T"];
            let trees = self.ask_git(&trees, None).await?;
            self.fetch_absent(&remote, trees.lines()).await?;
        } else if !fetched.has_blobs {
            fetched.has_blobs = true;
            let changes = [
                "log",
                "--all",
                LOOKAHEAD,
                "-m",
                "--raw",
                "--no-renames",
                "--no-abbrev",
                "--format=",
            ];
            let changes = self.ask_git(&changes, None).await?;
            self.fetch_absent(&remote, changes.lines().flat_map(changed_files))
                .await?;
        }
        Ok(())
    }

    /// The remote that promised to have what is missing.
    fn promisor(&self) -> Result<Option<String>, GitError> {
        self.with(|git| {
            let fail = GitError::library("read its settings");
            let config = git.config().map_err(&fail)?;
            if let Ok(name) = config.get_string("extensions.partialclone") {
                return Ok(Some(name));
            }
            let remotes = git.remotes().map_err(&fail)?;
            let mut names = remotes.iter().flatten().flatten();
            let is_promisor = |name: &&str| {
                let setting = format!("remote.{name}.promisor");
                config.get_bool(&setting).unwrap_or(false)
            };
            Ok(names.find(is_promisor).map(str::to_owned))
        })
    }

    async fn fetch_absent<'a>(&self, remote: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), String> {
        let ids: BTreeSet<Oid> = ids.filter_map(|id| Oid::from_str(id).ok()).collect();
        let absent = self.with(|git| {
            let odb = git.odb().map_err(GitError::library("open its objects"))?;
            // One look at what has come; the look for each would read the folder of packs again.
            odb.refresh().map_err(GitError::library("open its objects"))?;
            let is_absent = |id: &Oid| !odb.exists_ext(*id, OdbLookupFlags::NO_REFRESH);
            let absent = ids.into_iter().filter(is_absent);
            Ok(absent.map(|id| id.to_string()).collect::<Vec<_>>())
        });
        let absent = absent.map_err(|error| error.to_string())?;
        if absent.is_empty() {
            return Ok(());
        }
        self.fetch_objects(remote, &absent).await
    }

    /// Fetches objects by their names, as git does itself for one that is missing (`promisor-remote.c`): trees come with
    /// what is below them and without files.
    async fn fetch_objects(&self, remote: &str, ids: &[String]) -> Result<(), String> {
        let fetch = [
            "-c",
            "fetch.negotiationAlgorithm=noop",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--recurse-submodules=no",
            "--filter=blob:none",
            "--stdin",
            "--",
            remote,
        ];
        self.ask_git(&fetch, Some(&ids.join("\n"))).await.map(drop)
    }

    async fn ask_git(&self, arguments: &[&str], input: Option<&str>) -> Result<String, String> {
        let asked = Asked {
            action: "fetch",
            patience: FETCH_TIMEOUT,
            input,
        };
        let answer = program::ask(program::git(self.root()), arguments, asked).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.success {
            Ok(answer.out)
        } else {
            Err(words(&answer.err))
        }
    }
}

/// The files on both sides of a line of `git log --raw`: `:100644 100644 <old> <new> M\tpath`. A submodule's commit is not
/// in this repository.
fn changed_files(line: &str) -> Vec<&str> {
    let Some(line) = line.strip_prefix(':') else {
        return Vec::new();
    };
    let fields: Vec<_> = line.split_ascii_whitespace().take(4).collect();
    let [old_mode, new_mode, old, new] = fields.as_slice() else {
        return Vec::new();
    };
    let is_file = |mode: &str| mode.starts_with("10") || mode.starts_with("12");
    [(old_mode, old), (new_mode, new)]
        .into_iter()
        .filter(|(mode, _)| is_file(mode))
        .map(|(_, id)| *id)
        .collect()
}

impl GitError {
    const fn left_out(action: &'static str, missing: Option<String>) -> Self {
        Self::Partial {
            action,
            missing,
            why: None,
        }
    }

    /// The object that a partial clone left out, where it may still be fetched.
    pub(crate) fn missing_object(&self) -> Option<&str> {
        match self {
            Self::Partial {
                missing, why: None, ..
            } => missing.as_deref(),
            _ => None,
        }
    }

    /// The same, with why what is missing could not be fetched.
    pub(crate) fn not_fetched(self, why: String) -> Self {
        match self {
            Self::Partial { action, missing, .. } => Self::Partial {
                action,
                missing,
                why: Some(why),
            },
            other => other,
        }
    }

    /// Why an object could not be read: a partial clone leaves some out, which is no damage.
    pub(super) fn missing_or(git: &git2::Repository, action: &'static str, error: &git2::Error) -> Self {
        if error.code() == git2::ErrorCode::NotFound && is_partial(git) {
            Self::left_out(action, missing_object(error.message()))
        } else {
            Self::library(action)(git2::Error::new(error.code(), error.class(), error.message()))
        }
    }

    /// The same error, where the repository explains it: what a partial clone leaves out is not damaged.
    pub(super) fn in_repository(self, git: &git2::Repository) -> Self {
        let (action, missing) = match &self {
            Self::Library { action, why } if why.contains("not found") => (*action, missing_object(why)),
            Self::Unreadable(sha) => ("read a commit", Some(sha.to_string())),
            _ => return self,
        };
        if is_partial(git) {
            Self::left_out(action, missing)
        } else {
            self
        }
    }

    /// That a commit is not here: left out of a partial clone, or lost.
    pub(super) fn unreadable(git: &git2::Repository, sha: &CommitSha) -> Self {
        if is_partial(git) {
            Self::left_out("read a commit", Some(sha.to_string()))
        } else {
            Self::Unreadable(sha.clone())
        }
    }
}

/// The object that libgit2 names where it finds none: `object not found - no match for id (5d41…)`, or `cannot read header
/// for (5d41…)`.
fn missing_object(message: &str) -> Option<String> {
    let (_, rest) = message.rsplit_once('(')?;
    let (id, _) = rest.split_once(')')?;
    let is_whole = id.len() == 40;
    Oid::from_str(id)
        .ok()
        .filter(|_| is_whole)
        .map(|id| id.to_string())
}
