//! Deploys to Amazon ECS through the `aws` program: a new revision of the task definition, and the service deployment that
//! rolls it out, followed to its end.

mod answers;
mod aws;
mod rollout;
mod running;
mod task_definition;
#[cfg(test)]
mod tests;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::answers::{Registered, Service, Services};
use self::aws::Aws;
use self::rollout::Rollout;
use self::task_definition::TaskDefinition;
use super::deployment::{Applied, DeployCheck, Deployment, Subject};
use super::error::DeployError;
use super::progress::{DeployProgress, Tell};
use crate::domain::{DeployOutcome, DeployTarget, EcsSettings, EcsTarget, clean_line};

/// A service of ECS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsDeployer {
    /// What windlass.toml says of it.
    pub settings: EcsSettings,
}

/// The service as it is now.
struct Now {
    service: Service,
    definition: TaskDefinition,
    /// The image that its container has.
    image: String,
}

/// The names of cluster and service.
struct Names {
    cluster: String,
    service: String,
}

impl EcsDeployer {
    pub(super) async fn resolve(
        &self,
        subject: &Subject,
        cancel: &CancellationToken,
    ) -> Result<DeployTarget, DeployError> {
        let names = self.names(subject);
        let now = self.now(&self.aws(&names, cancel), &names, subject).await?;
        Ok(DeployTarget::Ecs(EcsTarget {
            service: now.service.arn,
            family: now.definition.family(),
            container: filled(&self.settings.container, subject),
            rollback: self.settings.rollback,
        }))
    }

    pub(super) async fn apply(
        &self,
        deployment: &Deployment,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<Applied, DeployError> {
        let subject = deployment.subject();
        let names = self.names(&subject);
        let aws = self.aws(&names, cancel);
        let now = self.now(&aws, &names, &subject).await?;
        let image = deployment.image.to_string();
        let is_there = now.image == image;
        if is_there && now.service.is_settled() {
            return Ok(Applied {
                outcome: DeployOutcome::Unchanged,
                summary: format!("{} has it already", now.service.task_definition),
            });
        }
        let before = rollout::listed(&aws, &names.in_arguments()).await?;
        let definition = if is_there {
            now.service.task_definition
        } else {
            let container = filled(&self.settings.container, &subject);
            let input = now.definition.with_image(&container, &image);
            let registered: Registered = aws.give("register-task-definition", &input).await?;
            let arn = registered.task_definition.task_definition_arn;
            tell(DeployProgress::Line(format!("registered {}", clean_line(&arn))));
            arn
        };
        let [cluster, c, service, s] = names.in_arguments();
        let args = [cluster, c, service, s, "--task-definition", &definition];
        let _: Value = aws.ask("update-service", &args).await?;
        let rollout = Rollout {
            aws: &aws,
            names: names.in_arguments(),
            definition: &definition,
            before,
            item: format!("{}/{}", deployment.environment, names.service),
            tell,
        };
        rollout.follow().await
    }

    /// Whether the program is there and may read the service; nothing is changed.
    pub(super) async fn check(&self, subject: &Subject, cancel: &CancellationToken) -> DeployCheck {
        let deploys = match self.resolve(subject, cancel).await {
            Ok(target) => Ok(target.words()),
            Err(error) => Err(error.to_string()),
        };
        let observes = match self.tasks(subject, cancel).await {
            Ok(_) => Ok("describe-tasks".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        DeployCheck {
            deploys,
            observes: Some(observes),
            hint: "it also needs ecs:RegisterTaskDefinition, ecs:UpdateService, ecs:ListServiceDeployments, \
                   ecs:DescribeServiceDeployments, ecs:DescribeServiceRevisions and iam:PassRole, which cannot be tried without \
                   changing something"
                .to_owned(),
        }
    }

    fn names(&self, subject: &Subject) -> Names {
        Names {
            cluster: filled(&self.settings.cluster, subject),
            service: filled(&self.settings.service_name, subject),
        }
    }

    fn aws<'a>(&'a self, names: &Names, cancel: &'a CancellationToken) -> Aws<'a> {
        Aws {
            settings: &self.settings,
            target: clean_line(&format!("{}/{}", names.cluster, names.service)),
            cancel,
        }
    }

    /// Reads the service, and that it can be deployed to.
    async fn now(&self, aws: &Aws<'_>, names: &Names, subject: &Subject) -> Result<Now, DeployError> {
        let args = ["--cluster", &names.cluster, "--services", &names.service];
        let found: Services = aws.ask("describe-services", &args).await?;
        let service = found
            .services
            .into_iter()
            .find(|service| service.status == "ACTIVE");
        let service = service.ok_or_else(|| {
            aws.unfit(
                "there is no active service of this name".to_owned(),
                "correct `cluster` or `service_name` in windlass.toml",
            )
        })?;
        if let Some(other) = service
            .deployment_controller
            .as_ref()
            .filter(|controller| controller.kind != "ECS")
        {
            return Err(aws.unfit(
                format!(
                    "its deployments are made by {}, not by ECS itself",
                    clean_line(&other.kind)
                ),
                "deploy it by a `command`",
            ));
        }
        let args = ["--task-definition", &service.task_definition, "--include", "TAGS"];
        let definition = TaskDefinition::new(aws.ask("describe-task-definition", &args).await?);
        let container = filled(&self.settings.container, subject);
        let image = definition.image(&container).map_err(|names| {
            let names: Vec<_> = names.iter().map(|name| clean_line(name)).collect();
            aws.unfit(
                format!(
                    "its task definition has no single container named {}",
                    clean_line(&container)
                ),
                &format!("set `container` to one of: {}", names.join(", ")),
            )
        })?;
        Ok(Now {
            service,
            definition,
            image,
        })
    }
}

impl Names {
    fn in_arguments(&self) -> [&str; 4] {
        ["--cluster", &self.cluster, "--service", &self.service]
    }
}

pub(super) fn filled(text: &str, subject: &Subject) -> String {
    subject
        .fill(text)
        .replace("{environment}", subject.environment.as_str())
}
