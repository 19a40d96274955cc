//! A service deployment, followed to its end: only a successful one of our own revision has deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answers::{Described, Listed, Revisions, ServiceDeployment};
use super::aws::Aws;
use crate::deploy::deployment::Applied;
use crate::deploy::error::DeployError;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{DeployOutcome, clean_line, span};

/// The time between the first two questions; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest time between two questions.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a rollback that was asked for is followed.
const ROLLBACK_TIMEOUT: Duration = Duration::from_mins(10);

/// The service deployments that there are, newest first.
pub(super) async fn listed(aws: &Aws<'_>, names: &[&str; 4]) -> Result<BTreeSet<String>, DeployError> {
    let listed: Listed = aws.ask("list-service-deployments", names).await?;
    let all = listed.service_deployments.into_iter();
    Ok(all.map(|one| one.service_deployment_arn).collect())
}

/// A deployment of one revision of the task definition.
pub(super) struct Rollout<'a> {
    pub(super) aws: &'a Aws<'a>,
    pub(super) names: [&'a str; 4],
    /// The revision that is rolled out.
    pub(super) definition: &'a str,
    /// The service deployments that were there before.
    pub(super) before: BTreeSet<String>,
    /// What its progress is called.
    pub(super) item: String,
    pub(super) tell: Tell<'a>,
}

/// What was told so far.
#[derive(Default)]
struct Told {
    status: String,
    why: String,
    total: Option<u64>,
    done: Option<u64>,
    trouble: Option<String>,
}

