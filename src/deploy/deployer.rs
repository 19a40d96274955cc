//! A deployer of any kind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::command::CommandDeployer;
use super::deployment::{Applied, DeployCheck, Deployment, Subject};
use super::ecs::EcsDeployer;
use super::error::DeployError;
use super::gitops::{GitHubAccess, GitopsDeployer};
use super::kubernetes::KubernetesDeployer;
use super::place;
use super::progress::{DeployProgress, Tell};
use super::webhook::WebhookDeployer;
use crate::domain::{DeployTarget, DeployerSettings, Digest, Observed};

/// A way to deploy.
#[derive(Debug, Clone)]
pub enum Deployer {
    /// Runs a program with the digest in its environment.
    Command(CommandDeployer),
    /// Commits to a repository of configuration.
    Gitops(Box<GitopsDeployer>),
    /// Changes a service of Amazon ECS.
    Ecs(EcsDeployer),
    /// Tells a service over HTTP.
    Webhook(WebhookDeployer),
    /// Sets the image of workloads in a Kubernetes cluster.
    Kubernetes(KubernetesDeployer),
}

/// What deployers need to know beside their settings.
#[derive(Debug, Clone)]
pub struct DeployerContext<'a> {
    /// The folder of windlass.toml.
    pub folder: &'a Path,
    /// The root of its repository.
    pub root: &'a Path,
    /// The folder of what can be fetched again.
    pub cache: &'a Path,
    /// How GitHub is asked.
    pub github: GitHubAccess,
}

impl Deployer {
    /// The deployer that `settings` describe.
    pub fn new(settings: &DeployerSettings, context: &DeployerContext<'_>) -> Self {
        let (folder, root) = (context.folder, context.root);
        let relative = folder.strip_prefix(root).unwrap_or(folder);
        match settings {
            DeployerSettings::Command(settings) => Self::Command(CommandDeployer {
                settings: settings.clone(),
                folder: folder.to_owned(),
                folder_in_repository: if relative.as_os_str().is_empty() {
                    PathBuf::from(".")
                } else {
                    relative.to_owned()
                },
            }),
            DeployerSettings::Gitops(settings) => Self::Gitops(Box::new(GitopsDeployer {
                settings: (**settings).clone(),
                folder: folder.to_owned(),
                mirrors: context.cache.join("gitops"),
                github: context.github.clone(),
            })),
            DeployerSettings::Ecs(settings) => Self::Ecs(EcsDeployer {
                settings: settings.clone(),
            }),
            DeployerSettings::Webhook(settings) => Self::Webhook(WebhookDeployer {
                settings: settings.clone(),
            }),
            DeployerSettings::Kubernetes(settings) => {
                Self::Kubernetes(KubernetesDeployer::new(settings.clone()))
            }
        }
    }

    /// What a deployment of `subject` will change, for the plan to pin. A platform that is asked for it is only read.
    ///
    /// # Errors
    /// When the platform does not answer, or what is to be changed is not there or not unambiguous.
    pub async fn resolve(
        &self,
        subject: &Subject,
        cancel: &CancellationToken,
    ) -> Result<DeployTarget, DeployError> {
        match self {
            Self::Command(command) => Ok(command.resolve()),
            Self::Gitops(gitops) => gitops.resolve(subject, cancel).await,
            Self::Ecs(ecs) => ecs.resolve(subject, cancel).await,
            Self::Webhook(webhook) => webhook.resolve(subject),
            Self::Kubernetes(kubernetes) => Ok(DeployTarget::Kubernetes(
                kubernetes.resolve(subject, cancel).await?,
            )),
        }
    }

    /// What a deployment of `subject` will change as far as that is known without its platform: for a plan that only the
    /// runner carries out, which alone has access there.
    ///
    /// # Errors
    /// When the settings do not fit the service.
    pub fn declared(&self, subject: &Subject) -> Result<DeployTarget, DeployError> {
        let place = match self {
            Self::Command(command) => return Ok(command.resolve()),
            Self::Webhook(webhook) => return webhook.resolve(subject),
            Self::Gitops(gitops) => place::gitops(&gitops.settings, subject),
            Self::Ecs(ecs) => place::ecs(&ecs.settings, subject),
            Self::Kubernetes(kubernetes) => place::kubernetes(&kubernetes.settings, subject),
        };
        Ok(DeployTarget::OnRunner { place })
    }

