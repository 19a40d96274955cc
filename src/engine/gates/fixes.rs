//! Whether a promotion to production would undo a fix that is deployed there: a hotfix that was never merged back, above all.

use super::{Answer, Evaluate, GateRule, PromotionQuestion, RuleKind};
use crate::domain::{ChangeKind, CommitSha, EnvironmentName, Gate, GateKind, Verdict, count};
use crate::engine::error::EngineError;
use crate::git::{Fix, GitError, GitRepository, Reach};

/// Only of the environment that releases are for: the ones before it go to and fro.
pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Fixes),
    applies: |settings, moment| moment.is_promotion() && settings.is_production,
    evaluate: Evaluate::Promotion(|question| Box::pin(evaluate(question))),
};

/// None where no commit is known to run.
async fn evaluate(question: &PromotionQuestion<'_>) -> Option<Answer> {
    let commit = question.candidate.commit.clone()?;
    question.engine.repository()?;
    let verdict = match judge(question, commit).await {
        Ok(verdict) => verdict?,
        Err(error) => {
            let hint = error.hint().map_or_else(String::new, |hint| format!("; {hint}"));
            Verdict::Unknown(format!(
                "cannot tell whether a fix deployed to {} is missing from it: {}{hint}",
                question.path.target.name,
                error.brief()
            ))
        }
    };
    let gate = Gate::new(GateKind::Fixes, verdict).with_notes(question.path.present_note());
    Some(gate.or_by_reason().into())
}

/// What is to be said of `commit` by what the target has now; nothing where no commit is known of that.
async fn judge(question: &PromotionQuestion<'_>, commit: CommitSha) -> Result<Option<Verdict>, EngineError> {
    let (engine, candidate, target) = (question.engine, question.candidate, &question.path.target.name);
    let Some((_, Some(deployed))) = question.path.present_commit(&candidate.service).await? else {
        return Ok(None);
    };
    let name = target.clone();
    let asking = engine.git(move |repository| verdict(repository, &name, &deployed, &commit));
    asking.await.map(Some)
}

/// Whether all of `deployed`, which `target` has, is in `commit`: by ancestry, by its patches, or by its content.
fn verdict(
    repository: &GitRepository,
    target: &EnvironmentName,
    deployed: &CommitSha,
    commit: &CommitSha,
) -> Result<Verdict, GitError> {
    // What an older candidate takes back is counted by the gate `downgrade`, which asks for a reason.
    if commit != deployed && repository.contains(deployed, commit)? {
        return Ok(Verdict::Allowed(format!(
            "it is older than what is deployed to {target}; see downgrade"
        )));
    }
    let all = Fix {
        head: deployed.clone(),
        base: None,
    };
    let reached = repository.reach(&[all], commit)?;
    let missing = match reached.first() {
        Some(Reach::Reverted { by, .. }) => {
            let revert = repository.commit(by.as_str())?;
            return Ok(Verdict::Refused(format!(
                "{} ({}) reverts what is deployed to {target}",
                revert.sha.short(),
                revert.subject
            )));
        }
        Some(Reach::Missing(missing)) => missing,
        _ => return reverted_fix(repository, target, deployed, commit),
    };
    let newest = repository.commit(missing.first().unwrap_or(deployed).as_str())?;
    let named = format!("{} ({})", newest.sha.short(), newest.subject);
    let has = format!("{target} has {} deployed", deployed.short());
    Ok(Verdict::Refused(match missing.len() {
        0 | 1 if newest.sha == *deployed => {
            format!(
                "this candidate lacks {named}, which is deployed to {target}; promoting it would revert that fix"
            )
        }
        0 | 1 => {
            format!("{has} with {named}, which this candidate lacks; promoting it would revert that fix")
        }
        n => format!(
            "{has} with {} that this candidate lacks, the newest {named}; promoting it would revert them",
            count(n, "commit")
        ),
    }))
}

/// Whether `commit`, which has all of `deployed` in its past, has reverted a fix of it. That somebody reverts something else
/// that is deployed is how features are taken back.
fn reverted_fix(
    repository: &GitRepository,
    target: &EnvironmentName,
    deployed: &CommitSha,
    commit: &CommitSha,
) -> Result<Verdict, GitError> {
    for (revert, taken) in repository.reverts_of(deployed, commit)? {
        let message = repository.message(&taken)?;
        if ChangeKind::of_message(&message) == ChangeKind::Fix {
            let fix = repository.commit(taken.as_str())?;
            return Ok(Verdict::Refused(format!(
                "{} ({}) is deployed to {target}, and {} reverts it",
                fix.sha.short(),
                fix.subject,
                revert.short()
            )));
        }
    }
    Ok(Verdict::Allowed(format!(
        "it contains everything that is deployed to {target}"
    )))
}
