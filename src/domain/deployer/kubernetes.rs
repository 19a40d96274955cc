//! Workloads of Kubernetes: which ones an environment has, and what a plan pins of them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// What windlass.toml says of workloads in a cluster. Names may hold `{service}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesSettings {
    /// The context of the kubeconfig; without one its current context, or the account of the pod that windlass runs in.
    pub context: Option<String>,
    /// The kubeconfig, if it is not the usual one.
    pub kubeconfig: Option<PathBuf>,
    /// The namespace; without one that of the context.
    pub namespace: Option<String>,
    /// The workloads, in the order in which they are deployed.
    pub workloads: WorkloadChoice,
    /// The container whose image is set; without one the only container.
    pub container: Option<String>,
    /// How long the rollout of one workload may take.
    pub timeout: SignedDuration,
    /// Whether the image before is set again where a rollout fails.
    pub rollback: bool,
    /// Whether something else deploys, so that the workloads are only observed.
    pub only_observe: bool,
    /// How long a run waits until what was deployed is what runs.
    pub observe_for: SignedDuration,
}

/// Which workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkloadChoice {
    /// These.
    Named(Vec<WorkloadName>),
    /// The one that has the labels of each of these selectors.
    Labelled(Vec<String>),
}

/// A kind of workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkloadKind {
    /// `apps/v1` `Deployment`.
    Deployment,
    /// `apps/v1` `StatefulSet`.
    StatefulSet,
    /// `apps/v1` `DaemonSet`.
    DaemonSet,
    /// `batch/v1` `CronJob`.
    CronJob,
}

impl WorkloadKind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::CronJob,
    ];

    /// As people type it: `deployment`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
            Self::CronJob => "cronjob",
        }
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A workload by its name: `deployment/payment-svc`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadName {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name, which may hold `{service}`.
    pub name: String,
}

impl fmt::Display for WorkloadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// Why a text names no workload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadNameError {
    /// No slash.
    #[error("is not of the form KIND/NAME, such as `deployment/payment-svc`")]
    Form,
    /// Another kind.
    #[error("`{0}` is not one of deployment, statefulset, daemonset, cronjob")]
    Kind(String),
    /// Not a name.
    #[error("`{0}` is not a valid name: lower-case letters, digits, `-` and `.`")]
    Name(String),
}

impl FromStr for WorkloadName {
    type Err = WorkloadNameError;

    fn from_str(text: &str) -> Result<Self, WorkloadNameError> {
        let (kind, name) = text.split_once('/').ok_or(WorkloadNameError::Form)?;
        // The short names that kubectl has.
        let kind = match kind.to_ascii_lowercase().as_str() {
            "deployment" | "deployments" | "deploy" => WorkloadKind::Deployment,
            "statefulset" | "statefulsets" | "sts" => WorkloadKind::StatefulSet,
            "daemonset" | "daemonsets" | "ds" => WorkloadKind::DaemonSet,
            "cronjob" | "cronjobs" | "cj" => WorkloadKind::CronJob,
            _ => return Err(WorkloadNameError::Kind(kind.to_owned())),
        };
        if !is_kubernetes_name(&name.replace("{service}", "service")) {
            return Err(WorkloadNameError::Name(name.to_owned()));
        }
        Ok(Self {
            kind,
            name: name.to_owned(),
        })
    }
}

/// Whether `name` may name an object: a DNS subdomain of RFC 1123. It becomes part of a URL.
pub fn is_kubernetes_name(name: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 253
        && is_end(name.as_bytes().first())
        && is_end(name.as_bytes().last())
        && !name.contains("..")
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

/// What a deployment changes in a cluster, as the plan pins it. Nothing in it changes with time alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubernetesTarget {
    /// The address of the cluster's API.
    pub cluster: String,
    /// The namespace.
    pub namespace: String,
    /// The workloads, in the order in which they are deployed.
    pub workloads: Vec<WorkloadTarget>,
    /// The labels by which they are found when they are looked at, if they are only observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selectors: Vec<String>,
    /// Whether the image before is set again where a rollout fails.
    pub rollback: bool,
    /// Whether they are only observed.
    pub only_observe: bool,
}

