//! A workload of any kind, as the API has it.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kube::core::{DynamicObject, Selector};

use crate::domain::{WorkloadKind, clean_line};

/// A workload.
#[derive(Debug, Clone)]
pub(super) enum Workload {
    Deployment(Box<Deployment>),
    StatefulSet(Box<StatefulSet>),
    DaemonSet(Box<DaemonSet>),
    CronJob(Box<CronJob>),
}

impl Workload {
    /// The object as its type.
    pub fn read(kind: WorkloadKind, object: DynamicObject) -> Result<Self, String> {
        let value = serde_json::to_value(object);
        let read = value.and_then(|value| match kind {
            WorkloadKind::Deployment => serde_json::from_value(value).map(Self::Deployment),
            WorkloadKind::StatefulSet => serde_json::from_value(value).map(Self::StatefulSet),
            WorkloadKind::DaemonSet => serde_json::from_value(value).map(Self::DaemonSet),
            WorkloadKind::CronJob => serde_json::from_value(value).map(Self::CronJob),
        });
        read.map_err(|error| format!("its answer is not a {kind}: {}", clean_line(&error.to_string())))
    }

    pub const fn kind(&self) -> WorkloadKind {
        match self {
            Self::Deployment(_) => WorkloadKind::Deployment,
            Self::StatefulSet(_) => WorkloadKind::StatefulSet,
            Self::DaemonSet(_) => WorkloadKind::DaemonSet,
            Self::CronJob(_) => WorkloadKind::CronJob,
        }
    }

    pub fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Deployment(it) => &it.metadata,
            Self::StatefulSet(it) => &it.metadata,
            Self::DaemonSet(it) => &it.metadata,
            Self::CronJob(it) => &it.metadata,
        }
    }

    pub fn name(&self) -> &str {
        self.meta().name.as_deref().unwrap_or_default()
    }

    pub fn uid(&self) -> &str {
        self.meta().uid.as_deref().unwrap_or_default()
    }

    pub fn generation(&self) -> i64 {
        self.meta().generation.unwrap_or_default()
    }

    /// `deployment/payment-svc`.
    pub fn words(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }

    /// What its pods are made from.
    pub fn template(&self) -> Option<&PodTemplateSpec> {
        match self {
            Self::Deployment(it) => it.spec.as_ref().map(|spec| &spec.template),
            Self::StatefulSet(it) => it.spec.as_ref().map(|spec| &spec.template),
            Self::DaemonSet(it) => it.spec.as_ref().map(|spec| &spec.template),
            Self::CronJob(it) => {
                let job = it.spec.as_ref()?.job_template.spec.as_ref()?;
                Some(&job.template)
            }
        }
    }

    fn pod_spec(&self) -> Option<&PodSpec> {
        self.template()?.spec.as_ref()
    }

    pub fn containers(&self) -> &[Container] {
        self.pod_spec().map_or(&[], |spec| &spec.containers)
    }

    pub fn init_containers(&self) -> &[Container] {
        let spec = self.pod_spec();
        spec.and_then(|spec| spec.init_containers.as_deref())
            .unwrap_or_default()
    }

    /// The image that its template has for a container.
    pub fn image(&self, container: &str) -> Option<&str> {
        let containers = self.containers();
        let found = containers.iter().find(|found| found.name == container)?;
        found.image.as_deref()
    }

    /// The labels by which its pods are found; a cron job has none of its own.
    pub fn selector(&self) -> Option<Selector> {
        let selector: &LabelSelector = match self {
            Self::Deployment(it) => &it.spec.as_ref()?.selector,
            Self::StatefulSet(it) => &it.spec.as_ref()?.selector,
            Self::DaemonSet(it) => &it.spec.as_ref()?.selector,
            Self::CronJob(_) => return None,
        };
        selector.clone().try_into().ok()
    }

    /// How many replicas it is to have.
    pub fn desired(&self) -> u64 {
        let number = match self {
            Self::Deployment(it) => it.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1),
            Self::StatefulSet(it) => it.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1),
            Self::DaemonSet(it) => it
                .status
                .as_ref()
                .map_or(0, |status| status.desired_number_scheduled),
            Self::CronJob(_) => 0,
        };
        u64::try_from(number).unwrap_or_default()
    }

    /// The generation that its controller has seen.
    pub fn observed_generation(&self) -> i64 {
        let observed = match self {
            Self::Deployment(it) => it.status.as_ref().and_then(|status| status.observed_generation),
            Self::StatefulSet(it) => it.status.as_ref().and_then(|status| status.observed_generation),
            Self::DaemonSet(it) => it.status.as_ref().and_then(|status| status.observed_generation),
            Self::CronJob(it) => it.metadata.generation,
        };
        observed.unwrap_or_default()
    }

    /// Whether a rollout is held back: a paused deployment. A suspended cron job still takes a new image.
    pub fn is_paused(&self) -> bool {
        match self {
            Self::Deployment(it) => it.spec.as_ref().and_then(|spec| spec.paused).unwrap_or(false),
            Self::StatefulSet(_) | Self::DaemonSet(_) | Self::CronJob(_) => false,
        }
    }

    /// Whether pods keep their revision until someone deletes them.
    pub fn is_on_delete(&self) -> bool {
        let kind = match self {
            Self::StatefulSet(it) => {
                let strategy = it.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
                strategy.and_then(|strategy| strategy.type_.as_deref())
            }
            Self::DaemonSet(it) => {
                let strategy = it.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
                strategy.and_then(|strategy| strategy.type_.as_deref())
            }
            Self::Deployment(_) | Self::CronJob(_) => None,
        };
        kind == Some("OnDelete")
    }

    /// The first ordinal that a rollout of a stateful set reaches.
    pub fn partition(&self) -> u64 {
        let Self::StatefulSet(it) = self else { return 0 };
        let strategy = it.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
        let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
        let partition = rolling.and_then(|rolling| rolling.partition).unwrap_or(0);
        u64::try_from(partition).unwrap_or_default()
    }

    /// Why a new image would not reach all of its pods, and what to do about it.
    pub fn obstacle(&self) -> Option<(String, &'static str)> {
        if self.meta().deletion_timestamp.is_some() {
            return Some(("it is being deleted".to_owned(), "wait until it is there again"));
        }
        if self.is_paused() {
            return Some((
                "its rollout is paused".to_owned(),
                "resume it first: `kubectl rollout resume`",
            ));
        }
        if self.is_on_delete() {
            return Some((
                "its update strategy is OnDelete: pods change only when someone deletes them".to_owned(),
                "set its update strategy to RollingUpdate",
            ));
        }
        match self.partition() {
            0 => None,
            partition => Some((
                format!("its update strategy has partition {partition}: pods below it keep their image"),
                "set the partition to 0",
            )),
        }
    }
}
