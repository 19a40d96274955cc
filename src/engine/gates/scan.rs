//! Whether the scan reports of an image satisfy the policy of the environment that it is to go to.

use jiff::Timestamp;

use super::{Answer, CandidateQuestion, Evaluate, GateRule, Moment};
use crate::domain::{Digest, Environment, Gate, GateKind, Verdict};
use crate::engine::Engine;
use crate::engine::scan::Admission;
use crate::project::Service;
use crate::registry::Reader;

pub(super) const RULE: GateRule = GateRule {
    kind: GateKind::Scan,
    applies: |settings, moment| {
        moment.judges_candidate() && settings.target.is_some_and(|target| target.scan.is_some())
    },
    evaluate: Evaluate::Candidate(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &CandidateQuestion<'_>) -> Option<Answer> {
    let target = &question.target?.name;
    let policy = question.engine.settings(target).ok()?.scan.as_ref()?;
    let admission = match question.moment {
        Moment::Preview | Moment::Unpin | Moment::Hotfix => Admission::Preview,
        Moment::Cut | Moment::Plan | Moment::Run => Admission::Scan,
    };
    let judged = question
        .engine
        .judge(policy, question.candidate, target, admission)
        .await;
    Some(match judged {
        Ok(judged) => Answer {
            gate: Gate::new(GateKind::Scan, judged.verdict).with_notes(judged.notes),
            record: Some(judged.record),
            fresh: judged.fresh,
        },
        Err(error) => Gate::new(GateKind::Scan, Verdict::Unknown(error.brief())).into(),
    })
}

/// What the reports that are attached to `digest` say under the rules of now, where it was deployed before; none where the
/// environment has no rules.
pub(in crate::engine) async fn of_digest(
    engine: &Engine,
    service: &Service,
    environment: &Environment,
    reader: &Reader,
    digest: &Digest,
) -> Option<Gate> {
    engine.settings(&environment.name).ok()?.scan.as_ref()?;
    let judging = async {
        let summary = reader.image(digest).await?;
        let evidence = engine
            .attached(reader, digest, &summary, Some(&environment.name))
            .await?;
        engine.judged(service, &environment.name, &evidence, Timestamp::now())
    };
    Some(match judging.await {
        Ok(judgement) => Gate::new(GateKind::Scan, judgement.verdict).with_notes(judgement.notes),
        Err(error) => Gate::new(GateKind::Scan, Verdict::Unknown(error.brief())),
    })
}
