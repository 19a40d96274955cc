//! What every deployer can be asked for: what it will change, deploying, and whether it is ready.

use tokio_util::sync::CancellationToken;

use super::deployer::GitopsDeployer;
use super::edits::WantedImage;
use super::mirror::Mirror;
use super::reconcile::{Deployed, wait};
use crate::deploy::deployment::{Applied, DeployCheck, Deployment, Subject};
use crate::deploy::error::DeployError;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{ChangeMethod, DeployOutcome, DeployTarget, Digest, GitopsTarget};

impl GitopsDeployer {
    pub(in crate::deploy) async fn resolve(
        &self,
        subject: &Subject,
        cancel: &CancellationToken,
    ) -> Result<DeployTarget, DeployError> {
        let mirror = Mirror::open(&self.settings, &self.mirrors, cancel).await?;
        // Which values are changed does not depend on the image.
        let any = WantedImage {
            reference: "image".to_owned(),
            digest: Digest::of(b""),
            tag: Some("tag".to_owned()),
        };
        let change = self.change(&mirror, subject, &any).await?;
        Ok(DeployTarget::Gitops(self.target(subject, &change.edited)))
    }

    pub(in crate::deploy) async fn apply(
        &self,
        target: &GitopsTarget,
        deployment: &Deployment,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<Applied, DeployError> {
        let mirror = Mirror::open(&self.settings, &self.mirrors, cancel).await?;
        let (commit, outcome) = match target.method {
            ChangeMethod::Push => self.push(&mirror, target, deployment, tell).await?,
            ChangeMethod::PullRequest => self.propose(&mirror, target, deployment, tell).await?,
        };
        let (branch, name) = (&self.settings.branch, mirror.name());
        let mut summary = match outcome {
            DeployOutcome::Unchanged => format!("{branch} of {name} has it already, at {}", commit.short()),
            _ => format!("{branch} of {name} has it at {}", commit.short()),
        };
        if let Some(reconciler) = self.reconciler(&deployment.subject()) {
            tell(DeployProgress::Line(summary.clone()));
            let deployed = Deployed {
                mirror: &mirror,
                commit: &commit,
            };
            let limit = self.settings.observe_for;
            let revision = wait(&reconciler, limit, &deployed, tell, cancel).await?;
            summary = format!("{summary}; {} has applied {revision}", reconciler.words());
        }
        Ok(Applied { outcome, summary })
    }

    pub(in crate::deploy) async fn check(
        &self,
        subject: &Subject,
        cancel: &CancellationToken,
    ) -> DeployCheck {
        let (deploys, hint) = match self.resolve(subject, cancel).await {
            Ok(target) => (Ok(target.words()), String::new()),
            Err(error) => (Err(error.to_string()), error.hint()),
        };
        DeployCheck {
            deploys,
            observes: None,
            hint,
        }
    }
}
