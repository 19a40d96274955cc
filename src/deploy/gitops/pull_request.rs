//! The change as a pull request: a branch with the commit, the request, and the wait until somebody merges it.

use std::time::Duration;

use tokio::time::Instant;

use super::commit::{branch_for, message};
use super::deployer::GitopsDeployer;
use super::edits::WantedImage;
use super::mirror::{Mirror, Pushed};
use crate::deploy::deployment::Deployment;
use crate::deploy::error::DeployError;
use crate::deploy::progress::{DeployProgress, Tell};
use crate::domain::{CommitSha, DeployOutcome, Exit, GitopsTarget, span};
use crate::github::{
    Credentials, GitHub, GitHubError, GitHubSettings, NewPullRequest, PullRequest, PullRequestState,
};

/// The time between the first two looks at a pull request; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest time between two looks.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

impl GitopsDeployer {
    /// Proposes the change, waits until it is merged, and says where the branch is then. Given again, the same deployment finds
    /// its pull request.
    pub(super) async fn propose(
        &self,
        mirror: &Mirror,
        target: &GitopsTarget,
        deployment: &Deployment,
        tell: Tell<'_>,
    ) -> Result<(CommitSha, DeployOutcome), DeployError> {
        let (subject, wanted) = (deployment.subject(), WantedImage::from(deployment));
        let change = self.change(mirror, &subject, &wanted).await?;
        if change.edited.text == change.before {
            return Ok((change.head, DeployOutcome::Unchanged));
        }
        self.expect(target, &subject, &change.edited)?;
        let github = self.github(mirror.name())?;
        let branch = branch_for(deployment).map_err(|why| mirror.unfit(&why))?;
        let message = message(deployment);
        let file = (target.file.as_str(), change.edited.text.as_bytes());
        let commit = mirror
            .commit(&change.head, file, &message, &self.folder, deployment.access)
            .await?;
        // One that is there already is that of the same deployment, which was broken off.
        if let Pushed::Raced(_) = mirror.push_new(&branch, &commit, deployment.access).await? {
            tell(DeployProgress::Line(format!(
                "the branch {branch} is there already"
            )));
        }
        let base = self.settings.branch.as_str();
        let fail = |error| failure(mirror.name(), &error);
        let found = github.pull_request(branch.as_str(), base).await.map_err(fail)?;
        let request = if let Some(found) = found {
            found
        } else {
            let (title, body) = message.split_once("\n\n").unwrap_or((&message, ""));
            let new = NewPullRequest {
                head: branch.to_string(),
                base: base.to_owned(),
                title: title.to_owned(),
                body: body.to_owned(),
            };
            let opened = github.open_pull_request(&new, deployment.access).await;
            opened.map_err(fail)?
        };
        self.merged(&github, mirror, branch.as_str(), request, tell)
            .await?;
        // Whoever merged it may have changed it.
        let change = self.change(mirror, &subject, &wanted).await?;
        if change.edited.text == change.before {
            return Ok((change.head, DeployOutcome::Deployed));
        }
        Err(mirror.unfit("the pull request was merged, and the branch does not have its change"))
    }

    fn github(&self, address: &str) -> Result<GitHub, DeployError> {
        let fail = |error| failure(address, &error);
        let settings = GitHubSettings {
            api: self.github.api.clone(),
            repository: self.github.repository.clone(),
            ..GitHubSettings::default()
        };
        let (file, app) = (self.github.token_file.as_deref(), self.github.app.as_ref());
        // Where the project is on this machine is not known here, so that no program is looked for.
        let credentials = Credentials::find(file, app, || None).map_err(fail)?;
        let opened = GitHub::open(&settings, Some(address), credentials).map_err(fail)?;
        opened.ok_or_else(|| DeployError::Unfit {
            target: address.to_owned(),
            why: "pull requests can be opened on GitHub only, and it is not there".to_owned(),
            hint: "set `method` of the deployer to \"push\", or github.api in windlass.toml".to_owned(),
        })
    }

    async fn merged(
        &self,
        github: &GitHub,
        mirror: &Mirror,
        branch: &str,
        mut request: PullRequest,
        tell: Tell<'_>,
    ) -> Result<(), DeployError> {
        let words = format!("pull request #{} ({})", request.number, request.url);
        tell(DeployProgress::Line(format!("waiting until {words} is merged")));
        let limit = self.settings.observe_for;
        let end = Instant::now() + limit.unsigned_abs();
        let mut pause = FIRST_PAUSE;
        loop {
            match request.state {
                PullRequestState::Merged => return Ok(()),
                PullRequestState::Closed => {
                    return Err(DeployError::NotUp {
                        target: mirror.name().to_owned(),
                        why: format!("{words} was closed and not merged"),
                    });
                }
                PullRequestState::Open => {}
            }
            if Instant::now() + pause > end {
                return Err(DeployError::Unsure {
                    target: mirror.name().to_owned(),
                    why: format!("after {} {words} is still open", span(limit)),
                });
            }
            mirror.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
            match github.pull_request(branch, self.settings.branch.as_str()).await {
                Ok(Some(found)) => request = found,
                Ok(None) => {}
                // It is asked again; a network that is gone for a moment fails no deployment.
                Err(error) if error.exit() != Exit::NotAuthorised => {
                    tell(DeployProgress::Line(format!("{words}: {error}")));
                }
                Err(error) => return Err(failure(mirror.name(), &error)),
            }
        }
    }
}

fn failure(name: &str, error: &GitHubError) -> DeployError {
    let (target, why) = (name.to_owned(), error.to_string());
    match error {
        GitHubError::Unreachable { .. } | GitHubError::Slow { .. } => {
            DeployError::Unreachable { target, why }
        }
        _ if error.exit() == Exit::NotAuthorised => DeployError::NotAllowed { target, why },
        _ => DeployError::Unfit {
            target,
            why,
            hint: error
                .hint()
                .unwrap_or_else(|| "run the same command again".to_owned()),
        },
    }
}
