//! Pushes: create-only or with a lease, several references at once or none of them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::complaint::{words, words_of_remote};
use super::error::GitError;
use super::remote::Remote;
use crate::domain::{BranchName, CommitSha, WriteAccess};

/// A push may carry much, and the hooks of a remote may think for a while.
const PUSHING: Duration = Duration::from_mins(5);

/// How git says that the remote stopped answering in the middle of a push.
const LOST: [&str; 4] = [
    "hung up unexpectedly",
    "unexpected disconnect",
    "early EOF",
    "Connection reset",
];

/// The name of any object: a commit, or an annotated tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(String);

impl ObjectId {
    /// The full name in hexadecimal characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) const fn new(name: String) -> Self {
        Self(name)
    }
}

impl From<&CommitSha> for ObjectId {
    fn from(commit: &CommitSha) -> Self {
        Self(commit.as_str().to_owned())
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What becomes of one reference of the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    reference: String,
    /// Where it is before; none if it must not exist.
    expected: Option<ObjectId>,
    /// Where it is afterwards; none if it goes.
    new: Option<ObjectId>,
}

impl RefUpdate {
    /// A reference that must not exist yet.
    pub fn create(reference: impl Into<String>, object: ObjectId) -> Self {
        Self {
            reference: reference.into(),
            expected: None,
            new: Some(object),
        }
    }

    /// A reference that moves on, if it is still at `expected`.
    pub fn advance(reference: impl Into<String>, expected: ObjectId, object: ObjectId) -> Self {
        Self {
            reference: reference.into(),
            expected: Some(expected),
            new: Some(object),
        }
    }

    /// A reference that goes, if it is still at `expected`.
    pub fn delete(reference: impl Into<String>, expected: ObjectId) -> Self {
        Self {
            reference: reference.into(),
            expected: Some(expected),
            new: None,
        }
    }

    fn lease(&self) -> String {
        let expected = self.expected.as_ref().map_or("", ObjectId::as_str);
        format!("--force-with-lease={}:{expected}", self.reference)
    }

    fn refspec(&self) -> String {
        let new = self.new.as_ref().map_or("", ObjectId::as_str);
        format!("{new}:{}", self.reference)
    }
}

/// What a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    /// The remote has changed.
    Created,
    /// It was so before.
    AlreadyThere,
}

impl Remote {
    /// Pushes all `updates` or none of them. Nothing is moved that is not where it was expected to be: that is a conflict
    /// that names it. A remote that has them all already is fine.
    pub async fn push(&self, updates: &[RefUpdate], access: WriteAccess) -> Result<PushOutcome, GitError> {
        // Without references git would push what the user's settings say.
        if updates.is_empty() {
            return Ok(PushOutcome::AlreadyThere);
        }
        let leases: Vec<_> = updates.iter().map(RefUpdate::lease).collect();
        let refspecs: Vec<_> = updates.iter().map(RefUpdate::refspec).collect();
        let mut arguments = vec![
            "push",
            "--porcelain",
            "--no-follow-tags",
            "--recurse-submodules=no",
        ];
        // One alone is atomic with any remote.
        if updates.len() > 1 {
            arguments.push("--atomic");
        }
        // The hooks of this machine are about branches and tags.
        if updates
            .iter()
            .all(|update| update.reference.starts_with("refs/windlass/"))
        {
            arguments.push("--no-verify");
        }
        arguments.extend(leases.iter().map(String::as_str));
        arguments.extend(["--", self.name()]);
        arguments.extend(refspecs.iter().map(String::as_str));
        let answer = self.git("push", &arguments, PUSHING).await?;
        if answer.success {
            let has_changed = |line: &str| line.starts_with(['*', ' ', '+', '-']);
            return Ok(if answer.out.lines().any(has_changed) {
                PushOutcome::Created
            } else {
                PushOutcome::AlreadyThere
            });
        }
        // Porcelain lines: `!`, the refspec, and the reason in brackets. Of an atomic push that one reference stops, all
        // others are refused as well.
        let refused: Vec<_> = answer.out.lines().filter(|line| line.starts_with('!')).collect();
        let Some(first) = refused
            .iter()
            .find(|line| !line.contains("atomic push failed") && !line.contains("atomic transaction failed"))
            .or(refused.first())
        else {
            return self.not_pushed(updates, &answer.err, access).await;
        };
        // Whatever words it was refused with: where the remote is not as it was expected to be, someone was faster.
        if let Some(raced) = self.raced(updates).await {
            return raced;
        }
        Err(GitError::Rejected {
            remote: self.name().to_owned(),
            what: words_of_updates(updates),
            why: words_of_remote(&answer.err, first),
        })
    }

