//! What an Application of Argo CD says of a commit.

use jiff::Timestamp;
use serde_json::Value;

use super::verdict::{Verdict, commit_in, reason, text};
use crate::domain::CommitSha;

/// What is remembered of an Application from one look to the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Whether it was something else than degraded with this commit: one that was degraded before may recover.
    was_not_degraded: bool,
}

/// How far an Application is; `contains` says whether a commit is the deployed one, or comes after it.
///
/// Its health may be older than what the sync did: it counts only if the Application was reconciled after the operation ended.
pub(super) fn judge(object: &Value, seen: &mut Seen, contains: &dyn Fn(&CommitSha) -> bool) -> Verdict {
    if object
        .get("operation")
        .is_some_and(|operation| !operation.is_null())
    {
        return Verdict::Waiting("a sync is requested".to_owned());
    }
    let has = |one: &str, many: &str| {
        let single = text(object, one);
        let several = object.pointer(many).and_then(Value::as_array);
        let several = several
            .into_iter()
            .flatten()
            .filter_map(|revision| revision.as_str());
        std::iter::once(single.as_str())
            .chain(several)
            .filter_map(commit_in)
            .any(|commit| contains(&commit))
    };
    let (phase, message) = (
        text(object, "/status/operationState/phase"),
        text(object, "/status/operationState/message"),
    );
    if matches!(phase.as_str(), "Running" | "Terminating") {
        return Verdict::Waiting(reason(&phase, &message));
    }
    let is_operation_ours = has(
        "/status/operationState/syncResult/revision",
        "/status/operationState/syncResult/revisions",
    );
    if matches!(phase.as_str(), "Failed" | "Error") && is_operation_ours {
        return Verdict::Failed(reason(&phase, &message));
    }
    let (sync, revision) = (
        text(object, "/status/sync/status"),
        text(object, "/status/sync/revision"),
    );
    if !has("/status/sync/revision", "/status/sync/revisions") {
        return Verdict::Waiting(format!("it is at {revision}"));
    }
    if sync != "Synced" {
        return Verdict::Waiting(format!(
            "it is {sync}; without automatic sync somebody has to sync it"
        ));
    }
    let time = |path: &str| text(object, path).parse::<Timestamp>().ok();
    if let Some(finished) = time("/status/operationState/finishedAt")
        && time("/status/reconciledAt").is_none_or(|reconciled| reconciled < finished)
    {
        return Verdict::Stale("its health is older than the sync".to_owned());
    }
    let health = text(object, "/status/health/status");
    let why = reason(&health, &text(object, "/status/health/message"));
    match health.as_str() {
        "Healthy" => Verdict::Done(revision),
        "Degraded" if seen.was_not_degraded => Verdict::Failed(why),
        "Degraded" => Verdict::Waiting(why),
        _ => {
            seen.was_not_degraded = true;
            Verdict::Waiting(why)
        }
    }
}
