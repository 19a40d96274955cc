//! What runs in a service of ECS: the digests of the images of its tasks.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::answers::{Service, Services, TaskArns, Tasks};
use super::{EcsDeployer, filled};
use crate::deploy::deployment::Subject;
use crate::deploy::error::DeployError;
use crate::domain::{Clean, Digest, Observed, Running};

/// The most tasks that one question describes.
const MAX_DESCRIBED_TASKS: usize = 100;

impl EcsDeployer {
    pub(in crate::deploy) async fn running(
        &self,
        subject: &Subject,
        expected: &BTreeSet<Digest>,
        cancel: &CancellationToken,
    ) -> Observed {
        let (service, digests) = match self.tasks(subject, cancel).await {
            Ok(found) => found,
            Err(error) => return Observed::Unknown(error.to_string()),
        };
        if digests.is_empty() {
            return Observed::Unknown(format!("no task of {} runs", service.arn));
        }
        // What is not expected counts before the others.
        let digests: Vec<Option<Digest>> = digests.iter().map(|digest| digest.parse().ok()).collect();
        let other = digests.iter().flatten().find(|digest| !expected.contains(digest));
        let Some(digest) = other.or_else(|| digests.iter().flatten().next()) else {
            return Observed::Unknown(format!("ECS names no digest of the tasks of {}", service.arn));
        };
        Observed::Running(Running {
            digest: digest.clone(),
            since: None,
            healthy: Some(service.running_count >= service.desired_count),
            note: Some(Clean::line(&format!(
                "{} of {} tasks",
                service.running_count, service.desired_count
            ))),
        })
    }

    /// The service, and what ECS says that the container of each of its tasks runs.
    pub(super) async fn tasks(
        &self,
        subject: &Subject,
        cancel: &CancellationToken,
    ) -> Result<(Service, Vec<String>), DeployError> {
        let names = self.names(subject);
        let aws = self.aws(&names, cancel);
        let args = ["--cluster", &names.cluster, "--services", &names.service];
        let services: Services = aws.ask("describe-services", &args).await?;
        let service = services.services.into_iter().next().ok_or_else(|| {
            aws.unfit(
                "there is no service of this name".to_owned(),
                "correct `cluster` or `service_name` in windlass.toml",
            )
        })?;
        let (cluster, name) = (names.cluster.as_str(), names.service.as_str());
        let args = [
            "--cluster",
            cluster,
            "--service-name",
            name,
            "--desired-status",
            "RUNNING",
        ];
        let listed: TaskArns = aws.ask("list-tasks", &args).await?;
        let container = filled(&self.settings.container, subject);
        let mut digests = Vec::new();
        for arns in listed.task_arns.chunks(MAX_DESCRIBED_TASKS) {
            let mut args = vec!["--cluster", cluster, "--tasks"];
            args.extend(arns.iter().map(String::as_str));
            let described: Tasks = aws.ask("describe-tasks", &args).await?;
            let containers = described.tasks.into_iter().flat_map(|task| task.containers);
            let ours = containers.filter(|one| one.name.as_deref() == Some(&container));
            digests.extend(ours.map(|one| one.image_digest.unwrap_or_default()));
        }
        Ok((service, digests))
    }
}
