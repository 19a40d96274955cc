//! The progress deadline of a deployment.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::workload::Workload;
use crate::domain::clean_line;

/// When a deployment last reported that its time was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct DeadlineMark {
    updated: Option<Time>,
    message: Option<String>,
}

/// The mark that is there now.
pub(in super::super) fn deadline_mark(workload: &Workload) -> Option<DeadlineMark> {
    let Workload::Deployment(deployment) = workload else {
        return None;
    };
    let conditions = deployment.status.as_ref()?.conditions.as_deref()?;
    let progressing = conditions
        .iter()
        .find(|condition| condition.type_ == "Progressing")?;
    (progressing.reason.as_deref() == Some("ProgressDeadlineExceeded")).then(|| DeadlineMark {
        updated: progressing.last_update_time.clone(),
        message: progressing.message.clone(),
    })
}

/// That the deployment has not come on within its own deadline. The condition stays where a rollout goes back to a replica set
/// that is there already, so that one of an earlier rollout says nothing.
pub(super) fn deadline_exceeded(workload: &Workload, stale: Option<&DeadlineMark>) -> Option<String> {
    let mark = deadline_mark(workload)?;
    if stale == Some(&mark) {
        return None;
    }
    let message = mark.message.as_deref().map(clean_line).unwrap_or_default();
    Some(format!("its progress deadline is exceeded: {message}"))
}
