//! Sets the image of one container of one workload, and follows the rollout.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, LogParams, Patch, PatchParams, Preconditions};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cluster::{Cluster, resource};
use super::follow::{End, Follower, Telling};
use super::owners::{FIELD_MANAGER, image_owners};
use super::rollout::{Goal, LogSource, State, deadline_mark, is_controlled_by, is_ready, judge};
use super::watch::{Seen, Watch, error_of_watch};
use super::workload::Workload;
use crate::deploy::error::DeployError;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{WorkloadKind, WorkloadTarget, clean_line};

/// How many lines of the log of a crashed container are shown.
const LOG_LINES: i64 = 10;
/// How long the first view of a workload may take.
const FIRST_VIEW: Duration = Duration::from_secs(30);

/// How one workload was deployed.
#[derive(Debug)]
pub(super) struct Rolled {
    /// Whether its image was another before.
    pub changed: bool,
    /// Whether it was not up before.
    pub waited: bool,
    /// In words: `deployment/payment-svc: 3 replicas`.
    pub words: String,
}

/// Why one was not.
#[derive(Debug)]
pub(super) struct Failure {
    /// Whether its image was set.
    pub changed: bool,
    pub error: DeployError,
}

/// One workload to deploy.
pub(super) struct RollOut<'a> {
    pub cluster: &'a Cluster,
    pub workload: &'a WorkloadTarget,
    pub image: &'a str,
    /// The image whose rollout failed, if this goes back from it.
    pub replaced: Option<&'a str>,
    pub environment: &'a str,
    pub timeout: Duration,
    pub tell: Tell<'a>,
    pub cancel: &'a CancellationToken,
}

