//! Sets the image of each workload and follows its rollout; where one fails, sets the images before, if that is asked for.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::KubernetesDeployer;
use super::cluster::Cluster;
use super::roll_out::{Failure, RollOut, Rolled};
use crate::deploy::deployment::{Applied, Deployment};
use crate::deploy::error::DeployError;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{DeployOutcome, KubernetesTarget, WorkloadTarget};

impl KubernetesDeployer {
    pub(in crate::deploy) async fn apply(
        &self,
        target: &KubernetesTarget,
        deployment: &Deployment,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<Applied, DeployError> {
        if target.only_observe {
            return Ok(Applied {
                outcome: DeployOutcome::Unchanged,
                summary: "only observed".to_owned(),
            });
        }
        let cluster = self.cluster(&deployment.subject()).await?;
        let run = Run {
            cluster: &cluster,
            environment: deployment.environment.as_str(),
            timeout: self.settings.timeout.unsigned_abs(),
            tell,
            cancel,
        };
        let image = deployment.image.to_string();
        let mut ended = Vec::new();
        let mut changed = Vec::new();
        for workload in &target.workloads {
            match run.roll_out(workload, &image, None).await {
                Ok(rolled) => {
                    if rolled.changed {
                        changed.push(workload);
                    }
                    ended.push(rolled);
                }
                Err(failure) => {
                    if failure.changed {
                        changed.push(workload);
                    }
                    if !target.rollback || !matches!(failure.error, DeployError::NotUp { .. }) {
                        return Err(failure.error);
                    }
                    return Err(run.go_back(&changed, failure.error, &image).await);
                }
            }
        }
        Ok(applied(&ended))
    }
}

fn applied(ended: &[Rolled]) -> Applied {
    let is_changed = ended.iter().any(|rolled| rolled.changed || rolled.waited);
    let words: Vec<_> = ended.iter().map(|rolled| rolled.words.clone()).collect();
    Applied {
        outcome: if is_changed {
            DeployOutcome::Deployed
        } else {
            DeployOutcome::Unchanged
        },
        summary: words.join(", "),
    }
}

/// One deployment to one cluster.
struct Run<'a> {
    cluster: &'a Cluster,
    environment: &'a str,
    timeout: Duration,
    tell: Tell<'a>,
    cancel: &'a CancellationToken,
}

impl Run<'_> {
    async fn roll_out(
        &self,
        workload: &WorkloadTarget,
        image: &str,
        replaced: Option<&str>,
    ) -> Result<Rolled, Failure> {
        RollOut {
            cluster: self.cluster,
            workload,
            image,
            replaced,
            environment: self.environment,
            timeout: self.timeout,
            tell: self.tell,
            cancel: self.cancel,
        }
        .run()
        .await
    }

    /// Sets the images before again, the last first, and says what became of it.
    async fn go_back(&self, changed: &[&WorkloadTarget], error: DeployError, image: &str) -> DeployError {
        let DeployError::NotUp { target, why } = error else {
            return error;
        };
        let mut back = Vec::new();
        for workload in changed.iter().rev() {
            let before = workload.image.as_deref().unwrap_or_default();
            (self.tell)(DeployProgress::Warning(format!(
                "{} goes back to {before}",
                workload.words()
            )));
            match self.roll_out(workload, before, Some(image)).await {
                Ok(_) => back.push(before.to_owned()),
                Err(Failure {
                    error: DeployError::Interrupted,
                    ..
                }) => return DeployError::Interrupted,
                Err(failure) => {
                    return DeployError::NotUp {
                        target,
                        why: format!("{why}; it is not back at {before} either: {}", failure.error),
                    };
                }
            }
        }
        if back.is_empty() {
            return DeployError::NotUp { target, why };
        }
        back.dedup();
        DeployError::RolledBack {
            target,
            back: back.join(", "),
            why,
        }
    }
}
