//! The change as a commit that is pushed.

use super::commit::message;
use super::deployer::GitopsDeployer;
use super::edits::WantedImage;
use super::mirror::{Mirror, Pushed};
use crate::deploy::deployment::Deployment;
use crate::deploy::error::DeployError;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{CommitSha, DeployOutcome, GitopsTarget};

/// How often a change is made anew because someone else pushed in the meantime.
const MAX_ATTEMPTS: u32 = 5;

impl GitopsDeployer {
    /// Commits the change and pushes it; where somebody else was faster, the change is made anew on what is there then.
    pub(super) async fn push(
        &self,
        mirror: &Mirror,
        target: &GitopsTarget,
        deployment: &Deployment,
        tell: Tell<'_>,
    ) -> Result<(CommitSha, DeployOutcome), DeployError> {
        let subject = deployment.subject();
        let wanted = WantedImage::from(deployment);
        let message = message(deployment);
        let mut attempt = 1;
        loop {
            let change = self.change(mirror, &subject, &wanted).await?;
            if change.edited.text == change.before {
                return Ok((change.head, DeployOutcome::Unchanged));
            }
            self.expect(target, &subject, &change.edited)?;
            let file = (target.file.as_str(), change.edited.text.as_bytes());
            let commit = mirror
                .commit(&change.head, file, &message, &self.folder, deployment.access)
                .await?;
            match mirror.push(&change.head, &commit, deployment.access).await? {
                Pushed::Done => return Ok((commit, DeployOutcome::Deployed)),
                Pushed::Raced(error) if attempt == MAX_ATTEMPTS => return Err(mirror.failure(error)),
                Pushed::Raced(_) => tell(DeployProgress::Line(format!(
                    "{} of {} moved in the meantime: making the change again on what is there now",
                    self.settings.branch,
                    mirror.name()
                ))),
            }
            attempt += 1;
        }
    }
}
