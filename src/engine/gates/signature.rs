//! Whether an image carries the signature that its environment requires.

use super::{Answer, CandidateQuestion, DigestQuestion, Evaluate, GateRule, RuleKind};
use crate::config::VerifySettings;
use crate::domain::{Digest, Gate, GateKind, Verdict};
use crate::engine::trusted::trusted_signer;
use crate::registry::Reader;
use crate::sign::{self, SignError};

/// Of what goes to another environment.
pub(super) const OF_CANDIDATE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Signature),
    applies: |settings, moment| {
        moment.judges_candidate() && settings.target.is_some() && settings.source.verify.is_some()
    },
    evaluate: Evaluate::Candidate(|question| Box::pin(evaluate(question))),
};

/// Of what is deployed again where it was before.
pub(super) const IN_PLACE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Signature),
    applies: |settings, moment| moment.is_rollback() && settings.source.verify.is_some(),
    evaluate: Evaluate::Digest(|question| Box::pin(in_place(question))),
};

async fn in_place(question: &DigestQuestion<'_>) -> Option<Answer> {
    let name = &question.environment.name;
    let wanted = question.engine.settings(name).ok()?.verify.as_ref()?;
    let signed = match wanted {
        VerifySettings::Key(_) => format!("signed by the key of {name}"),
        VerifySettings::Identity { .. } => format!("signed {}", wanted.words()),
    };
    Some(
        verify(question.reader, question.digest, wanted, &signed)
            .await
            .into(),
    )
}

async fn evaluate(question: &CandidateQuestion<'_>) -> Option<Answer> {
    let settings = question.engine.settings(&question.source.name).ok()?;
    let wanted = settings.verify.as_ref()?;
    let signed = match wanted {
        VerifySettings::Key(_) => "signed with the key of its environment".to_owned(),
        VerifySettings::Identity { .. } => format!("signed {}", wanted.words()),
    };
    let reader = question
        .engine
        .registries()
        .reader(&question.candidate.repository);
    let digest = &question.candidate.image.digest;
    let gate = verify(&reader, digest, wanted, &signed).await;
    Some(gate.into())
}

/// Whether `digest` is signed as it has to be; `signed` says so in words.
async fn verify(reader: &Reader, digest: &Digest, wanted: &VerifySettings, signed: &str) -> Gate {
    let verdict = match trusted_signer(wanted) {
        Err(error) => Verdict::Unknown(error.to_string()),
        Ok(trusted) => match sign::verify(reader, digest, &trusted).await {
            Ok(_) => Verdict::Allowed(signed.to_owned()),
            Err(SignError::Registry(error)) => Verdict::Unknown(error.to_string()),
            Err(error) => Verdict::Refused(error.to_string()),
        },
    };
    Gate::new(GateKind::Signature, verdict)
}
