//! The gates of a promotion, each evaluated from evidence in the registry, each with its reason.

use crate::domain::{Digest, Environment, Gate, GateKind, GateRecord, Verdict, stands_for};
use crate::engine::Engine;
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::exception::SkippedGates;
use crate::engine::scan::Admission;
use crate::engine::{completeness, pin};
use crate::scan::FreshScan;
use crate::sign::{self, SignError};

use super::promotion_path::PromotionPath;

/// What the gates of a promotion say.
pub(in crate::engine) struct Evaluation {
    /// Every gate with its verdict.
    pub gates: Vec<Gate>,
    /// What the scan gate's verdict rests on, where there is a scan gate and evidence.
    pub record: Option<GateRecord>,
    /// The scan that was made for it, if one was.
    pub fresh: Option<FreshScan>,
    /// What was passed over, where the way is an exception.
    pub passed: Option<SkippedGates>,
}

/// Asks every gate between `source` and `target`. What cannot be evaluated is unknown, which refuses; an error
/// is returned only where the question itself makes no sense.
pub(in crate::engine) async fn evaluate(
    engine: &Engine,
    candidate: &Candidate,
    source: &Environment,
    target: &Environment,
    admission: Admission,
) -> Result<Evaluation, EngineError> {
    let mut evaluation = Evaluation {
        gates: vec![revision_gate(candidate)],
        record: None,
        fresh: None,
        passed: None,
    };
    if let Some(policy) = &engine.settings(&target.name)?.scan {
        let judged = engine.scan_gate(policy, candidate, &target.name, admission).await;
        evaluation.gates.push(judged.gate);
        evaluation.record = judged.record;
        evaluation.fresh = judged.fresh;
    }
    if let Some(key) = &engine.settings(&source.name)?.verify_key {
        let verdict = signature(engine, candidate, key).await;
        evaluation.gates.push(Gate::new(GateKind::Signature, verdict));
    }
    Ok(evaluation)
}

/// Asks every gate of a promotion on its way: those between its environments, whether a pin holds the target, and what
/// the way itself asks.
pub(super) async fn on_the_way(
    engine: &Engine,
    candidate: &Candidate,
    way: &PromotionPath<'_>,
    admission: Admission,
) -> Result<Evaluation, EngineError> {
    let digest = &candidate.image.digest;
    let target = engine.repository_of(&candidate.service, way.target)?;
    let (source, target) = (
        engine.registries().reader(&candidate.repository),
        engine.registries().reader(&target),
    );
    // On the heap: the stack of a plan is deep already.
    let evaluating = Box::pin(evaluate(engine, candidate, way.source, way.target, admission));
    let looking = Box::pin(completeness::promotion_gate(&source, &target, digest));
    let (mut evaluation, incomplete, pin) =
        tokio::try_join!(evaluating, async { Ok(looking.await) }, async {
            Ok(pin::gate(engine, &candidate.service, way.target, digest).await)
        },)?;
    evaluation.gates.extend(incomplete);
    evaluation.gates.push(pin);
    way.judge(engine, candidate, &mut evaluation).await;
    Ok(evaluation)
}

impl Evaluation {
    /// Adds what changed since the last gate and against what runs in `target` to the notes of the scan gate.
    pub(super) async fn compare(
        &mut self,
        engine: &Engine,
        candidate: &Candidate,
        target: &Environment,
        running: Option<&Digest>,
    ) {
        let gate = self.gates.iter_mut().find(|gate| gate.kind == GateKind::Scan);
        if let (Some(record), Some(gate)) = (&self.record, gate) {
            let mut lines = engine.compared(record, candidate, target, running).await;
            gate.notes.append(&mut lines);
        }
    }
}

/// The gate on what the image says of itself.
pub(in crate::engine) fn revision_gate(candidate: &Candidate) -> Gate {
    Gate::new(GateKind::Revision, revision(candidate))
}

