//! The objects of Flux and Argo CD in a cluster.

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;

use crate::deploy::cluster_access::{ClusterAccess, in_time, no_answer};
use crate::deploy::error::DeployError;
use crate::domain::{Reconciler, ReconcilerKind, clean_line};

/// What Flux looks at to reconcile at once.
pub(super) const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

/// The object that carries commits out, in its cluster.
pub(super) struct Objects<'a> {
    pub reconciler: &'a Reconciler,
    client: Client,
    pub api: Api<DynamicObject>,
}

impl<'a> Objects<'a> {
    /// Reads the kubeconfig; nothing is asked yet.
    pub async fn connect(reconciler: &'a Reconciler) -> Result<Self, DeployError> {
        let unfit = |why: String| DeployError::Unfit {
            target: reconciler.words(),
            why: clean_line(&why),
            hint: "check `context` and `kubeconfig` of `wait_for` in windlass.toml, or KUBECONFIG".to_owned(),
        };
        let access =
            ClusterAccess::new(reconciler.kubeconfig.as_deref(), reconciler.context.as_deref()).await;
        let client = access.map_err(|error| unfit(error.to_string()))?.client;
        let resource = match reconciler.kind {
            ReconcilerKind::Flux => resource("kustomize.toolkit.fluxcd.io", "v1", "Kustomization"),
            ReconcilerKind::Argocd => resource("argoproj.io", "v1alpha1", "Application"),
        };
        let api = Api::namespaced_with(client.clone(), &reconciler.namespace, &resource);
        Ok(Self {
            reconciler,
            client,
            api,
        })
    }

    /// The object as it is now.
    pub async fn get(&self) -> Result<DynamicObject, DeployError> {
        let target = || self.reconciler.words();
        let asked = in_time(self.api.get(&self.reconciler.name)).await;
        asked
            .ok_or_else(|| self.unreachable(&no_answer()))?
            .map_err(|error| match &error {
                kube::Error::Api(status) if status.code == 404 => DeployError::Unfit {
                    target: target(),
                    why: "there is no such object".to_owned(),
                    hint: "correct `wait_for` of the deployer in windlass.toml".to_owned(),
                },
                kube::Error::Api(status) if matches!(status.code, 401 | 403) => DeployError::NotAllowed {
                    target: target(),
                    why: clean_line(&status.message),
                },
                _ => self.unreachable(&error.to_string()),
            })
    }

    pub fn unreachable(&self, why: &str) -> DeployError {
        DeployError::Unreachable {
            target: self.reconciler.words(),
            why: clean_line(why),
        }
    }

    /// Sets an annotation of the object; says why not.
    pub async fn annotate(&self, name: &str, value: &str) -> Result<(), String> {
        patch(&self.api, &self.reconciler.name, name, value)
            .await
            .map(drop)
    }

    /// Has the source of a Kustomization fetched: its kind, its name, and its namespace if that is another one. Says what the
    /// source was then.
    pub async fn annotate_source(
        &self,
        (kind, name, namespace): (String, String, Option<String>),
        value: &str,
    ) -> Result<DynamicObject, String> {
        let namespace = namespace.unwrap_or_else(|| self.reconciler.namespace.clone());
        let resource = resource("source.toolkit.fluxcd.io", "v1", &kind);
        let api = Api::namespaced_with(self.client.clone(), &namespace, &resource);
        patch(&api, &name, REQUESTED_AT, value).await
    }
}

fn resource(group: &str, version: &str, kind: &str) -> ApiResource {
    let plural = if kind.ends_with('y') {
        format!("{}ies", kind.trim_end_matches('y').to_lowercase())
    } else {
        format!("{}s", kind.to_lowercase())
    };
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: format!("{group}/{version}"),
        kind: kind.to_owned(),
        plural,
    }
}

async fn patch(
    api: &Api<DynamicObject>,
    object: &str,
    name: &str,
    value: &str,
) -> Result<DynamicObject, String> {
    let patch = Patch::Merge(json!({"metadata": {"annotations": {name: value}}}));
    let patched = in_time(api.patch(object, &PatchParams::default(), &patch)).await;
    patched
        .ok_or_else(no_answer)?
        .map_err(|error| clean_line(&error.to_string()))
}
