//! Halts as refs of the remote: each note is a commit on top of the one before, so that the ref tells the whole history.

use std::sync::Arc;

use super::error::GitError;
use super::note_refs::NoteAt;
use super::push::{ObjectId, RefUpdate};
use super::remote::Remote;
use super::repository::GitRepository;
use crate::domain::{
    EnvironmentName, HaltNote, WriteAccess, halt_pattern, halt_reference, halted_by_reference,
};

/// What the ref of a halt names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaltAt {
    /// The environment.
    pub environment: EnvironmentName,
    /// The note; none where it is not one of windlass, or of another environment.
    pub note: Option<HaltNote>,
    /// The commit.
    pub object: ObjectId,
    /// The note before it.
    pub before: Option<ObjectId>,
}

impl Remote {
    /// The newest note about `environment`, if anything ever halted it.
    pub async fn halt(
        &self,
        environment: &EnvironmentName,
        repository: &Arc<GitRepository>,
    ) -> Result<Option<HaltAt>, GitError> {
        let found = self.halts_at(&halt_reference(environment), repository).await?;
        Ok(found.into_iter().find(|found| found.environment == *environment))
    }

    /// The newest note about every environment that was ever halted, in the order of their names.
    pub async fn halts(&self, repository: &Arc<GitRepository>) -> Result<Vec<HaltAt>, GitError> {
        self.halts_at(&halt_pattern(), repository).await
    }

    async fn halts_at(
        &self,
        pattern: &str,
        repository: &Arc<GitRepository>,
    ) -> Result<Vec<HaltAt>, GitError> {
        let is_halt = |reference: &str| halted_by_reference(reference).is_some();
        let notes = self.notes(pattern, is_halt, repository).await?.into_iter();
        let read = |note: NoteAt| {
            let environment = halted_by_reference(&note.reference)?;
            let read = note.message.as_deref().and_then(HaltNote::parse);
            Some(HaltAt {
                note: read.filter(|read| read.environment == environment),
                environment,
                object: note.object,
                before: note.parents.into_iter().next(),
            })
        };
        Ok(notes.filter_map(read).collect())
    }

    /// Puts a note on top of `before`; a conflict if another has come meanwhile. `object` is the note, as
    /// [`GitRepository::write_halt`] leaves it.
    pub async fn put_halt(
        &self,
        environment: &EnvironmentName,
        object: &ObjectId,
        before: Option<&ObjectId>,
        access: WriteAccess,
    ) -> Result<(), GitError> {
        let (reference, object) = (halt_reference(environment), object.clone());
        let update = match before {
            None => RefUpdate::create(reference, object),
            Some(before) => RefUpdate::advance(reference, before.clone(), object),
        };
        self.push(&[update], access).await.map(drop)
    }
}

impl GitRepository {
    /// Writes a note on top of `before` as an object that nothing here names.
    pub fn write_halt(
        &self,
        note: &HaltNote,
        before: Option<&ObjectId>,
        _access: WriteAccess,
    ) -> Result<ObjectId, GitError> {
        self.write_note(&note.message(), note.at, before)
    }
}
