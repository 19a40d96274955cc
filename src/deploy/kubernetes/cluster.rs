//! A cluster: how it is reached, and its workloads as objects.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::CronJob;
use kube::config::{Kubeconfig, KubeconfigError};
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, Client};
use tokio_util::sync::CancellationToken;

use super::error::{Asked, error_of};
use super::workload::Workload;
use crate::deploy::error::DeployError;
use crate::deploy::kubeconfig;
use crate::domain::{KubernetesSettings, WorkloadKind, clean_line, is_kubernetes_name};

/// How long it may take to reach the API.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the answer to one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

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
        let mut config = kubeconfig::read(settings.kubeconfig.as_deref(), context.as_deref())
            .await
            .map_err(|error| unfit(name(), &error, settings.kubeconfig.as_deref()))?;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        let address = clean_line(config.cluster_url.to_string().trim_end_matches('/'));
        let namespace = match &settings.namespace {
            Some(namespace) => namespace.replace("{service}", service),
            None => config.default_namespace.clone(),
        };
        if !is_kubernetes_name(&namespace) {
            return Err(DeployError::Unfit {
                target: address,
                why: format!("`{}` is not a valid namespace", clean_line(&namespace)),
                hint: "set `namespace` in windlass.toml".to_owned(),
            });
        }
        let client = Client::try_from(config).map_err(|error| DeployError::Unfit {
            target: name(),
            why: clean_line(&error.to_string()),
            hint: "check the kubeconfig with `kubectl config view`".to_owned(),
        })?;
        Ok(Self {
            client,
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
            answer = tokio::time::timeout(CALL_TIMEOUT, call) => match answer {
                Ok(answer) => answer.map_err(|error| error_of(&error, asked)),
                Err(_) => Err(DeployError::Unreachable {
                    target: self.address.clone(),
                    why: format!("no answer within {} s", CALL_TIMEOUT.as_secs()),
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
