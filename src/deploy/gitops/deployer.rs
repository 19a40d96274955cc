//! The deployer: which file it changes, and what of it.

use std::path::PathBuf;

use super::edits::{WantedImage, deploy_in};
use super::github_access::GitHubAccess;
use super::mirror::Mirror;
use crate::deploy::deployment::Subject;
use crate::deploy::error::DeployError;
use crate::deploy::yaml::Edited;
use crate::domain::{CommitSha, GitopsSettings, GitopsTarget, PinnedValue, Reconciler};

/// A repository of configuration.
#[derive(Debug, Clone)]
pub struct GitopsDeployer {
    /// What windlass.toml says of it.
    pub settings: GitopsSettings,
    /// The folder of windlass.toml: who git is there is who commits.
    pub folder: PathBuf,
    /// The folder that keeps the mirrors of such repositories.
    pub mirrors: PathBuf,
    /// How GitHub is asked, where the change is a pull request.
    pub github: GitHubAccess,
}

/// A file at a commit, and the change of it.
pub(super) struct Change {
    pub head: CommitSha,
    pub before: String,
    pub edited: Edited,
}

impl GitopsDeployer {
    pub(super) fn target(&self, subject: &Subject, edited: &Edited) -> GitopsTarget {
        let values = edited.values.iter().map(|value| PinnedValue {
            path: value.path.clone(),
            now: value.before.clone(),
        });
        GitopsTarget {
            remote: crate::git::shown_address(&self.settings.remote),
            branch: self.settings.branch.to_string(),
            file: self.file(subject),
            values: values.collect(),
            method: self.settings.method,
            wait_for: self.reconciler(subject).map(|reconciler| reconciler.words()),
        }
    }

    pub(super) fn reconciler(&self, subject: &Subject) -> Option<Reconciler> {
        let reconciler = self.settings.wait_for.as_ref()?;
        Some(reconciler.for_service(subject.service.as_str()))
    }

    fn file(&self, subject: &Subject) -> String {
        subject.fill(&self.settings.file)
    }

    /// What is to be changed at the newest commit of the branch.
    pub(super) async fn change(
        &self,
        mirror: &Mirror,
        subject: &Subject,
        wanted: &WantedImage,
    ) -> Result<Change, DeployError> {
        let head = mirror.fetch().await?;
        let file = self.file(subject);
        let before = mirror.text_at(&head, &file)?;
        let place = self.settings.place.for_service(subject.service.as_str());
        let edited = deploy_in(&file, &before, &place, wanted).map_err(|refusal| DeployError::Unfit {
            target: format!("{file} of {}", mirror.name()),
            why: refusal.why,
            hint: refusal.hint,
        })?;
        Ok(Change { head, before, edited })
    }

    /// That what is to be changed is still as it was planned.
    pub(super) fn expect(
        &self,
        target: &GitopsTarget,
        subject: &Subject,
        edited: &Edited,
    ) -> Result<(), DeployError> {
        let found = self.target(subject, edited);
        if found == *target {
            return Ok(());
        }
        Err(DeployError::Changed {
            planned: target.words(),
            found: found.words(),
        })
    }
}
