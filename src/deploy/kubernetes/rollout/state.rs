//! What a rollout is judged by, and how far it is.

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Pod;

use super::super::workload::Workload;
use super::deadline::DeadlineMark;
use super::trouble_kind::Trouble;

/// What the API shows of a workload.
#[derive(Debug, Clone)]
pub(in super::super) struct View<'a> {
    /// The workload; none if it is gone.
    pub workload: Option<&'a Workload>,
    /// Its pods, of any revision.
    pub pods: Vec<&'a Pod>,
    /// The replica sets of a deployment.
    pub replica_sets: Vec<&'a ReplicaSet>,
    /// The warnings since it was deployed.
    pub warnings: &'a [Warning],
}

/// A warning about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Warning {
    /// The object.
    pub uid: String,
    /// `FailedCreate`.
    pub reason: String,
    /// What happened, in one harmless line.
    pub message: String,
}

/// What a rollout is to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Goal {
    /// The workload.
    pub uid: String,
    /// The container.
    pub container: String,
    /// Its image.
    pub image: String,
    /// The generation of the workload that has it; earlier ones say nothing.
    pub generation: i64,
    /// The end of its time that the workload reported before: of an earlier rollout.
    pub stale_deadline: Option<DeadlineMark>,
}

/// How far a rollout is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum State {
    /// Not all replicas are up.
    Coming {
        /// How many replicas of the new revision are ready.
        up: u64,
        /// How many there will be.
        of: u64,
        /// What it waits for.
        waiting: String,
        /// What holds it up that may not end by itself.
        trouble: Option<Trouble>,
    },
    /// All replicas are up, and those of earlier revisions are gone.
    Up {
        /// How many.
        replicas: u64,
    },
    /// It cannot come up.
    Failed(String),
    /// Somebody else has deleted or changed the workload: what is deployed is no longer decided here.
    Overtaken(String),
}
