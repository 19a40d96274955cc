//! What runs, by the pods themselves: the digests that their nodes say they have started, not those that somebody asked for.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use tokio_util::sync::CancellationToken;

use super::KubernetesDeployer;
use super::cluster::Cluster;
use super::rollout::{is_controlled_by, is_ready};
use super::workload::Workload;
use crate::deploy::deployment::Subject;
use crate::deploy::error::DeployError;
use crate::domain::{Clean, Digest, Observed, Running, WorkloadKind};

impl KubernetesDeployer {
    pub(in crate::deploy) async fn running(
        &self,
        subject: &Subject,
        expected: &BTreeSet<Digest>,
        cancel: &CancellationToken,
    ) -> Observed {
        match self.observe(subject, expected, cancel).await {
            Ok(observed) => observed,
            Err(error) => Observed::Unknown(error.to_string()),
        }
    }

    async fn observe(
        &self,
        subject: &Subject,
        expected: &BTreeSet<Digest>,
        cancel: &CancellationToken,
    ) -> Result<Observed, DeployError> {
        let cluster = self.cluster(subject).await?;
        let workloads = self.workloads(&cluster, subject, cancel).await?;
        let mut answers = Vec::new();
        for workload in &workloads {
            let container = match self.container(workload, subject) {
                Ok(container) => container,
                Err((why, _)) => {
                    return Ok(Observed::Unknown(format!("{}: {why}", workload.words())));
                }
            };
            let pods = pods(&cluster, workload, cancel).await?;
            let answer = of_workload(workload, &container, &pods, expected);
            answers.push((workload.words(), answer));
        }
        Ok(worst(answers, expected))
    }
}

/// The pods of a workload, without those of others that have the same labels.
async fn pods(
    cluster: &Cluster,
    workload: &Workload,
    cancel: &CancellationToken,
) -> Result<Vec<Pod>, DeployError> {
    let Some(selector) = workload.selector() else {
        return Ok(Vec::new());
    };
    let params = ListParams::default().labels_from(&selector);
    let asked = cluster.asked("list", "pods");
    let (pods_api, sets_api) = (cluster.api::<Pod>(), cluster.api::<ReplicaSet>());
    let pods = cluster.call(&asked, cancel, pods_api.list(&params));
    let sets = async {
        if workload.kind() != WorkloadKind::Deployment {
            return Ok(vec![workload.uid().to_owned()]);
        }
        let asked = cluster.asked("list", "replicasets.apps");
        let sets = cluster.call(&asked, cancel, sets_api.list(&params)).await?;
        let own = sets
            .items
            .into_iter()
            .filter(|set| is_controlled_by(&set.metadata, workload.uid()));
        Ok(own.filter_map(|set| set.metadata.uid).collect())
    };
    let (pods, owners) = tokio::try_join!(pods, sets)?;
    let is_own = |pod: &Pod| owners.iter().any(|uid| is_controlled_by(&pod.metadata, uid));
    Ok(pods.items.into_iter().filter(is_own).collect())
}

/// A digest that some pods run.
#[derive(Debug, Default)]
struct Share {
    pods: usize,
    since: Option<Timestamp>,
}

