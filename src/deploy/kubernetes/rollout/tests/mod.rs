//! Rollouts as the API shows them.

mod overtaken;
mod stages;
mod troubles;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::super::workload::Workload;
use super::{Goal, State, Trouble, View, Warning, judge};
use crate::domain::WorkloadKind;

const OLD: &str = "registry.example.com/app@sha256:old";
const NEW: &str = "registry.example.com/app@sha256:new";

/// A cluster in which a workload rolls out.
pub(super) struct World {
    pub workload: Option<Value>,
    pub kind: WorkloadKind,
    pub pods: Vec<Value>,
    pub sets: Vec<Value>,
    pub warnings: Vec<Warning>,
    pub goal: Goal,
}

fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, change) in changes {
                merge(into.entry(key.clone()).or_insert(Value::Null), change);
            }
        }
        (into, changes) => *into = changes.clone(),
    }
}

fn template(image: &str) -> Value {
    json!({
        "metadata": { "labels": { "app": "app" } },
        "spec": { "containers": [{ "name": "app", "image": image }] }
    })
}

fn owned(kind: &str, uid: &str) -> Value {
    json!([{ "apiVersion": "apps/v1", "kind": kind, "name": "x", "uid": uid, "controller": true }])
}

pub(super) fn goal() -> Goal {
    Goal {
        uid: "workload".to_owned(),
        container: "app".to_owned(),
        image: NEW.to_owned(),
        generation: 2,
        stale_deadline: None,
    }
}

/// A deployment of three replicas, rolled out from the first to the last.
pub(super) fn deployment() -> World {
    let set = |uid: &str, revision: &str, image: &str| {
        json!({
            "metadata": {
                "name": uid, "uid": uid, "ownerReferences": owned("Deployment", "workload"),
                "annotations": { "deployment.kubernetes.io/revision": revision }
            },
            "spec": { "selector": { "matchLabels": { "app": "app" } }, "template": template(image) }
        })
    };
    World {
        workload: Some(json!({
            "metadata": {
                "name": "app", "uid": "workload", "generation": 2,
                "annotations": { "deployment.kubernetes.io/revision": "2" }
            },
            "spec": { "replicas": 3, "selector": { "matchLabels": { "app": "app" } }, "template": template(NEW) },
            "status": {
                "observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3,
                "availableReplicas": 3
            }
        })),
        kind: WorkloadKind::Deployment,
        pods: (0..3).map(|n| pod("new-set", &format!("new-{n}"))).collect(),
        sets: vec![set("old-set", "1", OLD), set("new-set", "2", NEW)],
        warnings: Vec::new(),
        goal: goal(),
    }
}

/// A ready pod of an owner.
pub(super) fn pod(owner: &str, name: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "uid": name, "ownerReferences": owned("ReplicaSet", owner),
            "labels": { "app": "app", "controller-revision-hash": "app-2", "pod-template-generation": "2" }
        },
        "status": {
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": "True" }],
            "containerStatuses": [status("app", &json!({ "running": {} }))]
        }
    })
}

/// The status of a container.
pub(super) fn status(name: &str, state: &Value) -> Value {
    json!({
        "name": name, "image": NEW, "imageID": "", "ready": false, "restartCount": 0, "state": state
    })
}

/// A pod that is not ready, with these statuses of its containers and init containers.
pub(super) fn unready(name: &str, owner: &str, containers: &Value, init: &Value) -> Value {
    let mut pod = pod(owner, name);
    merge(
        &mut pod,
        &json!({ "status": {
            "phase": "Pending",
            "conditions": [{ "type": "Ready", "status": "False" }],
            "containerStatuses": containers,
            "initContainerStatuses": init,
        } }),
    );
    pod
}

/// A stateful set or daemon set of three replicas, rolled out.
pub(super) fn set(kind: WorkloadKind) -> World {
    let mut world = deployment();
    world.kind = kind;
    world.sets.clear();
    world.pods = (0..3).map(|n| pod("workload", &format!("app-{n}"))).collect();
    match kind {
        WorkloadKind::StatefulSet => world.change(&json!({
            "spec": {
                "serviceName": "app",
                "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } }
            },
            "status": { "currentRevision": "app-2", "updateRevision": "app-2" }
        })),
        WorkloadKind::DaemonSet => world.change(&json!({
            "metadata": { "annotations": { "deprecated.daemonset.template.generation": "2" } },
            "status": {
                "currentNumberScheduled": 3, "desiredNumberScheduled": 3, "numberMisscheduled": 0,
                "numberReady": 3, "updatedNumberScheduled": 3, "numberAvailable": 3
            }
        })),
        WorkloadKind::Deployment | WorkloadKind::CronJob => {}
    }
    world
}

impl World {
    /// Changes the workload.
    pub fn change(&mut self, changes: &Value) {
        merge(self.workload.as_mut().unwrap(), changes);
    }

    pub fn judge(&self) -> State {
        let workload = self.workload.clone().map(|workload| {
            let mut object = workload;
            let version = if self.kind == WorkloadKind::CronJob {
                "batch/v1"
            } else {
                "apps/v1"
            };
            merge(&mut object, &json!({ "apiVersion": version, "kind": "any" }));
            object["kind"] = json!(match self.kind {
                WorkloadKind::Deployment => "Deployment",
                WorkloadKind::StatefulSet => "StatefulSet",
                WorkloadKind::DaemonSet => "DaemonSet",
                WorkloadKind::CronJob => "CronJob",
            });
            Workload::read(self.kind, serde_json::from_value(object).unwrap()).unwrap()
        });
        let pods = self.pods.iter().cloned().map(serde_json::from_value::<Pod>);
        let pods: Vec<_> = pods.collect::<Result<_, _>>().unwrap();
        let sets = self
            .sets
            .iter()
            .cloned()
            .map(serde_json::from_value::<ReplicaSet>);
        let sets: Vec<_> = sets.collect::<Result<_, _>>().unwrap();
        let view = View {
            workload: workload.as_ref(),
            pods: pods.iter().collect(),
            replica_sets: sets.iter().collect(),
            warnings: &self.warnings,
        };
        judge(&view, &self.goal)
    }

    /// How many of how many are up, and what it waits for; it has not come up.
    pub fn coming(&self) -> (u64, u64, String) {
        match self.judge() {
            State::Coming { up, of, waiting, .. } => (up, of, waiting),
            other => panic!("{other:?}"),
        }
    }

    pub fn trouble(&self) -> Option<Trouble> {
        match self.judge() {
            State::Coming { trouble, .. } => trouble,
            other => panic!("{other:?}"),
        }
    }
}