impl RollOut<'_> {
    pub async fn run(&self) -> Result<Rolled, Failure> {
        let untouched = |error| Failure {
            changed: false,
            error,
        };
        let (kind, name) = (self.workload.kind, self.workload.name.as_str());
        let asked = self.cluster.workload(kind, name, self.cancel);
        let selector = asked.await.map_err(untouched)?.selector();
        let mut watch = Watch::start(self.cluster, kind, name, selector.as_ref());
        let now = self.first_view(&mut watch).await.map_err(untouched)?;
        let container = self.workload.container.as_deref().unwrap_or_default();
        let mut goal = Goal {
            uid: self.workload.uid.clone().unwrap_or_default(),
            container: container.to_owned(),
            image: self.image.to_owned(),
            generation: now.generation(),
            stale_deadline: deadline_mark(&now),
        };
        let changed = now.image(container) != Some(self.image);
        if changed {
            let stuck = self.stuck_pods(&watch, &now);
            goal.generation = self.set_image(&now, container).await.map_err(untouched)?;
            self.delete_pods(&stuck).await;
        } else if let State::Up { replicas } = judge(&watch.view(), &goal) {
            return Ok(Rolled {
                changed: false,
                waited: false,
                words: self.up_words(replicas),
            });
        }
        let item = format!("{}/{}", self.environment, self.workload.words());
        let ended = Follower {
            cluster: self.cluster,
            watch: &mut watch,
            goal: &goal,
            timeout: self.timeout,
            end: Instant::now() + self.timeout,
            told: Telling::new(item.clone(), self.workload.words(), self.tell),
            cancel: self.cancel,
        }
        .follow()
        .await;
        self.end(ended, item, changed).await
    }

    async fn end(&self, ended: End, item: String, changed: bool) -> Result<Rolled, Failure> {
        let (result, error) = match ended {
            End::Up(replicas) => {
                let words = self.up_words(replicas);
                let result = if replicas == 0 { "no replicas" } else { "up" };
                (self.tell)(DeployProgress::Ended {
                    item,
                    result: result.to_owned(),
                });
                return Ok(Rolled {
                    changed,
                    waited: true,
                    words,
                });
            }
            End::Failed(why, log) => {
                let why = match log {
                    Some(log) => self.with_log(why, &log).await,
                    None => why,
                };
                let (target, why) = (self.target(), clean_line(&why));
                ("failed", DeployError::NotUp { target, why })
            }
            End::Overtaken(why) => {
                let (target, why) = (self.target(), clean_line(&why));
                ("overtaken", DeployError::Overtaken { target, why })
            }
            End::Lost(why) => {
                let (target, why) = (self.target(), clean_line(&why));
                ("unknown", DeployError::Unsure { target, why })
            }
            End::Refused(error) => {
                let (target, why) = (self.target(), error.to_string());
                ("unknown", DeployError::Unsure { target, why })
            }
            End::Interrupted(last) => {
                (self.tell)(DeployProgress::Warning(format!(
                    "{}: the rollout goes on without being followed: {last}",
                    self.workload.words()
                )));
                ("not followed", DeployError::Interrupted)
            }
        };
        (self.tell)(DeployProgress::Ended {
            item,
            result: result.to_owned(),
        });
        Err(Failure { changed, error })
    }

    fn up_words(&self, replicas: u64) -> String {
        let words = self.workload.words();
        match (self.workload.kind, replicas) {
            (WorkloadKind::CronJob, _) => format!("{words}: from its next job on"),
            (_, 0) => format!("{words}: 0 replicas, so that nothing runs"),
            (_, 1) => format!("{words}: 1 replica"),
            (_, replicas) => format!("{words}: {replicas} replicas"),
        }
    }

    fn target(&self) -> String {
        format!(
            "{} in namespace {}",
            self.workload.words(),
            self.cluster.namespace
        )
    }

    /// Waits until everything is listed, so that what comes then is of this rollout.
    async fn first_view(&self, watch: &mut Watch) -> Result<Workload, DeployError> {
        let listing = async {
            loop {
                if watch.is_complete() {
                    return Ok(());
                }
                match watch.next().await {
                    Seen::Change => {}
                    Seen::NoWarnings(why) => (self.tell)(DeployProgress::Line(format!(
                        "{}: events are not read, so that reasons may be missing: {why}",
                        self.workload.words()
                    ))),
                    Seen::Broken(what, error) => return Err(error_of_watch(self.cluster, what, &error)),
                }
            }
        };
        let end = tokio::select! {
            () = self.cancel.cancelled() => Err(DeployError::Interrupted),
            listed = tokio::time::timeout(FIRST_VIEW, listing) => listed.unwrap_or_else(|_| {
                Err(DeployError::Unreachable {
                    target: self.cluster.address.clone(),
                    why: format!("no answer within {} s", FIRST_VIEW.as_secs()),
                })
            }),
        };
        end?;
        watch.workload().cloned().ok_or_else(|| DeployError::Unfit {
            target: self.target(),
            why: "it was deleted in the meantime".to_owned(),
            hint: "make a new plan once it is there again".to_owned(),
        })
    }

    /// Server-side apply of the image alone, whoever owns that field: no other field changes its owner or its value. The uid makes
    /// it fail where the workload is another one. Returns the generation that has the image.
    async fn set_image(&self, now: &Workload, container: &str) -> Result<i64, DeployError> {
        let owners = image_owners(now.meta(), now.kind(), container);
        if !owners.is_empty() {
            let owners: Vec<_> = owners.iter().map(|owner| format!("`{owner}`")).collect();
            (self.tell)(DeployProgress::Line(format!(
                "{}: takes the image of container `{container}` over from {}",
                self.workload.words(),
                owners.join(", ")
            )));
        }
        let kind = now.kind();
        let about = resource(kind);
        let body = json!({
            "apiVersion": about.api_version,
            "kind": about.kind,
            "metadata": { "name": now.name(), "uid": now.uid() },
            "spec": template(kind, &json!({ "spec": { "containers": [
                { "name": container, "image": self.image }
            ] } })),
        });
        let asked = self.cluster.asked_workload("patch", kind, Some(now.name()));
        let api = self.cluster.objects(kind);
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let patch = Patch::Apply(body);
        let object = self
            .cluster
            .call(&asked, self.cancel, api.patch(now.name(), &params, &patch))
            .await
            .map_err(|error| match error {
                DeployError::Unreachable { why, .. } => DeployError::Unsure {
                    target: self.target(),
                    why: format!("whether the change arrived is unknown: {why}"),
                },
                error => error,
            })?;
        (self.tell)(DeployProgress::Line(format!(
            "{}: set the image of container `{container}` to {}",
            self.workload.words(),
            self.image
        )));
        Ok(object.metadata.generation.unwrap_or_default())
    }

    /// The pods of a stateful set that hang in the image from which it goes back. Its controller waits for them for ever:
    /// kubernetes.io/docs/concepts/workloads/controllers/statefulset, "Forced rollback".
    fn stuck_pods(&self, watch: &Watch, now: &Workload) -> Vec<(String, String)> {
        let (Some(replaced), WorkloadKind::StatefulSet) = (self.replaced, now.kind()) else {
            return Vec::new();
        };
        let stuck = watch.pods().filter(|pod| {
            let containers = pod.spec.as_ref().map(|spec| &spec.containers);
            let has_image = containers.is_some_and(|containers| {
                containers
                    .iter()
                    .any(|container| container.image.as_deref() == Some(replaced))
            });
            has_image && !is_ready(pod) && is_controlled_by(&pod.metadata, now.uid())
        });
        stuck
            .filter_map(|pod| Some((pod.metadata.name.clone()?, pod.metadata.uid.clone()?)))
            .collect()
    }

    async fn delete_pods(&self, pods: &[(String, String)]) {
        let api: Api<Pod> = self.cluster.api();
        for (name, uid) in pods {
            let params = DeleteParams::default().preconditions(Preconditions {
                uid: Some(uid.clone()),
                resource_version: None,
            });
            let asked = self.cluster.asked("delete", "pods");
            let deleted = self
                .cluster
                .call(&asked, self.cancel, api.delete(name, &params))
                .await;
            (self.tell)(match deleted {
                Ok(_) => DeployProgress::Line(format!("deleted pod {name}, which hung in the image before")),
                Err(error) => DeployProgress::Warning(format!(
                    "pod {name} hangs, and its stateful set waits for it until it is deleted: {error}"
                )),
            });
        }
    }

    /// The reason with the last line of the log of the container that crashed; the lines before go to the log of the run.
    async fn with_log(&self, why: String, source: &LogSource) -> String {
        let params = LogParams {
            container: Some(source.container.clone()),
            previous: true,
            tail_lines: Some(LOG_LINES),
            ..LogParams::default()
        };
        let api: Api<Pod> = self.cluster.api();
        let asked = self.cluster.asked("get", "pods/log");
        let log = self
            .cluster
            .call(&asked, self.cancel, api.logs(&source.pod, &params))
            .await;
        let lines: Vec<_> = match &log {
            Ok(log) => log
                .lines()
                .map(clean_line)
                .filter(|line| !line.trim().is_empty())
                .collect(),
            Err(error) => {
                (self.tell)(DeployProgress::Line(format!("its log cannot be read: {error}")));
                return why;
            }
        };
        for line in &lines {
            (self.tell)(DeployProgress::Line(format!("{}: {line}", source.container)));
        }
        match lines.last() {
            Some(last) => format!("{why}: {last}"),
            None => why,
        }
    }
}

/// The specification of a workload that says only this of its template.
fn template(kind: WorkloadKind, template: &Value) -> Value {
    match kind {
        WorkloadKind::CronJob => json!({ "jobTemplate": { "spec": { "template": template } } }),
        WorkloadKind::Deployment | WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => {
            json!({ "template": template })
        }
    }
}
