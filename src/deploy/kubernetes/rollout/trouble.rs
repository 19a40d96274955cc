//! What keeps a rollout from coming up, and does not end by itself.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

use super::super::workload::Workload;
use super::pods::{called, containers, is_controlled_by, is_ready, name, newest_replica_set};
use super::state::{Goal, View, Warning};
use super::trouble_kind::{LogSource, Trouble, TroubleKind};
use crate::domain::clean_line;

/// After how many crashes of one container a rollout has failed: the first may be one of a dependency that is not up yet.
const CRASHES: i32 = 3;

/// The worst of what holds up a rollout whose newest pods are `current`.
pub(super) fn of_rollout(
    view: &View<'_>,
    workload: &Workload,
    goal: &Goal,
    current: &[&Pod],
) -> Option<Trouble> {
    let mut troubles: Vec<_> = current
        .iter()
        .filter(|pod| !is_ready(pod))
        .flat_map(|pod| {
            containers(pod).filter_map(|(container, is_init)| of_container(pod, container, is_init))
        })
        .collect();
    troubles.extend(of_creation(view, workload, goal));
    if let Some((why, _)) = workload.obstacle() {
        troubles.push(Trouble {
            kind: TroubleKind::Held,
            why,
            log: None,
        });
    }
    // Of equals the first.
    troubles.into_iter().min_by_key(|trouble| trouble.kind.grace())
}

fn of_container(pod: &Pod, container: &ContainerStatus, is_init: bool) -> Option<Trouble> {
    let waiting = container.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref()?;
    let what = format!("{} of pod {}", called(&container.name, is_init), name(pod));
    let message = waiting.message.as_deref().map(clean_line);
    let message = message
        .filter(|message| !message.is_empty())
        .map_or_else(String::new, |message| format!(": {message}"));
    let plain = |kind, why| Some(Trouble { kind, why, log: None });
    match reason {
        "InvalidImageName" => plain(
            TroubleKind::Hopeless,
            format!("{what} has an invalid image name{message}"),
        ),
        "ErrImagePull"
        | "ImagePullBackOff"
        | "ErrImageNeverPull"
        | "RegistryUnavailable"
        | "ImageInspectError"
        | "SignatureValidationFailed" => plain(
            TroubleKind::Pull,
            format!("the image of {what} cannot be pulled ({reason}){message}"),
        ),
        "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "PostStartHookError" => plain(
            TroubleKind::Start,
            format!("{what} cannot be started ({reason}){message}"),
        ),
        "CrashLoopBackOff" => {
            let crashes = container.restart_count + 1;
            (crashes >= CRASHES).then(|| Trouble {
                kind: TroubleKind::Hopeless,
                why: format!("{what} crashed {crashes} times{}", last_end(container)),
                log: Some(LogSource {
                    pod: name(pod).to_owned(),
                    container: container.name.clone(),
                }),
            })
        }
        _ => None,
    }
}

/// How a container ended last, in words.
fn last_end(container: &ContainerStatus) -> String {
    let last = container.last_state.as_ref();
    let Some(ended) = last.and_then(|state| state.terminated.as_ref()) else {
        return String::new();
    };
    let reason = ended.reason.as_deref().map(clean_line);
    let reason = reason
        .filter(|reason| reason != "Error" && !reason.is_empty())
        .map_or_else(String::new, |reason| format!(" ({reason})"));
    format!(", last with exit code {}{reason}", ended.exit_code)
}

/// That pods are missing because they cannot be created.
fn of_creation(view: &View<'_>, workload: &Workload, goal: &Goal) -> Option<Trouble> {
    let message = match workload {
        // That of the newest replica set: the deployment passes on those of earlier ones as well.
        Workload::Deployment(_) => {
            let newest = newest_replica_set(view, workload, goal)?;
            let conditions = newest.status.as_ref()?.conditions.as_deref()?;
            let failure = conditions
                .iter()
                .find(|condition| condition.type_ == "ReplicaFailure" && condition.status == "True")?;
            failure.message.as_deref().map(clean_line)?
        }
        Workload::StatefulSet(_) | Workload::DaemonSet(_) => {
            newest_creation_failure(view.warnings, workload, view)?
        }
        Workload::CronJob(_) => return None,
    };
    Some(Trouble {
        kind: TroubleKind::Create,
        why: format!("pods cannot be created: {message}"),
        log: None,
    })
}

/// These have no condition that says so, only events; one counts while pods are missing.
fn newest_creation_failure(warnings: &[Warning], workload: &Workload, view: &View<'_>) -> Option<String> {
    let there = view
        .pods
        .iter()
        .filter(|pod| is_controlled_by(&pod.metadata, workload.uid()))
        .count();
    if u64::try_from(there).unwrap_or(u64::MAX) >= workload.desired() {
        return None;
    }
    let warning = warnings
        .iter()
        .rev()
        .find(|warning| warning.uid == workload.uid() && warning.reason == "FailedCreate")?;
    Some(warning.message.clone())
}
