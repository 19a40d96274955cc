//! Whether the candidate's commit was made on a hotfix branch: no other may take the hotfix path.

use super::{Answer, Evaluate, GateRule, PromotionQuestion, RuleKind};
use crate::domain::{Gate, GateKind, Verdict};
use crate::engine::Engine;
use crate::engine::candidate::Candidate;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Hotfix),
    applies: |settings, moment| moment.is_promotion() && settings.is_hotfix,
    evaluate: Evaluate::Promotion(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &PromotionQuestion<'_>) -> Option<Answer> {
    let verdict = verdict(question.engine, question.candidate).await;
    Some(Gate::new(GateKind::Hotfix, verdict).into())
}

async fn verdict(engine: &Engine, candidate: &Candidate) -> Verdict {
    let Some(commit) = candidate.commit.clone() else {
        return Verdict::Unknown("the commit of this image is unknown".to_owned());
    };
    let (names, short) = (engine.names_of(&candidate.service), commit.short().to_owned());
    let reading = async {
        let released = engine.released().await?.commits();
        let asking = engine.git(move |repository| repository.hotfix_of(&commit, &names, &released));
        asking.await
    };
    match reading.await {
        Ok(Some(branch)) => Verdict::Allowed(format!("{short} was made on {branch}")),
        Ok(None) => Verdict::Refused(format!(
            "{short} is not on a hotfix branch; the hotfix path is only for commits of hotfix branches"
        )),
        Err(error) => Verdict::Unknown(error.brief()),
    }
}
