//! Whether the account has the rights that a deployment needs, by asking the API itself.

use futures_util::future::try_join_all;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;
use tokio_util::sync::CancellationToken;

use super::KubernetesDeployer;
use super::cluster::{Cluster, resource};
use super::owners::FIELD_MANAGER;
use super::workload::Workload;
use crate::deploy::deployment::{DeployCheck, Subject};
use crate::deploy::error::DeployError;
use crate::domain::WorkloadKind;

/// A right to something.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Right {
    verb: &'static str,
    group: String,
    /// `pods/log`: with its subresource.
    resource: String,
    name: Option<String>,
}

impl Right {
    fn new(verb: &'static str, group: &str, resource: &str) -> Self {
        Self {
            verb,
            group: group.to_owned(),
            resource: resource.to_owned(),
            name: None,
        }
    }

    /// `patch deployments.apps`.
    fn words(&self) -> String {
        if self.group.is_empty() {
            format!("{} {}", self.verb, self.resource)
        } else {
            format!("{} {}.{}", self.verb, self.resource, self.group)
        }
    }
}

impl KubernetesDeployer {
    pub(in crate::deploy) async fn check(
        &self,
        subject: &Subject,
        cancel: &CancellationToken,
    ) -> DeployCheck {
        match self.check_rights(subject, cancel).await {
            Ok(check) => check,
            Err(error) => DeployCheck {
                deploys: Err(error.to_string()),
                observes: Some(Err(error.to_string())),
                hint: error.hint(),
            },
        }
    }

    async fn check_rights(
        &self,
        subject: &Subject,
        cancel: &CancellationToken,
    ) -> Result<DeployCheck, DeployError> {
        let cluster = self.cluster(subject).await?;
        let workloads = self.workloads(&cluster, subject, cancel).await?;
        for workload in &workloads {
            self.container(workload, subject)
                .map_err(|(why, hint)| DeployError::Unfit {
                    target: workload.words(),
                    why,
                    hint: hint.to_owned(),
                })?;
        }
        let names: Vec<_> = workloads.iter().map(Workload::words).collect();
        let what = format!(
            "{} in namespace {} of {}",
            names.join(", "),
            cluster.namespace,
            cluster.address
        );
        let (to_observe, to_deploy, to_explain) = tokio::try_join!(
            missing(&cluster, observing(&workloads), cancel),
            missing(&cluster, deploying(&workloads, self.settings.rollback), cancel),
            missing(&cluster, explaining(), cancel),
        )?;
        let no_right = |rights: &[String]| format!("{what}: no right to {}", rights.join(", "));
        let deploys = if self.settings.only_observe {
            Ok(format!("{what} is deployed by something else"))
        } else if !to_deploy.is_empty() {
            Err(no_right(&to_deploy))
        } else if to_explain.is_empty() {
            Ok(format!("can deploy {what}"))
        } else {
            Ok(format!(
                "can deploy {what}; reasons of failures may be missing: no right to {}",
                to_explain.join(", ")
            ))
        };
        Ok(DeployCheck {
            deploys,
            observes: Some(if to_observe.is_empty() {
                Ok("the digests of its pods".to_owned())
            } else {
                Err(no_right(&to_observe))
            }),
            hint: format!(
                "ask for a role with these rights in namespace {}, or use another context",
                cluster.namespace
            ),
        })
    }
}

fn observing(workloads: &[Workload]) -> Vec<Right> {
    let mut rights = vec![Right::new("list", "", "pods")];
    for workload in workloads {
        rights.push(of_workload("get", workload));
    }
    if has_replica_sets(workloads) {
        rights.push(Right::new("list", "apps", "replicasets"));
    }
    rights
}

fn deploying(workloads: &[Workload], rollback: bool) -> Vec<Right> {
    let mut rights = Vec::new();
    for workload in workloads {
        rights.extend(["get", "patch", "list", "watch"].map(|verb| of_workload(verb, workload)));
        if rollback && workload.kind() == WorkloadKind::StatefulSet {
            rights.push(Right::new("delete", "", "pods"));
        }
    }
    rights.extend(["list", "watch"].map(|verb| Right::new(verb, "", "pods")));
    if has_replica_sets(workloads) {
        rights.extend(["list", "watch"].map(|verb| Right::new(verb, "apps", "replicasets")));
    }
    rights.dedup();
    rights
}

/// What only tells more of a failure.
fn explaining() -> Vec<Right> {
    vec![
        Right::new("list", "", "events"),
        Right::new("watch", "", "events"),
        Right::new("get", "", "pods/log"),
    ]
}

fn of_workload(verb: &'static str, workload: &Workload) -> Right {
    let about = resource(workload.kind());
    Right {
        name: Some(workload.name().to_owned()),
        ..Right::new(verb, &about.group, &about.plural)
    }
}

fn has_replica_sets(workloads: &[Workload]) -> bool {
    workloads
        .iter()
        .any(|workload| workload.kind() == WorkloadKind::Deployment)
}

/// Those of `rights` that the account does not have, in words.
async fn missing(
    cluster: &Cluster,
    rights: Vec<Right>,
    cancel: &CancellationToken,
) -> Result<Vec<String>, DeployError> {
    let asking = rights.iter().map(|right| async move {
        Ok::<_, DeployError>((!may(cluster, right, cancel).await?).then(|| right.words()))
    });
    let mut missing: Vec<_> = try_join_all(asking).await?.into_iter().flatten().collect();
    missing.dedup();
    Ok(missing)
}

async fn may(cluster: &Cluster, right: &Right, cancel: &CancellationToken) -> Result<bool, DeployError> {
    let (plural, subresource) = match right.resource.split_once('/') {
        Some((plural, subresource)) => (plural, Some(subresource)),
        None => (right.resource.as_str(), None),
    };
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(right.group.clone()),
                name: right.name.clone(),
                namespace: Some(cluster.namespace.clone()),
                resource: Some(plural.to_owned()),
                subresource: subresource.map(str::to_owned),
                verb: Some(right.verb.to_owned()),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(cluster.client.clone());
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    let asked = cluster.asked("create", "selfsubjectaccessreviews.authorization.k8s.io");
    let answer = cluster.call(&asked, cancel, api.create(&params, &review)).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}
