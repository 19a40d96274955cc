//! A deployer of any kind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::command::CommandDeployer;
use super::deployment::{Applied, DeployCheck, Deployment, Subject};
use super::error::DeployError;
use super::progress::Tell;
use crate::domain::{DeployTarget, DeployerSettings, Digest, Observed};

/// A way to deploy.
#[derive(Debug, Clone)]
pub enum Deployer {
    /// Runs a program with the digest in its environment.
    Command(CommandDeployer),
}

impl Deployer {
    /// The deployer that `settings` of a windlass.toml in `folder` describe, of a repository at `root`.
    pub fn new(settings: &DeployerSettings, folder: &Path, root: &Path) -> Self {
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
        }
    }

    /// What a deployment of `subject` will change, for the plan to pin. A platform that is asked for it is only read.
    ///
    /// # Errors
    /// When the platform does not answer, or what is to be changed is not there or not unambiguous.
    #[expect(
        clippy::unused_async,
        reason = "platforms are asked over the network; a program is not"
    )]
    pub async fn resolve(
        &self,
        _subject: &Subject,
        _cancel: &CancellationToken,
    ) -> Result<DeployTarget, DeployError> {
        match self {
            Self::Command(command) => Ok(command.resolve()),
        }
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
        if found != *target {
            return Err(DeployError::Changed {
                planned: target.words(),
                found: found.words(),
            });
        }
        match self {
            Self::Command(command) => command.apply(deployment, tell, cancel).await,
        }
    }

    /// What runs, by the platform's word; none if this deployer cannot observe it. Where several digests run, one that is none
    /// of `expected` counts before the others.
    pub async fn running(
        &self,
        subject: &Subject,
        _expected: &BTreeSet<Digest>,
        cancel: &CancellationToken,
    ) -> Option<Observed> {
        match self {
            Self::Command(command) => command.running(subject, cancel).await,
        }
    }

    /// Whether it can observe what runs.
    pub const fn observes(&self) -> bool {
        match self {
            Self::Command(command) => command.settings.running.is_some(),
        }
    }

    /// How long a run waits until what was deployed is what runs.
    pub const fn observe_for(&self) -> jiff::SignedDuration {
        match self {
            Self::Command(command) => command.settings.observe_for,
        }
    }

    /// Whether it is ready to deploy and to observe, without doing either.
    #[expect(
        clippy::unused_async,
        reason = "platforms are asked over the network; a program is not"
    )]
    pub async fn check(&self, _subject: &Subject, _cancel: &CancellationToken) -> DeployCheck {
        match self {
            Self::Command(command) => command.check(),
        }
    }
}