    /// What a push comes to that ended without an answer for each reference.
    async fn not_pushed(
        &self,
        updates: &[RefUpdate],
        err: &str,
        access: WriteAccess,
    ) -> Result<PushOutcome, GitError> {
        if err.contains("remote ref does not exist") {
            // git does not delete what is gone already, and leaves all the rest undone too.
            let there = self.places(updates).await?;
            let is_to_do = |update: &&RefUpdate| there.get(&update.reference) != update.new.as_ref();
            let rest: Vec<_> = updates.iter().filter(is_to_do).cloned().collect();
            if rest.len() < updates.len() {
                return Box::pin(self.push(&rest, access)).await;
            }
        }
        if err.contains("does not support --atomic push") {
            return Err(GitError::Rejected {
                remote: self.name().to_owned(),
                what: words_of_updates(updates),
                why: "it does not support atomic pushes".to_owned(),
            });
        }
        let is_lost = LOST.iter().any(|sign| err.contains(sign));
        // Where only the answer was lost, the remote has changed.
        if is_lost && let Some(raced) = self.raced(updates).await {
            return raced;
        }
        // A hook of the user's own, that is run before a push.
        if !is_lost && err.contains("failed to push some refs") {
            return Err(GitError::Program {
                action: "push",
                why: words(err),
            });
        }
        Err(self.failure(err))
    }

    /// What a push that was refused finds at the remote: all of it there already, one reference elsewhere, or nothing that
    /// explains it.
    async fn raced(&self, updates: &[RefUpdate]) -> Option<Result<PushOutcome, GitError>> {
        let there = self.places(updates).await.ok()?;
        let found = |update: &RefUpdate| there.get(&update.reference);
        if updates.iter().all(|update| found(update) == update.new.as_ref()) {
            return Some(Ok(PushOutcome::AlreadyThere));
        }
        let is_elsewhere = |update: &&RefUpdate| {
            let found = found(update);
            found != update.expected.as_ref() && found != update.new.as_ref()
        };
        let other = updates.iter().find(is_elsewhere)?;
        let at = found(other);
        if let (Some(at), None) = (at, &other.expected) {
            let (place, name) = (format!("on {}", self.name()), short(&other.reference));
            if other.reference.starts_with("refs/tags/") {
                let on = there.get(&format!("{}^{{}}", other.reference)).unwrap_or(at);
                return Some(Err(GitError::TagTaken {
                    tag: name.to_owned(),
                    place,
                    found: on.as_str()[..7].to_owned(),
                }));
            }
            if other.reference.starts_with("refs/heads/")
                && let Ok(branch) = name.parse::<BranchName>()
            {
                return Some(Err(GitError::BranchTaken {
                    branch,
                    place,
                    found: at.as_str()[..7].to_owned(),
                }));
            }
        }
        Some(Err(GitError::Moved {
            remote: self.name().to_owned(),
            reference: short(&other.reference).to_owned(),
            expected: words_of_place(other.expected.as_ref()),
            found: words_of_place(at),
        }))
    }

    /// Where the references of `updates` are now, and under `name^{}` what the tags among them are on.
    async fn places(&self, updates: &[RefUpdate]) -> Result<BTreeMap<String, ObjectId>, GitError> {
        let names = updates.iter().map(|update| &update.reference);
        let patterns: Vec<_> = names
            .flat_map(|name| [name.clone(), format!("{name}^{{}}")])
            .collect();
        Ok(self.references(&patterns).await?.into_iter().collect())
    }

    /// Pushes `commit` as a new branch. An existing branch is never moved: the lease expects that there is none.
    pub async fn push_new(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        access: WriteAccess,
    ) -> Result<PushOutcome, GitError> {
        let update = RefUpdate::create(branch.reference(), commit.into());
        self.push(&[update], access).await
    }
}

fn words_of_place(object: Option<&ObjectId>) -> String {
    object.map_or_else(
        || "nowhere".to_owned(),
        |object| format!("at {}", &object.as_str()[..7]),
    )
}

/// A reference as people call it: without `refs/heads/` or `refs/tags/`.
fn short(reference: &str) -> &str {
    let of = |prefix| reference.strip_prefix(prefix);
    of("refs/heads/")
        .or_else(|| of("refs/tags/"))
        .unwrap_or(reference)
}

fn words_of_updates(updates: &[RefUpdate]) -> String {
    let names: Vec<_> = updates.iter().map(|update| short(&update.reference)).collect();
    names.join(", ")
}
