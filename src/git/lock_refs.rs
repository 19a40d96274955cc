//! Locks as refs of the remote: each points at a commit without a past and without files, whose message is the note of
//! the owner. The remote itself sees to it that of two who create the same ref one is refused.

use std::sync::Arc;

use super::error::GitError;
use super::push::{ObjectId, PushOutcome, RefUpdate};
use super::remote::{ASKING, Remote};
use super::repository::GitRepository;
use crate::domain::{HeldLock, LockNote, LockSubject, WriteAccess};

/// No note is near as long; what is longer is not even read.
const LONGEST: usize = 64 * 1024;
/// How often the locks are looked at again because one of them was given back while it was fetched.
const LOOKS: usize = 4;

/// A lock that a remote has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockAt {
    /// What it locks, and whose it is.
    pub lock: HeldLock,
    /// The commit that the ref names: which lock it is, and not only on what.
    pub object: ObjectId,
}

impl Remote {
    /// Takes a lock that nobody has, or in place of the very one that `instead_of` names; a conflict if it is another's by
    /// now. `object` is the note, as [`GitRepository::write_lock`] leaves it.
    pub async fn take_lock(
        &self,
        subject: &LockSubject,
        object: &ObjectId,
        instead_of: Option<&ObjectId>,
        access: WriteAccess,
    ) -> Result<(), GitError> {
        let (reference, object) = (subject.reference(), object.clone());
        let update = match instead_of {
            None => RefUpdate::create(reference, object),
            Some(old) => RefUpdate::advance(reference, old.clone(), object),
        };
        self.push(&[update], access).await.map(drop)
    }

    /// Takes the lock `object` away; another one that has come in its place stays, and is a conflict. Whether it was still
    /// there is told.
    pub async fn remove_lock(
        &self,
        subject: &LockSubject,
        object: &ObjectId,
        access: WriteAccess,
    ) -> Result<bool, GitError> {
        let update = RefUpdate::delete(subject.reference(), object.clone());
        let outcome = self.push(&[update], access).await?;
        Ok(outcome == PushOutcome::Created)
    }

    /// The lock on `subject`, if it is locked.
    pub async fn lock(
        &self,
        subject: &LockSubject,
        repository: &Arc<GitRepository>,
    ) -> Result<Option<LockAt>, GitError> {
        let found = self.locks_at(&subject.reference(), repository).await?;
        Ok(found.into_iter().find(|found| found.lock.subject == *subject))
    }

    /// All locks that the remote has, in the order of their names.
    pub async fn locks(&self, repository: &Arc<GitRepository>) -> Result<Vec<LockAt>, GitError> {
        self.locks_at(&LockSubject::pattern(), repository).await
    }

    async fn locks_at(
        &self,
        pattern: &str,
        repository: &Arc<GitRepository>,
    ) -> Result<Vec<LockAt>, GitError> {
        let mut looks = 0;
        loop {
            let found: Vec<_> = self
                .references(&[pattern.to_owned()])
                .await?
                .into_iter()
                .filter_map(|(reference, object)| Some((LockSubject::of_reference(&reference)?, object)))
                .collect();
            let (there, all) = (Arc::clone(repository), found.clone());
            let missing: Vec<_> = off_the_threads(move || {
                let is_missing = |(_, object): &(LockSubject, ObjectId)| !there.has(object);
                all.into_iter().filter(is_missing).collect()
            })
            .await?;
            looks += 1;
            if !missing.is_empty() && !self.bring(&missing).await? && looks < LOOKS {
                continue;
            }
            let there = Arc::clone(repository);
            return off_the_threads(move || {
                let read = |(subject, object): (LockSubject, ObjectId)| LockAt {
                    lock: HeldLock {
                        note: there.lock_note(&object),
                        subject,
                    },
                    object,
                };
                found.into_iter().map(read).collect()
            })
            .await;
        }
    }

    /// Brings the notes of locks here, under no name: git sweeps them out again by itself. `false` if one of them was given
    /// back meanwhile.
    async fn bring(&self, locks: &[(LockSubject, ObjectId)]) -> Result<bool, GitError> {
        let references: Vec<_> = locks.iter().map(|(subject, _)| subject.reference()).collect();
        let mut arguments = vec![
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            // Whatever is set to be fetched besides is not.
            "--refmap=",
            "--",
            self.name(),
        ];
        arguments.extend(references.iter().map(String::as_str));
        let answer = self.git("fetch", &arguments, ASKING).await?;
        if answer.success {
            Ok(true)
        } else if answer.err.contains("couldn't find remote ref") {
            Ok(false)
        } else {
            Err(self.failure(&answer.err))
        }
    }
}

async fn off_the_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GitError> {
    let working = tokio::task::spawn_blocking(work);
    working.await.map_err(|error| GitError::Library {
        action: "read a lock",
        why: error.to_string(),
    })
}

impl GitRepository {
    /// Writes the note of a lock as an object that nothing here names: a commit of windlass itself, whatever the user is
    /// called in git.
    pub fn write_lock(
        &self,
        subject: &LockSubject,
        note: &LockNote,
        _access: WriteAccess,
    ) -> Result<ObjectId, GitError> {
        self.write(|git| {
            let fail = GitError::library("write a lock");
            let time = git2::Time::new(note.taken().as_second(), 0);
            let signature = git2::Signature::new("windlass", "windlass@localhost", &time).map_err(&fail)?;
            let tree = git.treebuilder(None).and_then(|empty| empty.write());
            let tree = tree.and_then(|tree| git.find_tree(tree)).map_err(&fail)?;
            let text = note.text(subject);
            let commit = git.commit(None, &signature, &signature, &text, &tree, &[]);
            Ok(ObjectId::new(commit.map_err(&fail)?.to_string()))
        })
    }

    fn has(&self, object: &ObjectId) -> bool {
        let id = git2::Oid::from_str(object.as_str());
        self.with(|git| Ok(id.is_ok_and(|id| git.odb().is_ok_and(|odb| odb.exists(id)))))
            .unwrap_or(false)
    }

    /// The note in `object`; none if it is none, or is not here.
    fn lock_note(&self, object: &ObjectId) -> Option<LockNote> {
        let id = git2::Oid::from_str(object.as_str()).ok()?;
        let message = self.with(|git| {
            let fail = GitError::library("read a lock");
            let (size, kind) = git.odb().and_then(|odb| odb.read_header(id)).map_err(&fail)?;
            if kind != git2::ObjectType::Commit || size > LONGEST {
                return Ok(None);
            }
            let commit = git.find_commit(id).map_err(&fail)?;
            Ok(String::from_utf8(commit.message_bytes().to_vec()).ok())
        });
        LockNote::parse(&message.ok()??)
    }
}
