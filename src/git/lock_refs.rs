//! Locks as refs of the remote, each with the note of its owner.

use std::sync::Arc;

use super::error::GitError;
use super::note_refs::NoteAt;
use super::push::{ObjectId, PushOutcome, RefUpdate};
use super::remote::Remote;
use super::repository::GitRepository;
use crate::domain::{HeldLock, LockNote, LockSubject, WriteAccess};

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
        let is_lock = |reference: &str| LockSubject::of_reference(reference).is_some();
        let notes = self.notes(pattern, is_lock, repository).await?.into_iter();
        let read = |note: NoteAt| {
            Some(LockAt {
                lock: HeldLock {
                    subject: LockSubject::of_reference(&note.reference)?,
                    note: note.message.as_deref().and_then(LockNote::parse),
                },
                object: note.object,
            })
        };
        Ok(notes.filter_map(read).collect())
    }
}

impl GitRepository {
    /// Writes the note of a lock as an object that nothing here names.
    pub fn write_lock(
        &self,
        subject: &LockSubject,
        note: &LockNote,
        _access: WriteAccess,
    ) -> Result<ObjectId, GitError> {
        self.write_note(&note.text(subject), note.taken(), None)
    }
}