fn of_workload(workload: &Workload, container: &str, pods: &[Pod], expected: &BTreeSet<Digest>) -> Observed {
    let template = workload.image(container).and_then(digest_in);
    let ready: Vec<_> = pods.iter().filter(|pod| is_ready(pod)).collect();
    let mut shares: BTreeMap<Digest, Share> = BTreeMap::new();
    let mut unnamed = 0;
    for pod in &ready {
        let Some(digest) = digest_of(pod, container) else {
            unnamed += 1;
            continue;
        };
        let share = shares.entry(digest).or_default();
        share.pods += 1;
        share.since = [share.since, ready_since(pod)].into_iter().flatten().min();
    }
    if shares.is_empty() && unnamed > 0 {
        return Observed::Unknown(format!(
            "{unnamed} pods are ready, and none names the digest of its image"
        ));
    }
    let desired = workload.desired();
    // One that is not expected first, then the one that most pods run.
    let worst = shares
        .iter()
        .max_by_key(|(digest, share)| (!expected.contains(*digest), share.pods));
    let Some((digest, share)) = worst else {
        return without_pods(workload, desired, template);
    };
    let mut notes = vec![format!("{} of {desired} replicas", ready.len())];
    if shares.len() > 1 {
        let each = shares
            .iter()
            .map(|(digest, share)| format!("{} in {} pods", digest.short(), share.pods));
        notes.push(format!("pods disagree: {}", each.collect::<Vec<_>>().join(", ")));
    }
    let is_other = template.as_ref().is_some_and(|template| {
        // The template names an index, pods one of its images: only what is known to belong together is the same.
        template != digest && !(expected.contains(template) && expected.contains(digest))
    });
    if let Some(template) = template.filter(|_| is_other && shares.len() == 1) {
        notes.push(format!("the template names {}", template.short()));
    }
    Observed::Running(Running {
        digest: digest.clone(),
        since: share.since,
        healthy: Some(u64::try_from(ready.len()).unwrap_or(u64::MAX) >= desired && shares.len() == 1),
        note: Some(Clean::line(&notes.join("; "))),
    })
}

/// Without a ready pod only the template says what would run.
fn without_pods(workload: &Workload, desired: u64, template: Option<Digest>) -> Observed {
    let Some(digest) = template else {
        return Observed::Unknown("no pod is ready, and the template names no digest".to_owned());
    };
    let (healthy, note) = match workload.kind() {
        WorkloadKind::CronJob => (None, "the next job runs it".to_owned()),
        _ if desired == 0 => (None, "0 replicas: nothing runs".to_owned()),
        _ => (Some(false), format!("0 of {desired} replicas")),
    };
    Observed::Running(Running {
        digest,
        since: None,
        healthy,
        note: Some(Clean::line(&note)),
    })
}

/// The digest that the node says the container runs: `docker-pullable://r/app@sha256:…`, `r/app@sha256:…`, `sha256:…`.
fn digest_of(pod: &Pod, container: &str) -> Option<Digest> {
    let statuses = pod.status.as_ref()?.container_statuses.as_deref()?;
    let status = statuses.iter().find(|status| status.name == container)?;
    digest_in(&status.image_id)
}

fn digest_in(image: &str) -> Option<Digest> {
    let end = image.rsplit(['@', '/']).next()?;
    end.parse().ok()
}

fn ready_since(pod: &Pod) -> Option<Timestamp> {
    let conditions = pod.status.as_ref()?.conditions.as_deref()?;
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready")?;
    let since = ready.last_transition_time.as_ref()?;
    Timestamp::from_nanosecond(since.0.as_nanosecond()).ok()
}

/// One answer for all workloads: the one that matters most, with the notes of all.
fn worst(answers: Vec<(String, Observed)>, expected: &BTreeSet<Digest>) -> Observed {
    let rank = |observed: &Observed| match observed {
        Observed::Unknown(_) => 0,
        Observed::Running(running) if !running.is(expected) => 1,
        Observed::Running(running) if running.healthy == Some(false) => 2,
        Observed::Running(_) => 3,
    };
    let is_one = answers.len() == 1;
    let notes: Vec<_> = answers
        .iter()
        .filter_map(|(words, observed)| match observed {
            Observed::Running(Running { note: Some(note), .. }) => Some(format!("{words}: {note}")),
            Observed::Running(_) | Observed::Unknown(_) => None,
        })
        .collect();
    let worst = answers.into_iter().min_by_key(|(_, observed)| rank(observed));
    match worst {
        None => Observed::Unknown("no workload is named".to_owned()),
        Some((words, Observed::Unknown(why))) => Observed::Unknown(format!("{words}: {why}")),
        Some((_, Observed::Running(running))) => Observed::Running(Running {
            note: if is_one {
                running.note
            } else {
                Some(Clean::line(&notes.join("; ")))
            },
            ..running
        }),
    }
}
