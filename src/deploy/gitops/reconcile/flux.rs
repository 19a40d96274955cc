//! What a Kustomization of Flux says of a commit.

use serde_json::Value;

use super::verdict::{Verdict, commit_in, reason, text};
use crate::domain::CommitSha;

/// Reasons of a Kustomization that is not ready and goes on by itself.
const GOES_ON: [&str; 4] = [
    "DependencyNotReady",
    "Progressing",
    "ProgressingWithRetry",
    "ArtifactFailed",
];

/// What a Kustomization says whose path is not in its source. It has this reason also while it waits for a source, and does not say
/// which commit it looked at.
const NO_PATH: &str = "kustomization path not found";

/// How far a Kustomization is; `contains` says whether a commit is the deployed one, or comes after it.
///
/// Ready counts only if it is of this generation, and a failure only if it is about a commit that has the deployed one, and not
/// older than what it was asked for.
pub(super) fn judge(object: &Value, contains: &dyn Fn(&CommitSha) -> bool) -> Verdict {
    if object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
        return Verdict::Failed("it is suspended, so that it applies nothing".to_owned());
    }
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64).unwrap_or(0);
    let generation = number("/metadata/generation").max(1);
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    // One that fails says only in its condition which generation that is about.
    let ready = conditions.into_iter().flatten().find(|condition| {
        let of_condition = condition.get("observedGeneration").and_then(Value::as_i64);
        let observed = of_condition.filter(|observed| *observed != 0);
        let observed = observed.unwrap_or_else(|| number("/status/observedGeneration"));
        text(condition, "/type") == "Ready" && observed == generation
    });
    let Some(ready) = ready else {
        return Verdict::Waiting("its newest settings are not observed yet".to_owned());
    };
    let asked = text(object, "/metadata/annotations/reconcile.fluxcd.io~1requestedAt");
    let has_looked = asked.is_empty() || asked == text(object, "/status/lastHandledReconcileAt");
    let words = reason(&text(ready, "/reason"), &text(ready, "/message"));
    let has = |path: &str| {
        let revision = text(object, path);
        (
            commit_in(&revision).is_some_and(|commit| contains(&commit)),
            revision,
        )
    };
    let (applied, revision) = has("/status/lastAppliedRevision");
    let (attempted, _) = has("/status/lastAttemptedRevision");
    match text(ready, "/status").as_str() {
        "True" if applied => Verdict::Done(revision),
        "True" => Verdict::Waiting(format!("it has applied {revision}")),
        "False" if has_looked && text(ready, "/message").starts_with(NO_PATH) => Verdict::NoPath {
            asked: text(object, "/status/lastHandledReconcileAt"),
            why: words,
        },
        "False" if attempted && has_looked && !GOES_ON.contains(&text(ready, "/reason").as_str()) => {
            Verdict::Failed(words)
        }
        _ => Verdict::Waiting(words),
    }
}
