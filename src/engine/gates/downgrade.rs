//! Whether a promotion takes commits back: its candidate is older than what is deployed to the target.

use super::{Answer, Evaluate, GateRule, PromotionQuestion, RuleKind};
use crate::domain::{ChangeKind, CommitSha, Environment, Gate, GateKind, Verdict, count};
use crate::engine::error::EngineError;
use crate::git::{GitError, GitRepository};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Downgrade),
    applies: |_, moment| moment.is_promotion(),
    evaluate: Evaluate::Promotion(|question| Box::pin(evaluate(question))),
};

/// None where nothing is taken back. Environments that are not protected may go back as they like; it is noted there.
async fn evaluate(question: &PromotionQuestion<'_>) -> Option<Answer> {
    let commit = question.candidate.commit.clone()?;
    question.engine.repository()?;
    let target = question.path.target;
    let verdict = match judge(question, commit).await {
        Ok(verdict) => verdict?,
        Err(error) if target.protected => {
            let hint = error.hint().map_or_else(String::new, |hint| format!("; {hint}"));
            Verdict::Unknown(format!(
                "cannot tell whether it is older than what is deployed to {}: {}{hint}",
                target.name,
                error.brief()
            ))
        }
        Err(_) => return None,
    };
    let gate = Gate::new(GateKind::Downgrade, verdict).with_notes(question.path.present_note());
    Some(gate.or_by_reason().into())
}

/// What is to be said of `commit` by what the target has now; nothing where it takes nothing back.
async fn judge(question: &PromotionQuestion<'_>, commit: CommitSha) -> Result<Option<Verdict>, EngineError> {
    let (engine, candidate, target) = (question.engine, question.candidate, question.path.target);
    let Some((present, built_from)) = question.path.present_commit(&candidate.service).await? else {
        return Ok(None);
    };
    let deployed = &present.current;
    if deployed.digest == candidate.image.digest {
        return Ok(None);
    }
    let Some(built_from) = built_from else {
        return Ok(target.protected.then(|| {
            Verdict::Unknown(format!(
                "the image deployed to {} ({}) does not name the commit it was built from",
                target.name,
                deployed.digest.short()
            ))
        }));
    };
    let environment = target.clone();
    let comparing = engine.git(move |repository| taken_back(repository, &environment, &built_from, &commit));
    comparing.await
}

/// The commits of `deployed` that an older `commit` takes back, counted.
fn taken_back(
    repository: &GitRepository,
    target: &Environment,
    deployed: &CommitSha,
    commit: &CommitSha,
) -> Result<Option<Verdict>, GitError> {
    if commit == deployed || !repository.contains(deployed, commit)? {
        return Ok(None);
    }
    let (changes, all) = repository.changes(commit, deployed, usize::MAX)?;
    let fixes = changes
        .iter()
        .filter(|change| ChangeKind::of_message(&change.message) == ChangeKind::Fix)
        .count();
    let fixes = if fixes == 0 {
        String::new()
    } else {
        format!(", {}", plural(fixes, "fix", "fixes"))
    };
    let name = &target.name;
    let takes_back = format!(
        "{} is deployed to {name}: this would take back {}{fixes}; to go back, use `windlass rollback {name}`",
        deployed.short(),
        count(all, "commit")
    );
    Ok(Some(if target.protected {
        Verdict::Refused(takes_back)
    } else {
        Verdict::Allowed(takes_back)
    }))
}

fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