    /// Deploys to `target`, telling how it goes, until done or cancelled.
    ///
    /// # Errors
    /// When the deployment did not succeed, was stopped, or this deployer has another target than was planned.
    pub async fn apply(
        &self,
        target: &DeployTarget,
        deployment: &Deployment,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<Applied, DeployError> {
        let found = self.resolve(&deployment.subject(), cancel).await?;
        let changed = || DeployError::Changed {
            planned: target.words(),
            found: found.words(),
        };
        let target = match target {
            DeployTarget::OnRunner { .. } if *target == self.declared(&deployment.subject())? => {
                tell(DeployProgress::Line(found.words()));
                &found
            }
            target if found == *target => target,
            _ => return Err(changed()),
        };
        match (self, target) {
            (Self::Kubernetes(kubernetes), DeployTarget::Kubernetes(target)) => {
                kubernetes.apply(target, deployment, tell, cancel).await
            }
            (Self::Gitops(gitops), DeployTarget::Gitops(target)) => {
                gitops.apply(target, deployment, tell, cancel).await
            }
            (Self::Command(command), _) => command.apply(deployment, tell, cancel).await,
            (Self::Ecs(ecs), _) => ecs.apply(deployment, tell, cancel).await,
            (Self::Webhook(webhook), _) => webhook.apply(deployment, tell, cancel).await,
            (Self::Gitops(_) | Self::Kubernetes(_), _) => Err(changed()),
        }
    }

    /// What runs, by the platform's word; none if this deployer cannot observe it. Where several digests run, one that is none
    /// of `expected` counts before the others.
    pub async fn running(
        &self,
        subject: &Subject,
        expected: &BTreeSet<Digest>,
        cancel: &CancellationToken,
    ) -> Option<Observed> {
        match self {
            Self::Command(command) => command.running(subject, cancel).await,
            Self::Gitops(_) => None,
            Self::Ecs(ecs) => Some(ecs.running(subject, expected, cancel).await),
            Self::Webhook(webhook) => webhook.running(subject, cancel).await,
            Self::Kubernetes(kubernetes) => Some(kubernetes.running(subject, expected, cancel).await),
        }
    }

    /// Whether its platform is asked for a plan already, with the credentials of whoever plans.
    pub const fn asks_platform(&self) -> bool {
        match self {
            Self::Command(_) | Self::Webhook(_) => false,
            Self::Gitops(_) | Self::Ecs(_) | Self::Kubernetes(_) => true,
        }
    }

    /// Whether it can observe what runs.
    pub const fn observes(&self) -> bool {
        match self {
            Self::Command(command) => command.settings.running.is_some(),
            Self::Gitops(_) => false,
            Self::Ecs(_) | Self::Kubernetes(_) => true,
            Self::Webhook(webhook) => webhook.settings.running.is_some(),
        }
    }

    /// How long a run waits until what was deployed is what runs.
    pub const fn observe_for(&self) -> jiff::SignedDuration {
        match self {
            Self::Command(command) => command.settings.observe_for,
            Self::Gitops(gitops) => gitops.settings.observe_for,
            Self::Ecs(ecs) => ecs.settings.observe_for,
            Self::Webhook(webhook) => webhook.observe_for(),
            Self::Kubernetes(kubernetes) => kubernetes.settings.observe_for,
        }
    }

    /// Whether it is ready to deploy and to observe, without doing either.
    pub async fn check(&self, subject: &Subject, cancel: &CancellationToken) -> DeployCheck {
        match self {
            Self::Command(command) => command.check(),
            Self::Gitops(gitops) => gitops.check(subject, cancel).await,
            Self::Ecs(ecs) => ecs.check(subject, cancel).await,
            Self::Webhook(webhook) => webhook.check(subject),
            Self::Kubernetes(kubernetes) => kubernetes.check(subject, cancel).await,
        }
    }
}
