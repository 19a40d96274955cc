//! Whether an image carries the signature that its environment requires.

use std::path::Path;

use super::{Answer, CandidateQuestion, DigestQuestion, Evaluate, GateRule, RuleKind};
use crate::domain::{Digest, Gate, GateKind, Verdict};
use crate::registry::Reader;
use crate::sign::{self, SignError};

/// Of what goes to another environment.
pub(super) const OF_CANDIDATE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Signature),
    applies: |settings, moment| {
        moment.judges_candidate() && settings.target.is_some() && settings.source.verify_key.is_some()
    },
    evaluate: Evaluate::Candidate(|question| Box::pin(evaluate(question))),
};

/// Of what is deployed again where it was before.
pub(super) const IN_PLACE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Signature),
    applies: |settings, moment| moment.is_rollback() && settings.source.verify_key.is_some(),
    evaluate: Evaluate::Digest(|question| Box::pin(in_place(question))),
};

async fn in_place(question: &DigestQuestion<'_>) -> Option<Answer> {
    let name = &question.environment.name;
    let key = question.engine.settings(name).ok()?.verify_key.as_deref()?;
    let signed = format!("signed by the key of {name}");
    Some(
        verify(question.reader, question.digest, key, &signed)
            .await
            .into(),
    )
}

async fn evaluate(question: &CandidateQuestion<'_>) -> Option<Answer> {
    let settings = question.engine.settings(&question.source.name).ok()?;
    let key = settings.verify_key.as_deref()?;
    let reader = question
        .engine
        .registries()
        .reader(&question.candidate.repository);
    let digest = &question.candidate.image.digest;
    let gate = verify(&reader, digest, key, "signed with the key of its environment").await;
    Some(gate.into())
}

/// Whether `digest` is signed with the key at `path`; `signed` says so in words.
async fn verify(reader: &Reader, digest: &Digest, path: &Path, signed: &str) -> Gate {
    let verdict = match sign::PublicKey::load(path) {
        Err(error) => Verdict::Unknown(error.to_string()),
        Ok(key) => match sign::verify(reader, digest, &key).await {
            Ok(_) => Verdict::Allowed(signed.to_owned()),
            Err(SignError::Registry(error)) => Verdict::Unknown(error.to_string()),
            Err(error) => Verdict::Refused(error.to_string()),
        },
    };
    Gate::new(GateKind::Signature, verdict)
}
