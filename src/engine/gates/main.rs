//! How what is deployed differs from main: told, because most people begin at main, and deciding nothing.

use super::{Answer, BranchQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, Verdict, count};
use crate::engine::error::EngineError;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Main),
    applies: |_, moment| moment == Moment::Hotfix,
    evaluate: Evaluate::Branch(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &BranchQuestion<'_>) -> Option<Answer> {
    let verdict = match difference(question).await {
        Ok(words) => Verdict::Allowed(words),
        Err(error) => Verdict::Unknown(error.brief()),
    };
    Some(Gate::new(GateKind::Main, verdict).into())
}

async fn difference(question: &BranchQuestion<'_>) -> Result<String, EngineError> {
    let (engine, commit) = (question.engine, question.commit);
    let branch = &engine.config().git.main;
    let Some(main) = question.upstream.branch(branch) else {
        return Ok(format!("{} has no branch {branch}", engine.config().git.remote));
    };
    let (sha, tip) = (commit.clone(), main.clone());
    let (ahead, lacking) = engine
        .git(move |repository| {
            let (_, ahead) = repository.changes(&sha, &tip, 0)?;
            let (_, lacking) = repository.changes(&tip, &sha, 0)?;
            Ok((ahead, lacking))
        })
        .await?;
    Ok(match (ahead, lacking) {
        (0, 0) => format!("{branch} is at the same commit"),
        (ahead, 0) => format!(
            "{branch} is {} ahead of what is deployed: the hotfix starts without them",
            count(ahead, "commit")
        ),
        (0, lacking) => format!("{branch} lacks {} of what is deployed", count(lacking, "commit")),
        (ahead, lacking) => format!(
            "{branch} has {} that are not deployed, and lacks {} that are",
            count(ahead, "commit"),
            count(lacking, "commit")
        ),
    })
}