/// A workload that is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadTarget {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: String,
    /// What tells it from another one of that name, before or after; none if it is only observed.
    pub uid: Option<String>,
    /// The container whose image is set; none if it is only observed.
    pub container: Option<String>,
    /// The image that it has now; none if it is only observed.
    pub image: Option<String>,
}

impl WorkloadTarget {
    /// `deployment/payment-svc`.
    pub fn words(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}

impl KubernetesTarget {
    /// What will be changed, in one line.
    pub fn words(&self) -> String {
        let place = format!("namespace {} of {}", self.namespace, self.cluster);
        if self.only_observe {
            let names = self.workloads.iter().map(WorkloadTarget::words);
            let names: Vec<_> = names.chain(self.selectors.iter().cloned()).collect();
            return format!("observe {} in {place}", names.join(", "));
        }
        let each = self.workloads.iter().map(|workload| {
            let container = workload.container.as_deref().unwrap_or_default();
            let now = workload.image.as_deref().unwrap_or_default();
            format!(
                "set the image of container `{container}` of {} (now {now})",
                workload.words()
            )
        });
        let each: Vec<_> = each.collect();
        let back = if self.rollback {
            "; where that fails, set the image before"
        } else {
            ""
        };
        format!("{} in {place}{back}", each.join(", then "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_named_as_kubectl_names_it() {
        let parse = |text: &str| text.parse::<WorkloadName>().map(|name| name.to_string());
        assert_eq!(parse("deploy/payment-svc").unwrap(), "deployment/payment-svc");
        assert_eq!(parse("StatefulSet/{service}").unwrap(), "statefulset/{service}");
        assert_eq!(parse("ds/a.b").unwrap(), "daemonset/a.b");
        assert_eq!(parse("cronjob/nightly").unwrap(), "cronjob/nightly");
        assert_eq!(parse("payment-svc").unwrap_err(), WorkloadNameError::Form);
        assert_eq!(parse("pod/x").unwrap_err(), WorkloadNameError::Kind("pod".into()));
    }

    #[test]
    fn a_name_that_could_lead_elsewhere_in_a_url_is_none() {
        for name in [
            "", "..", "a/b", "a..b", "-a", "a-", "A", "a b", "{service", "a?b", "a%2fb",
        ] {
            assert!(!is_kubernetes_name(name), "{name}");
            assert!(
                format!("deployment/{name}").parse::<WorkloadName>().is_err(),
                "{name}"
            );
        }
        assert!(is_kubernetes_name("payment-svc.v2"));
    }

    #[test]
    fn the_target_says_which_container_of_which_workload_gets_another_image_and_what_it_has_now() {
        let workload = |name: &str| WorkloadTarget {
            kind: WorkloadKind::Deployment,
            name: name.to_owned(),
            uid: Some("1".to_owned()),
            container: Some("app".to_owned()),
            image: Some("registry.example.com/app:1".to_owned()),
        };
        let target = KubernetesTarget {
            cluster: "https://prod.example.com".to_owned(),
            namespace: "payments".to_owned(),
            workloads: vec![workload("api"), workload("worker")],
            selectors: Vec::new(),
            rollback: true,
            only_observe: false,
        };
        assert_eq!(
            target.words(),
            "set the image of container `app` of deployment/api (now registry.example.com/app:1), then set the image of \
             container `app` of deployment/worker (now registry.example.com/app:1) in namespace payments of \
             https://prod.example.com; where that fails, set the image before"
        );
        let observed = KubernetesTarget {
            only_observe: true,
            rollback: false,
            selectors: vec!["app=payment-svc".to_owned()],
            workloads: Vec::new(),
            ..target
        };
        assert_eq!(
            observed.words(),
            "observe app=payment-svc in namespace payments of https://prod.example.com"
        );
    }
}
