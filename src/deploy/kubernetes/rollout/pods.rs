//! The pods of the new revision, and what they wait for.

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::workload::Workload;
use super::state::{Goal, View, Warning};
use crate::domain::clean_line;

const REVISION: &str = "deployment.kubernetes.io/revision";
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// The pods of the newest revision; none while that is not known yet.
pub(super) fn of_revision<'a>(view: &View<'a>, workload: &Workload, goal: &Goal) -> Option<Vec<&'a Pod>> {
    let is_newest: Box<dyn Fn(&Pod) -> bool + '_> = match workload {
        Workload::Deployment(_) => {
            let newest = newest_replica_set(view, workload, goal)?;
            let uid = newest.metadata.uid.as_deref()?;
            Box::new(move |pod| is_controlled_by(&pod.metadata, uid))
        }
        Workload::StatefulSet(set) => {
            let revision = set.status.as_ref()?.update_revision.as_deref()?;
            Box::new(move |pod| {
                is_controlled_by(&pod.metadata, workload.uid())
                    && label(&pod.metadata, "controller-revision-hash") == Some(revision)
            })
        }
        Workload::DaemonSet(_) => {
            let generation = annotation(workload.meta(), TEMPLATE_GENERATION)?;
            Box::new(move |pod| {
                // Pods that a rollout has not reached are of the revision again to which it goes back, and keep an earlier
                // number: they have the image. The status counts as well, by revisions.
                is_controlled_by(&pod.metadata, workload.uid())
                    && (label(&pod.metadata, "pod-template-generation") == Some(generation)
                        || image(pod, &goal.container) == Some(&*goal.image))
            })
        }
        Workload::CronJob(_) => return Some(Vec::new()),
    };
    Some(
        view.pods
            .iter()
            .copied()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none() && is_newest(pod))
            .collect(),
    )
}

/// The replica set of the revision that the deployment says is its newest. It must have the image: a watch of replica sets may be
/// behind that of the deployment.
pub(super) fn newest_replica_set<'a>(
    view: &View<'a>,
    workload: &Workload,
    goal: &Goal,
) -> Option<&'a ReplicaSet> {
    let revision = annotation(workload.meta(), REVISION)?;
    let mut sets = view.replica_sets.iter().copied();
    sets.find(|set| {
        let template = set.spec.as_ref().and_then(|spec| spec.template.as_ref());
        let containers = template.and_then(|template| template.spec.as_ref());
        is_controlled_by(&set.metadata, workload.uid())
            && annotation(&set.metadata, REVISION) == Some(revision)
            && containers.is_some_and(|spec| {
                let mut containers = spec.containers.iter();
                containers.any(|c| c.name == goal.container && c.image.as_deref() == Some(&*goal.image))
            })
    })
}

/// Whether the pod is ready to serve.
pub(in super::super) fn is_ready(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none()
        && condition(pod, "Ready").is_some_and(|(status, _)| status == "True")
}

/// What pods that are not ready wait for, in the words of the first that says something.
pub(super) fn holdup(pods: &[&Pod], warnings: &[Warning]) -> Option<String> {
    pods.iter()
        .filter(|pod| !is_ready(pod))
        .find_map(|pod| of_pod(pod, warnings))
}

fn of_pod(pod: &Pod, warnings: &[Warning]) -> Option<String> {
    let name = name(pod);
    if let Some(("False", message)) = condition(pod, "PodScheduled") {
        return Some(format!("pod {name} cannot be scheduled: {message}"));
    }
    let uid = pod.metadata.uid.as_deref().unwrap_or_default();
    let mut newest = warnings.iter().rev().filter(|warning| warning.uid == uid);
    if let Some(warning) = newest.find(|warning| warning.reason != "BackOff") {
        return Some(format!("pod {name}: {}", warning.message));
    }
    containers(pod).find_map(|(container, is_init)| {
        let state = container.state.as_ref()?;
        let called = called(&container.name, is_init);
        if let Some(ended) = state.terminated.as_ref().filter(|ended| ended.exit_code != 0) {
            return Some(format!(
                "{called} of pod {name} ended with exit code {}",
                ended.exit_code
            ));
        }
        if is_init && state.running.is_some() {
            return Some(format!("{called} of pod {name} is running"));
        }
        let waiting = state.waiting.as_ref()?;
        let reason = waiting.reason.as_deref().map(clean_line)?;
        Some(format!("{called} of pod {name} is waiting: {reason}"))
    })
}

/// The containers of a pod, init containers first, and whether each is one.
pub(super) fn containers(pod: &Pod) -> impl Iterator<Item = (&ContainerStatus, bool)> {
    let status = pod.status.as_ref();
    let init = status.and_then(|status| status.init_container_statuses.as_deref());
    let usual = status.and_then(|status| status.container_statuses.as_deref());
    let init = init.unwrap_or_default().iter().map(|container| (container, true));
    let usual = usual
        .unwrap_or_default()
        .iter()
        .map(|container| (container, false));
    init.chain(usual)
}

pub(super) fn called(container: &str, is_init: bool) -> String {
    let kind = if is_init { "init container" } else { "container" };
    format!("{kind} `{}`", clean_line(container))
}

pub(super) fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

/// The image that a container of the pod is to have.
fn image<'a>(pod: &'a Pod, container: &str) -> Option<&'a str> {
    let mut containers = pod.spec.as_ref()?.containers.iter();
    containers.find(|found| found.name == container)?.image.as_deref()
}

/// The status and message of a condition.
fn condition<'a>(pod: &'a Pod, kind: &str) -> Option<(&'a str, String)> {
    let conditions = pod.status.as_ref()?.conditions.as_deref()?;
    let condition = conditions.iter().find(|condition| condition.type_ == kind)?;
    let message = condition.message.as_deref().map(clean_line).unwrap_or_default();
    Some((&condition.status, message))
}

pub(in super::super) fn is_controlled_by(meta: &ObjectMeta, uid: &str) -> bool {
    let owners = meta.owner_references.as_deref().unwrap_or_default();
    owners
        .iter()
        .any(|owner| owner.controller == Some(true) && owner.uid == uid)
}

fn label<'a>(meta: &'a ObjectMeta, name: &str) -> Option<&'a str> {
    meta.labels.as_ref()?.get(name).map(String::as_str)
}

fn annotation<'a>(meta: &'a ObjectMeta, name: &str) -> Option<&'a str> {
    meta.annotations.as_ref()?.get(name).map(String::as_str)
}
