//! Whether the scan reports of an image satisfy the policy of the environment that it is to go to.

use jiff::Timestamp;

use super::{Answer, CandidateQuestion, DigestQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, Verdict};
use crate::engine::scan::Admission;

/// Of what goes to another environment.
pub(super) const OF_CANDIDATE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Scan),
    applies: |settings, moment| {
        moment.judges_candidate() && settings.target.is_some_and(|target| target.scan.is_some())
    },
    evaluate: Evaluate::Candidate(|question| Box::pin(evaluate(question))),
};

/// Of what is deployed again where it was before.
pub(super) const IN_PLACE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Scan),
    applies: |settings, moment| moment.is_rollback() && settings.source.scan.is_some(),
    evaluate: Evaluate::Digest(|question| Box::pin(in_place(question))),
};

async fn evaluate(question: &CandidateQuestion<'_>) -> Option<Answer> {
    let target = &question.target?.name;
    let policy = question.engine.settings(target).ok()?.scan.as_ref()?;
    let admission = match question.moment {
        Moment::Cut | Moment::Plan | Moment::Run => Admission::Scan,
        _ => Admission::Preview,
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
            approvals: Vec::new(),
        },
        Err(error) => Gate::new(GateKind::Scan, Verdict::Unknown(error.brief())).into(),
    })
}

/// What the reports that are attached to a digest say under the rules of now, where it was deployed before.
async fn in_place(question: &DigestQuestion<'_>) -> Option<Answer> {
    let DigestQuestion {
        engine,
        service,
        environment,
        reader,
        digest,
    } = question;
    let judging = async {
        let summary = reader.image(digest).await?;
        let evidence = engine
            .attached(reader, digest, &summary, Some(&environment.name))
            .await?;
        engine.judged(service, &environment.name, &evidence, Timestamp::now())
    };
    let gate = match judging.await {
        Ok(judgement) => Gate::new(GateKind::Scan, judgement.verdict).with_notes(judgement.notes),
        Err(error) => Gate::new(GateKind::Scan, Verdict::Unknown(error.brief())),
    };
    Some(gate.into())
}
