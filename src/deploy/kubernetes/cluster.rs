//! A cluster: how it is reached, and its workloads as objects.

use std::fmt;
use std::path::Path;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::CronJob;
use kube::config::{Kubeconfig, KubeconfigError};
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, Client};
use tokio_util::sync::CancellationToken;

use super::error::{Asked, error_of};
use super::workload::Workload;
use crate::deploy::cluster_access::{AccessError, ClusterAccess, in_time, no_answer};
use crate::deploy::error::DeployError;

use crate::domain::{KubernetesSettings, WorkloadKind, clean_line, is_kubernetes_name};

/// A cluster and the namespace in it.
#[derive(Clone)]
pub(super) struct Cluster {
    pub client: Client,
    /// The address of its API.
    pub address: String,
    pub namespace: String,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the client: it holds credentials.
        write!(f, "Cluster({}, {})", self.address, self.namespace)
    }
}

impl Cluster {
    /// The cluster that `settings` mean for `service`. Nothing is asked of it yet.
    pub async fn connect(settings: &KubernetesSettings, service: &str) -> Result<Self, DeployError> {
        let context = settings.context.as_ref();
        let context = context.map(|context| context.replace("{service}", service));
        let name = || {
            context.as_ref().map_or_else(
                || "the cluster of the current context".to_owned(),
                |context| format!("the cluster of context `{context}`"),
            )
        };
        let access = ClusterAccess::new(settings.kubeconfig.as_deref(), context.as_deref())
            .await
            .map_err(|error| match error {
                AccessError::Kubeconfig(error) => unfit(name(), &error, settings.kubeconfig.as_deref()),
                AccessError::Client(why) => DeployError::Unfit {
                    target: name(),
                    why: clean_line(&why),
                    hint: "check the kubeconfig with `kubectl config view`".to_owned(),
                },
            })?;
        let address = access.address;
        let namespace = match &settings.namespace {
            Some(namespace) => namespace.replace("{service}", service),
            None => access.namespace,
        };
        if !is_kubernetes_name(&namespace) {
            return Err(DeployError::Unfit {
                target: address,
                why: format!("`{}` is not a valid namespace", clean_line(&namespace)),
                hint: "set `namespace` in windlass.toml".to_owned(),
            });
        }
        Ok(Self {
            client: access.client,
            address,
            namespace,
        })
    }

    /// The objects of a kind in the namespace.
    pub fn objects(&self, kind: WorkloadKind) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource(kind))
    }

    /// The objects of a type in the namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// A workload by its name.
    pub async fn workload(
        &self,
        kind: WorkloadKind,
        name: &str,
        cancel: &CancellationToken,
    ) -> Result<Workload, DeployError> {
        let asked = self.asked_workload("get", kind, Some(name));
        let object = self.call(&asked, cancel, self.objects(kind).get(name)).await?;
        Workload::read(kind, object).map_err(|why| DeployError::Unreachable {
            target: self.address.clone(),
            why,
        })
    }

    /// A call about a workload, or about all of its kind.
    pub fn asked_workload(&self, verb: &'static str, kind: WorkloadKind, name: Option<&str>) -> Asked {
        let about = resource(kind);
        Asked {
            name: name.map(str::to_owned),
            target: match name {
                Some(name) => format!("{kind}/{name} in namespace {}", self.namespace),
                None => format!("{} in namespace {}", about.plural, self.namespace),
            },
            ..self.asked(verb, &format!("{}.{}", about.plural, about.group))
        }
    }

    /// A call about objects of a type.
    pub fn asked(&self, verb: &'static str, resource: &str) -> Asked {
        Asked {
            verb,
            resource: resource.to_owned(),
            name: None,
            target: format!("{resource} in namespace {}", self.namespace),
            address: self.address.clone(),
            namespace: self.namespace.clone(),
        }
    }

    /// The answer to a call, within its time limit.
    pub async fn call<T>(
        &self,
        asked: &Asked,
        cancel: &CancellationToken,
        call: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, DeployError> {
        tokio::select! {
            () = cancel.cancelled() => Err(DeployError::Interrupted),
            answer = in_time(call) => match answer {
                Some(answer) => answer.map_err(|error| error_of(&error, asked)),
                None => Err(DeployError::Unreachable {
                    target: self.address.clone(),
                    why: no_answer(),
                }),
            },
        }
    }
}

/// What the API calls objects of a kind.
pub(super) fn resource(kind: WorkloadKind) -> ApiResource {
    match kind {
        WorkloadKind::Deployment => ApiResource::erase::<Deployment>(&()),
        WorkloadKind::StatefulSet => ApiResource::erase::<StatefulSet>(&()),
        WorkloadKind::DaemonSet => ApiResource::erase::<DaemonSet>(&()),
        WorkloadKind::CronJob => ApiResource::erase::<CronJob>(&()),
    }
}

fn unfit(target: String, error: &KubeconfigError, file: Option<&Path>) -> DeployError {
    let contexts = || {
        let kubeconfig = match file {
            Some(file) => Kubeconfig::read_from(file),
            None => Kubeconfig::read(),
        };
        let kubeconfig = kubeconfig.ok()?;
        let names: Vec<_> = kubeconfig
            .contexts
            .into_iter()
            .map(|context| context.name)
            .collect();
        (!names.is_empty()).then(|| format!("; it has {}", names.join(", ")))
    };
    let why = match error {
        KubeconfigError::LoadContext(name) => format!(
            "the kubeconfig has no context `{name}`{}",
            contexts().unwrap_or_default()
        ),
        KubeconfigError::CurrentContextNotSet => {
            format!(
                "the kubeconfig has no current context{}",
                contexts().unwrap_or_default()
            )
        }
        other => other.to_string(),
    };
    DeployError::Unfit {
        target,
        why: clean_line(&why),
        hint: "set `context` or `kubeconfig` in windlass.toml, or KUBECONFIG; `kubectl config get-contexts` lists contexts"
            .to_owned(),
    }
}
