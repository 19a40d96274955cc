//! Whether the candidate is the one that is bound to the head of its release, and a build the one that it is for.

use std::future::ready;

use super::{Answer, BuildQuestion, Evaluate, GateRule, Moment, PromotionQuestion, RuleKind};
use crate::catalog;
use crate::domain::{CommitSha, Gate, GateKind, Tag, Target, Verdict};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::git::ReleaseLine;
use crate::project::Service;

/// How many newer commits of a release are asked for an image.
const MAX_NEWER_COMMITS: usize = 20;

/// Of a promotion.
pub(super) const OF_PROMOTION: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Release),
    applies: |_, moment| moment.is_promotion(),
    evaluate: Evaluate::Promotion(|question| Box::pin(evaluate(question))),
};

/// Of a build, where releases are built anew.
pub(super) const OF_BUILD: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Release),
    applies: |_, moment| moment == Moment::Build,
    evaluate: Evaluate::Build(|question| Box::pin(ready(of_build(question)))),
};

fn of_build(question: &BuildQuestion<'_>) -> Option<Answer> {
    let verdict = question.release?.clone();
    Some(Gate::new(GateKind::Release, verdict).into())
}

/// None where the candidate lies on no open release.
async fn evaluate(question: &PromotionQuestion<'_>) -> Option<Answer> {
    let (engine, candidate) = (question.engine, question.candidate);
    let commit = candidate.commit.clone()?;
    engine.repository()?;
    let names = engine.names_of(&candidate.service);
    let reading = engine.git(move |repository| repository.open_releases_of(&commit, &names));
    let gate = |verdict| Gate::new(GateKind::Release, verdict);
    let lines = match reading.await {
        Ok(lines) => lines,
        Err(error) => return Some(gate(Verdict::Unknown(error.brief())).into()),
    };
    let first = lines.first()?;
    for line in &lines {
        let (newer, tag) = match bound(engine, &candidate.service, line).await {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                let unknown = format!(
                    "cannot tell which candidate {} is bound to: {}",
                    line.branch,
                    error.brief()
                );
                return Some(gate(Verdict::Unknown(unknown)).into());
            }
        };
        let older = format!(
            "{} is older than the head of {}: {tag}, the image of {}, is the candidate of the release",
            candidate.tag,
            line.branch,
            newer.short()
        );
        return Some(gate(Verdict::Refused(older)).or_by_reason().into());
    }
    let is_head = first.newer.is_empty();
    let words = if is_head {
        format!("is the head of {}", first.branch)
    } else {
        format!("is the newest commit of {} with an image", first.branch)
    };
    Some(gate(Verdict::Allowed(format!("{} {words}", candidate.tag))).into())
}

/// The newest commit of `line` after the candidate's that has an image where builds go to, with the tag of it.
async fn bound(
    engine: &Engine,
    service: &Service,
    line: &ReleaseLine,
) -> Result<Option<(CommitSha, Tag)>, EngineError> {
    let entrance = engine.config().graph.entrance();
    for commit in line.newer.iter().take(MAX_NEWER_COMMITS) {
        let tags = catalog::commit_tags(engine.config(), commit)?;
        let targets: Vec<_> = tags.into_iter().map(Target::Tag).collect();
        if let Some(Target::Tag(tag)) = catalog::find(service, &targets, [entrance])
            .await?
            .map(|one| one.target)
        {
            return Ok(Some((commit.clone(), tag)));
        }
    }
    Ok(None)
}
