//! Whether the programs that verify images at the target will admit the candidate, as it will be signed there.

use super::{Answer, CandidateQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, Verdict, count};
use crate::engine::error::EngineError;
use crate::engine::verifiers::Preflight;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Verifiers),
    applies: |settings, moment| {
        let is_asked = moment.is_promotion() || moment == Moment::Next;
        is_asked
            && settings
                .target
                .is_some_and(|target| !target.signatures.verifiers.is_empty())
    },
    evaluate: Evaluate::Candidate(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &CandidateQuestion<'_>) -> Option<Answer> {
    question.target?;
    let gate = match predict(question).await {
        Ok(preflight) => {
            let notes = attested(&preflight);
            Gate::new(GateKind::Verifiers, verdict(&preflight)).with_notes(notes)
        }
        Err(error) => Gate::new(
            GateKind::Verifiers,
            Verdict::Unknown(format!("cannot tell what will verify it: {}", error.brief())),
        ),
    };
    Some(gate.into())
}

async fn predict(question: &CandidateQuestion<'_>) -> Result<Preflight, EngineError> {
    let candidate = question.candidate;
    let reader = candidate.service.environment(question.source).reader()?;
    let target = question.target.unwrap_or(question.source);
    let (service, digest) = (&candidate.service, &candidate.image.digest);
    question.engine.predict(service, &reader, digest, target).await
}

fn verdict(preflight: &Preflight) -> Verdict {
    let refused: Vec<_> = preflight
        .verifiers
        .iter()
        .filter_map(|one| Some(format!("{}: {}", one.verifier, one.signature.as_ref()?)))
        .collect();
    if !refused.is_empty() {
        return Verdict::Refused(format!("will not be admitted by {}", refused.join("; ")));
    }
    let forms = preflight.signed.map_or("", |signed| signed.forms.words());
    let names: Vec<_> = preflight
        .verifiers
        .iter()
        .map(|one| one.verifier.to_string())
        .collect();
    match names.len() {
        0..=2 => Verdict::Allowed(format!("{} will admit it, signed {forms}", names.join(" and "))),
        more => Verdict::Allowed(format!(
            "{} will admit it, signed {forms}",
            count(more, "verifier")
        )),
    }
}

/// Which of them would not find an attestation.
fn attested(preflight: &Preflight) -> Vec<String> {
    let admitting = preflight.verifiers.iter().filter(|one| one.signature.is_none());
    admitting
        .filter_map(|one| {
            let why = one.attestation.as_ref()?;
            Some(format!("{} would find no attestation: {why}", one.verifier))
        })
        .collect()
}