/// Whether tag, commit and the image's own word agree.
fn revision(candidate: &Candidate) -> Verdict {
    if let Some(disagreement) = &candidate.summary.disagreement {
        return Verdict::Refused(format!(
            "the platforms of {} were not built from one commit: {disagreement}",
            candidate.tag
        ));
    }
    match (&candidate.commit, &candidate.revision) {
        (Some(commit), Some(revision)) if commit == revision => {
            if candidate.summary.revision.is_none() {
                return Verdict::Allowed(format!(
                    "the image has no revision label; its tag {} names {}, as `image_revision = \"tag\"` allows",
                    candidate.tag,
                    commit.short()
                ));
            }
            let of = format!("built from {}", commit.short());
            Verdict::Allowed(match stands_for(&candidate.summary.labels) {
                Some(other) => format!("{of}, a rebuild of {} for a release", other.short()),
                None => of,
            })
        }
        (Some(commit), Some(revision)) => Verdict::Refused(format!(
            "{} should be the image of {}, but was built from {}: the tag was moved or pushed by mistake",
            candidate.tag,
            commit.short(),
            revision.short()
        )),
        (_, None) => Verdict::Unknown(
            "the image has no org.opencontainers.image.revision label, so nothing ties it to a commit: set the \
             label in the build, or use the tag instead with `image_revision = \"tag\"` in [git]"
                .to_owned(),
        ),
        (None, Some(_)) => Verdict::Unknown("the commit of this tag is unknown here".to_owned()),
    }
}

/// Whether the image carries the signature that its present environment asks for.
async fn signature(engine: &Engine, candidate: &Candidate, key: &std::path::Path) -> Verdict {
    let reader = engine.registries().reader(&candidate.repository);
    let key = match sign::PublicKey::load(key) {
        Ok(key) => key,
        Err(error) => return Verdict::Unknown(error.to_string()),
    };
    match sign::verify(&reader, &candidate.image.digest, &key).await {
        Ok(_) => Verdict::Allowed("signed with the key of its environment".to_owned()),
        Err(SignError::Registry(error)) => Verdict::Unknown(error.to_string()),
        Err(error) => Verdict::Refused(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CommitSha, Digest};
    use crate::registry::{Descriptor, ImageSummary};

    fn candidate(commit: Option<&str>, revision: Option<&str>) -> Candidate {
        let sha = |c: &str| c.repeat(40).parse::<CommitSha>().unwrap();
        Candidate {
            service: "a".parse().unwrap(),
            repository: "localhost:1/dev/a".parse().unwrap(),
            image: Descriptor::new("application/vnd.oci.image.index.v1+json", Digest::of(b"x"), 1),
            summary: ImageSummary {
                revision: revision.map(|c| c.repeat(40)),
                ..ImageSummary::default()
            },
            tag: "sha-aaaaaaa".parse().unwrap(),
            commit: commit.map(sha),
            revision: revision.map(sha),
        }
    }

    #[test]
    fn an_image_of_another_commit_is_refused_and_one_without_a_label_is_unknown() {
        assert!(revision(&candidate(Some("a"), Some("a"))).allows());
        let moved = revision(&candidate(Some("a"), Some("b")));
        assert_eq!(moved.word(), "refused");
        assert!(
            moved.reason().contains("built from bbbbbbb"),
            "{}",
            moved.reason()
        );
        let unlabelled = revision(&candidate(Some("a"), None));
        assert_eq!(unlabelled.word(), "unknown");
        assert!(
            unlabelled.reason().contains("image_revision"),
            "{}",
            unlabelled.reason()
        );
    }

    #[test]
    fn a_tag_that_stands_for_the_label_is_said_to() {
        let mut by_tag = candidate(Some("a"), Some("a"));
        by_tag.summary.revision = None;
        let verdict = revision(&by_tag);
        assert!(verdict.allows());
        assert!(
            verdict.reason().contains("its tag sha-aaaaaaa names aaaaaaa"),
            "{}",
            verdict.reason()
        );
    }
}
