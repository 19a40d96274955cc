//! What the status of a workload counts, and what is missing in it.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};

use super::super::workload::Workload;

/// What is missing, where `ready` pods of the new revision are ready; none if nothing is. What a strategy holds back is an
/// obstacle of the workload and not counted here.
pub(super) fn missing(workload: &Workload, ready: u64) -> Option<String> {
    match workload {
        Workload::Deployment(it) => of_deployment(it, workload.desired(), ready),
        Workload::StatefulSet(it) => of_stateful_set(it, workload.desired(), ready),
        Workload::DaemonSet(it) => of_daemon_set(it, workload.desired(), ready),
        Workload::CronJob(_) => None,
    }
}

fn of_deployment(deployment: &Deployment, desired: u64, ready: u64) -> Option<String> {
    let status = deployment.status.clone().unwrap_or_default();
    let (all, updated) = (count(status.replicas), count(status.updated_replicas));
    let available = count(status.available_replicas);
    not_yet(desired, updated, ready, available).or_else(|| {
        let old = all.saturating_sub(updated);
        let surplus = updated.saturating_sub(desired);
        match (old, surplus) {
            (0, 0) => None,
            (0, surplus) => Some(format!("surplus pods are still there: {surplus}")),
            (old, _) => Some(format!("pods of earlier revisions are still there: {old}")),
        }
    })
}

fn of_stateful_set(set: &StatefulSet, desired: u64, ready: u64) -> Option<String> {
    let status = set.status.clone().unwrap_or_default();
    not_yet(
        desired,
        count(status.updated_replicas),
        ready,
        count(status.available_replicas),
    )
}

fn of_daemon_set(set: &DaemonSet, desired: u64, ready: u64) -> Option<String> {
    let status = set.status.clone().unwrap_or_default();
    let updated = count(status.updated_number_scheduled);
    not_yet(desired, updated, ready, count(status.number_available)).or_else(|| {
        let misscheduled = count(Some(status.number_misscheduled));
        (misscheduled > 0).then(|| format!("{misscheduled} pods run where they should not"))
    })
}

/// Pods are created, then they get ready, then they have been ready for long enough.
fn not_yet(desired: u64, updated: u64, ready: u64, available: u64) -> Option<String> {
    if updated < desired {
        Some(format!("{updated} of {desired} pods have the new image"))
    } else if ready < desired {
        Some(format!("{ready} of {desired} new pods are ready"))
    } else if available < desired {
        Some(format!(
            "{available} of {desired} pods have been ready for long enough"
        ))
    } else {
        None
    }
}

fn count(number: Option<i32>) -> u64 {
    u64::try_from(number.unwrap_or_default()).unwrap_or_default()
}
