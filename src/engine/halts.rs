//! What is halted: read from the remote each time, since it is the one place that every machine and every job asks.

use std::borrow::Borrow;
use std::sync::Arc;

use crate::config::HaltSettings;
use crate::domain::{EnvironmentName, HaltNote, HaltState, WriteAccess, halt_reference};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::halt_error::HaltError;
use crate::git::{GitError, GitRepository, HaltAt, ObjectId, Remote};
use crate::sign::{PublicKey, SignError};

/// How an environment stands that was halted at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaltStatus {
    /// What the ref names.
    pub at: HaltAt,
    /// Why nothing is promoted there; none where the halt was lifted.
    pub halted: Option<String>,
}

impl Engine {
    /// The remote that halts are on; none where the project has no repository or no remote, so that nothing can be halted.
    fn halt_place(&self) -> Result<Option<(Remote, Arc<GitRepository>)>, EngineError> {
        match self.note_remote() {
            Ok(place) => Ok(Some(place)),
            Err(EngineError::Git(GitError::NoRepository(_) | GitError::NoRemote(_))) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every environment that was ever halted, in the order of their names.
    ///
    /// # Errors
    /// When the remote does not answer, or a trusted key cannot be read.
    pub async fn halts(&self) -> Result<Vec<HaltStatus>, EngineError> {
        let Some((remote, repository)) = self.halt_place()? else {
            return Ok(Vec::new());
        };
        let found = remote.halts(&repository).await?;
        found.into_iter().map(|at| self.halt_status(at)).collect()
    }

    /// Why nothing is promoted to `environment` now; none where nothing halts it.
    pub(super) async fn halted(&self, environment: &EnvironmentName) -> Result<Option<String>, EngineError> {
        let Some((remote, repository)) = self.halt_place()? else {
            return Ok(None);
        };
        let found = remote.halt(environment, &repository).await?;
        let status = found.map(|at| self.halt_status(at)).transpose()?;
        Ok(status.and_then(|status| status.halted))
    }

    /// How the environment of a note stands.
    ///
    /// # Errors
    /// When a trusted key cannot be read.
    pub(super) fn halt_status(&self, at: HaltAt) -> Result<HaltStatus, EngineError> {
        // An environment that windlass.toml does not have any more has no keys either.
        let settings = self.settings(&at.environment).ok().map(|settings| &settings.halt);
        let trusted = settings.map_or_else(|| Ok(Vec::new()), HaltSettings::keys)?;
        let halted = halted(&at, &trusted);
        Ok(HaltStatus { at, halted })
    }
}

impl HaltSettings {
    /// The public keys of those who may lift a halt.
    pub(super) fn keys(&self) -> Result<Vec<PublicKey>, SignError> {
        self.trusted.iter().map(|path| PublicKey::load(path)).collect()
    }
}

/// Why an environment is halted by what its ref names: whoever left a note, it is obeyed, also one that nobody can read. Only a
/// note that lifts this very halt, signed with one of the `trusted` keys where there are any, ends it.
fn halted(at: &HaltAt, trusted: &[impl Borrow<PublicKey>]) -> Option<String> {
    let place = halt_reference(&at.environment);
    let Some(note) = &at.note else {
        return Some(format!("halted by a note that windlass did not write ({place})"));
    };
    let HaltState::Resumed { lifts } = &note.state else {
        return Some(note.words());
    };
    if at.before.as_ref().is_none_or(|before| before.as_str() != lifts) {
        return Some(format!(
            "halted: {} does not lift the halt before it ({place})",
            note.words()
        ));
    }
    let signature = note.signature.as_deref().unwrap_or_default();
    let mut keys = trusted.iter().map(Borrow::borrow);
    if trusted.is_empty() || keys.any(|key| key.signed_text(&note.signed(), signature)) {
        return None;
    }
    Some(format!(
        "halted: it was {}, but that is not signed with a trusted key",
        note.words()
    ))
}

/// Refuses to go on where `environment` is halted by now.
pub(super) async fn refuse_halted(engine: &Engine, environment: &EnvironmentName) -> Result<(), EngineError> {
    match engine.halted(environment).await? {
        None => Ok(()),
        Some(words) => Err(HaltError::Halted {
            environment: environment.clone(),
            words,
        }
        .into()),
    }
}

/// Puts a note on top of `before`, which the remote had a moment ago.
pub(super) async fn put(
    engine: &Engine,
    remote: &Remote,
    note: HaltNote,
    before: Option<ObjectId>,
    access: WriteAccess,
) -> Result<(), EngineError> {
    let environment = note.environment.clone();
    let on_top = before.clone();
    let writing = engine.git(move |repository| repository.write_halt(&note, on_top.as_ref(), access));
    let object = writing.await?;
    let putting = remote.put_halt(&environment, &object, before.as_ref(), access);
    match putting.await {
        Err(GitError::Moved { .. }) => Err(HaltError::Changed {
            environment,
            remote: remote.name().to_owned(),
        }
        .into()),
        outcome => Ok(outcome?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CommitSha;
    use crate::sign::fresh_key;

    const NOBODY: &[&PublicKey] = &[];

    fn note(state: HaltState) -> HaltNote {
        let at = "2026-11-27T03:12:00Z".parse().unwrap();
        HaltNote::new(
            "prod".parse().unwrap(),
            state,
            "INC-42",
            ("ana", "desk"),
            "r1",
            at,
        )
    }

    fn object(name: char) -> ObjectId {
        let commit: CommitSha = name.to_string().repeat(40).parse().unwrap();
        ObjectId::from(&commit)
    }

    fn at(note: Option<HaltNote>, before: Option<char>) -> HaltAt {
        HaltAt {
            environment: "prod".parse().unwrap(),
            note,
            object: object('b'),
            before: before.map(object),
        }
    }

    fn resumed(lifts: char) -> HaltNote {
        note(HaltState::Resumed {
            lifts: object(lifts).to_string(),
        })
    }

    #[test]
    fn whoever_halts_is_obeyed_and_so_is_a_note_that_nobody_can_read() {
        let words = halted(&at(Some(note(HaltState::Halted)), None), NOBODY).unwrap();
        assert_eq!(words, "halted by ana@desk on 2026-11-27 03:12 UTC: INC-42");
        let unreadable = halted(&at(None, None), NOBODY).unwrap();
        assert!(
            unreadable.contains("did not write (refs/windlass/halts/prod)"),
            "{unreadable}"
        );
    }

    #[test]
    fn a_halt_is_lifted_only_by_a_note_about_this_very_halt() {
        assert_eq!(halted(&at(Some(resumed('a')), Some('a')), NOBODY), None);
        for before in [Some('c'), None] {
            let words = halted(&at(Some(resumed('a')), before), NOBODY).unwrap();
            assert!(words.contains("does not lift the halt before it"), "{words}");
        }
    }

    #[test]
    fn where_keys_are_trusted_only_their_signature_lifts_a_halt() {
        let (ours, other) = (fresh_key(), fresh_key());
        let another = fresh_key();
        let trusted = [another.public(), ours.public()];
        let signed = |key: &crate::sign::SigningKey, lifts: char| {
            let note = resumed(lifts);
            let signature = Some(key.sign_text(&note.signed()).unwrap());
            HaltNote { signature, ..note }
        };
        assert_eq!(halted(&at(Some(signed(&ours, 'a')), Some('a')), &trusted), None);
        // A signature of another note does not count for this one.
        let moved = HaltNote {
            signature: signed(&ours, 'c').signature,
            ..resumed('a')
        };
        for refused in [resumed('a'), signed(&other, 'a'), moved] {
            let words = halted(&at(Some(refused), Some('a')), &trusted).unwrap();
            assert!(
                words.ends_with("but that is not signed with a trusted key"),
                "{words}"
            );
        }
    }
}
