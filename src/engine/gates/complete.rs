//! Whether registries have every manifest and every blob of an image. A manifest that is there proves nothing of its blobs:
//! clean-ups and half-restored backups lose them one by one.

use super::{
    Answer, CandidateQuestion, DigestQuestion, Evaluate, GateRule, Moment, PromotionQuestion, RuleKind,
};
use crate::domain::{Digest, Gate, GateKind, Verdict, count, first};
use crate::engine::error::EngineError;
use crate::registry::{MissingContent, Reader, RegistryError};

/// How many parts are named; the others are counted.
const MAX_NAMED_PARTS: usize = 3;

/// A release is cut of an image that is all there.
pub(super) const AT_SOURCE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Complete),
    applies: |_, moment| moment == Moment::Cut,
    evaluate: Evaluate::Candidate(|question| Box::pin(at_source(question))),
};

/// What is promoted can be copied whole.
pub(super) const COPYABLE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Complete),
    applies: |_, moment| moment.is_promotion(),
    evaluate: Evaluate::Promotion(|question| Box::pin(copyable(question))),
};

/// What is deployed again is all there still.
pub(super) const IN_PLACE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Complete),
    applies: |_, moment| moment.is_rollback(),
    evaluate: Evaluate::Digest(|question| Box::pin(in_place(question))),
};

async fn in_place(question: &DigestQuestion<'_>) -> Option<Answer> {
    Some(verdict(question.reader, question.digest).await.into())
}

async fn at_source(question: &CandidateQuestion<'_>) -> Option<Answer> {
    let reader = question
        .engine
        .registries()
        .reader(&question.candidate.repository);
    Some(verdict(&reader, &question.candidate.image.digest).await.into())
}

/// Whether the repository has all of `digest`: one HEAD for each blob.
async fn verdict(reader: &Reader, digest: &Digest) -> Gate {
    let verdict = match reader.wholeness(digest).await {
        Ok(found) if found.is_whole() => Verdict::Allowed(format!(
            "{} and {} present",
            count(found.manifests, "manifest"),
            count(found.blobs, "blob")
        )),
        Ok(found) => Verdict::Refused(format!(
            "{} does not have {}",
            reader.repository(),
            named(&found.missing)
        )),
        Err(error) => Verdict::Unknown(error.to_string()),
    };
    Gate::new(GateKind::Complete, verdict)
}

/// Refuses to promote what cannot be copied whole: the source lacks a part of the image, and the target does not have it
/// either. None where nothing stands in the way.
async fn copyable(question: &PromotionQuestion<'_>) -> Option<Answer> {
    let (engine, candidate) = (question.engine, question.candidate);
    let source = engine.registries().reader(&candidate.repository);
    let missing = async {
        let target = candidate.service.environment(question.path.target).reader()?;
        Ok::<_, EngineError>(missing_at_both(&source, &target, &candidate.image.digest).await?)
    };
    let verdict = match missing.await {
        Ok(missing) if missing.is_empty() => return None,
        Ok(missing) => Verdict::Refused(format!(
            "{} does not have {}",
            source.repository(),
            named(&missing)
        )),
        Err(error) => Verdict::Unknown(error.to_string()),
    };
    Some(Gate::new(GateKind::Complete, verdict).into())
}

async fn missing_at_both(
    source: &Reader,
    target: &Reader,
    digest: &Digest,
) -> Result<Vec<MissingContent>, RegistryError> {
    let mut missing = Vec::new();
    for part in source.wholeness(digest).await?.missing {
        // A copy reads every manifest at the source; of the blobs, it reads those that the target lacks.
        if !part.is_blob || !target.has_blob(&part.digest).await? {
            missing.push(part);
        }
    }
    Ok(missing)
}

fn named(missing: &[MissingContent]) -> String {
    first(missing.iter(), MAX_NAMED_PARTS)
}