impl Rollout<'_> {
    pub(super) async fn follow(&self) -> Result<Applied, DeployError> {
        let limit = self.aws.settings.timeout;
        let mut end = Instant::now() + limit.unsigned_abs();
        let mut pause = FIRST_PAUSE;
        let (mut arn, mut told, mut is_back_asked) = (None, Told::default(), false);
        loop {
            match self.look(&mut arn, &mut told).await {
                Ok(Some(ended)) => return ended,
                Ok(None) => {}
                Err(DeployError::Interrupted) => return Err(self.interrupted(arn.as_deref()).await),
                // It is asked again until the time is up.
                Err(error) => self.trouble(&error, &mut told),
            }
            if Instant::now() + pause > end {
                let after = format!("after {} it was {}", span(limit), told.words());
                match &arn {
                    Some(found) if self.aws.settings.rollback && !is_back_asked => {
                        (self.tell)(DeployProgress::Warning(format!("{after}; rolling back")));
                        self.stop(found, self.aws).await?;
                        is_back_asked = true;
                        end = Instant::now() + ROLLBACK_TIMEOUT;
                        pause = FIRST_PAUSE;
                    }
                    _ => return Err(self.unsure(after)),
                }
            }
            tokio::select! {
                () = self.aws.cancel.cancelled() => return Err(self.interrupted(arn.as_deref()).await),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Looks once; how it ended, if it has.
    async fn look(
        &self,
        arn: &mut Option<String>,
        told: &mut Told,
    ) -> Result<Option<Result<Applied, DeployError>>, DeployError> {
        if arn.is_none() {
            *arn = self.own().await?;
        }
        let Some(found) = arn else { return Ok(None) };
        let args = ["--service-deployment-arns", found];
        let described: Described = self.aws.ask("describe-service-deployments", &args).await?;
        let Some(deployment) = described.service_deployments.into_iter().next() else {
            return Ok(None);
        };
        self.tell(&deployment, told);
        let ended = self.ended(&deployment);
        if ended.is_some() && told.total.is_some() {
            (self.tell)(DeployProgress::Ended {
                item: self.item.clone(),
                result: clean_line(&deployment.status),
            });
        }
        Ok(ended)
    }

    /// The service deployment whose target is our revision; none before it is there.
    async fn own(&self) -> Result<Option<String>, DeployError> {
        let listed: Listed = self.aws.ask("list-service-deployments", &self.names).await?;
        let new: BTreeMap<_, _> = listed
            .service_deployments
            .into_iter()
            .filter(|one| !self.before.contains(&one.service_deployment_arn))
            .filter_map(|one| Some((one.target_service_revision_arn?, one.service_deployment_arn)))
            .collect();
        if new.is_empty() {
            return Ok(None);
        }
        let mut args = vec!["--service-revision-arns"];
        args.extend(new.keys().map(String::as_str));
        let revisions: Revisions = self.aws.ask("describe-service-revisions", &args).await?;
        let ours = |definition: &Option<String>| definition.as_deref() == Some(self.definition);
        let own = revisions
            .service_revisions
            .into_iter()
            .find(|revision| ours(&revision.task_definition));
        Ok(own.and_then(|own| new.get(&own.service_revision_arn).cloned()))
    }

    fn ended(&self, deployment: &ServiceDeployment) -> Option<Result<Applied, DeployError>> {
        let (target, why) = (self.aws.target.clone(), deployment.why());
        Some(match deployment.status.as_str() {
            "SUCCESSFUL" => Ok(Applied {
                outcome: DeployOutcome::Deployed,
                summary: format!("{} is deployed", clean_line(self.definition)),
            }),
            "ROLLBACK_SUCCESSFUL" => {
                let back = deployment
                    .rollback
                    .as_ref()
                    .and_then(|back| back.service_revision_arn.as_deref());
                Err(DeployError::RolledBack {
                    target,
                    back: back.map_or_else(|| "its last revision".to_owned(), clean_line),
                    why,
                })
            }
            "STOPPED" => Err(DeployError::NotUp {
                target,
                why: format!("the deployment was stopped: {why}"),
            }),
            "ROLLBACK_FAILED" => Err(DeployError::NotUp {
                target,
                why: format!("{why}; and the rollback failed"),
            }),
            _ => return None,
        })
    }

    fn tell(&self, deployment: &ServiceDeployment, told: &mut Told) {
        let why = deployment.why();
        if (&deployment.status, &why) != (&told.status, &told.why) {
            told.status.clone_from(&deployment.status);
            told.why.clone_from(&why);
            (self.tell)(DeployProgress::Line(format!(
                "{}: {why}",
                clean_line(&deployment.status)
            )));
        }
        let Some(target) = &deployment.target_service_revision else {
            return;
        };
        let (total, done) = (target.requested_task_count, target.running_task_count);
        if told.total != Some(total) {
            told.total = Some(total);
            (self.tell)(DeployProgress::Started {
                item: self.item.clone(),
                label: self.item.clone(),
                total,
            });
        }
        if told.done != Some(done) {
            told.done = Some(done);
            (self.tell)(DeployProgress::Moved {
                item: self.item.clone(),
                done,
            });
        }
    }

    fn trouble(&self, error: &DeployError, told: &mut Told) {
        let why = error.to_string();
        if told.trouble.as_ref() != Some(&why) {
            (self.tell)(DeployProgress::Warning(format!("its state is unknown: {why}")));
            told.trouble = Some(why);
        }
    }

    /// Somebody stopped the run: the deployment goes on, or back where that is asked for.
    async fn interrupted(&self, arn: Option<&str>) -> DeployError {
        if let Some(arn) = arn.filter(|_| self.aws.settings.rollback) {
            let cancel = CancellationToken::new();
            let aws = Aws {
                target: self.aws.target.clone(),
                settings: self.aws.settings,
                cancel: &cancel,
            };
            let words = match self.stop(arn, &aws).await {
                Ok(()) => "interrupted; ECS rolls it back".to_owned(),
                Err(error) => format!("interrupted, and it could not be rolled back: {error}"),
            };
            (self.tell)(DeployProgress::Warning(words));
        } else {
            let words = "interrupted; the deployment goes on in ECS";
            (self.tell)(DeployProgress::Warning(words.to_owned()));
        }
        DeployError::Interrupted
    }

    /// Stops the service deployment, which takes the service back to its last revision.
    async fn stop(&self, arn: &str, aws: &Aws<'_>) -> Result<(), DeployError> {
        let args = ["--service-deployment-arn", arn, "--stop-type", "ROLLBACK"];
        let _: Value = aws.ask("stop-service-deployment", &args).await?;
        Ok(())
    }

    fn unsure(&self, why: String) -> DeployError {
        DeployError::Unsure {
            target: self.aws.target.clone(),
            why,
        }
    }
}

impl Told {
    fn words(&self) -> String {
        match (&self.trouble, self.status.as_str()) {
            (_, status) if !status.is_empty() => format!("{}: {}", clean_line(status), self.why),
            (Some(why), _) => format!("unknown: {why}"),
            (None, _) => "not begun".to_owned(),
        }
    }
}
