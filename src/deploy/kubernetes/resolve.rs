//! Finds the workloads that a deployment changes, and what the plan pins of them.

use kube::api::ListParams;
use tokio_util::sync::CancellationToken;

use super::KubernetesDeployer;
use super::cluster::Cluster;
use super::workload::Workload;
use crate::deploy::deployment::Subject;
use crate::deploy::error::DeployError;
use crate::domain::{
    KubernetesTarget, WorkloadChoice, WorkloadKind, WorkloadTarget, clean_line, is_kubernetes_name,
};

impl KubernetesDeployer {
    pub(in crate::deploy) async fn resolve(
        &self,
        subject: &Subject,
        cancel: &CancellationToken,
    ) -> Result<KubernetesTarget, DeployError> {
        let cluster = self.cluster(subject).await?;
        let workloads = if self.settings.only_observe {
            self.named(subject)
        } else {
            let found = self.workloads(&cluster, subject, cancel).await?;
            let pinned = found.iter().map(|workload| self.pin(&cluster, workload, subject));
            pinned.collect::<Result<_, _>>()?
        };
        Ok(KubernetesTarget {
            cluster: cluster.address,
            namespace: cluster.namespace,
            workloads,
            selectors: match &self.settings.workloads {
                WorkloadChoice::Labelled(selectors) if self.settings.only_observe => {
                    selectors.iter().map(|selector| subject.fill(selector)).collect()
                }
                WorkloadChoice::Labelled(_) | WorkloadChoice::Named(_) => Vec::new(),
            },
            rollback: self.settings.rollback,
            only_observe: self.settings.only_observe,
        })
    }

    /// Those that windlass.toml names. What only observes is not asked for: something else may be about to create it.
    fn named(&self, subject: &Subject) -> Vec<WorkloadTarget> {
        let WorkloadChoice::Named(names) = &self.settings.workloads else {
            return Vec::new();
        };
        let target = |kind, name: &str| WorkloadTarget {
            kind,
            name: subject.fill(name),
            uid: None,
            container: None,
            image: None,
        };
        names.iter().map(|name| target(name.kind, &name.name)).collect()
    }

    /// The workloads as they are now, in the order in which they are deployed.
    pub(super) async fn workloads(
        &self,
        cluster: &Cluster,
        subject: &Subject,
        cancel: &CancellationToken,
    ) -> Result<Vec<Workload>, DeployError> {
        let mut found: Vec<Workload> = Vec::new();
        match &self.settings.workloads {
            WorkloadChoice::Named(names) => {
                for workload in names {
                    let name = subject.fill(&workload.name);
                    if !is_kubernetes_name(&name) {
                        return Err(DeployError::Unfit {
                            target: format!("{}/{}", workload.kind, clean_line(&name)),
                            why: "that is not a valid name in Kubernetes".to_owned(),
                            hint: "name the workload without `{service}` in windlass.toml".to_owned(),
                        });
                    }
                    found.push(cluster.workload(workload.kind, &name, cancel).await?);
                }
            }
            WorkloadChoice::Labelled(selectors) => {
                for selector in selectors {
                    let selector = subject.fill(selector);
                    found.push(the_one(cluster, &selector, cancel).await?);
                }
            }
        }
        for (at, workload) in found.iter().enumerate() {
            if found[..at].iter().any(|earlier| earlier.uid() == workload.uid()) {
                return Err(unfit(
                    cluster,
                    workload,
                    "it is named twice",
                    "name it once in windlass.toml",
                ));
            }
        }
        Ok(found)
    }

    fn pin(
        &self,
        cluster: &Cluster,
        workload: &Workload,
        subject: &Subject,
    ) -> Result<WorkloadTarget, DeployError> {
        let container = self
            .container(workload, subject)
            .map_err(|(why, hint)| unfit(cluster, workload, &why, hint))?;
        if let Some((why, hint)) = workload.obstacle() {
            return Err(unfit(cluster, workload, &why, hint));
        }
        Ok(WorkloadTarget {
            kind: workload.kind(),
            name: workload.name().to_owned(),
            uid: Some(workload.uid().to_owned()),
            image: workload.image(&container).map(clean_line),
            container: Some(container),
        })
    }

    /// The container whose image is set: the one that windlass.toml names, or the only one.
    pub(super) fn container(
        &self,
        workload: &Workload,
        subject: &Subject,
    ) -> Result<String, (String, &'static str)> {
        let names: Vec<_> = workload
            .containers()
            .iter()
            .map(|container| &*container.name)
            .collect();
        let list = || clean_line(&names.join(", "));
        let Some(wanted) = &self.settings.container else {
            return match names.as_slice() {
                [only] => Ok((*only).to_owned()),
                _ => Err((
                    format!("it has several containers: {}", list()),
                    "name one with `container` in windlass.toml",
                )),
            };
        };
        let wanted = subject.fill(wanted);
        if names.contains(&wanted.as_str()) {
            return Ok(wanted);
        }
        let is_init = workload.init_containers().iter().any(|init| init.name == wanted);
        let why = if is_init {
            format!("`{wanted}` is an init container; containers: {}", list())
        } else {
            format!("it has no container `{wanted}`; containers: {}", list())
        };
        Err((why, "set `container` in windlass.toml"))
    }
}

/// A text of windlass.toml for one service.
fn unfit(cluster: &Cluster, workload: &Workload, why: &str, hint: &str) -> DeployError {
    DeployError::Unfit {
        target: format!("{} in namespace {}", workload.words(), cluster.namespace),
        why: why.to_owned(),
        hint: hint.to_owned(),
    }
}

/// The only workload with these labels.
async fn the_one(
    cluster: &Cluster,
    selector: &str,
    cancel: &CancellationToken,
) -> Result<Workload, DeployError> {
    let mut found = Vec::new();
    let mut refused = None;
    for kind in WorkloadKind::ALL {
        let asked = cluster.asked_workload("list", kind, None);
        let params = ListParams::default().labels(selector);
        match cluster
            .call(&asked, cancel, cluster.objects(kind).list(&params))
            .await
        {
            Ok(list) => {
                let read = list.items.into_iter().map(|object| Workload::read(kind, object));
                found.extend(read.filter_map(Result::ok));
            }
            // What may not be listed cannot be deployed either.
            Err(error @ DeployError::NotAllowed { .. }) => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    let fault = |why, hint: &str| DeployError::Unfit {
        target: format!(
            "the workload with `{}` in namespace {} of {}",
            clean_line(selector),
            cluster.namespace,
            cluster.address
        ),
        why,
        hint: hint.to_owned(),
    };
    match found.len() {
        1 => found.pop().ok_or_else(|| fault(String::new(), "")),
        0 => Err(refused.unwrap_or_else(|| {
            fault(
                "no workload has these labels".to_owned(),
                "check `selector`, `namespace` and `context` in windlass.toml",
            )
        })),
        _ => {
            let names: Vec<_> = found.iter().map(Workload::words).collect();
            Err(fault(
                format!("several workloads have these labels: {}", names.join(", ")),
                "name them in order with `workload`, or give a list of selectors that each fit one",
            ))
        }
    }
}
