//! One project, as everything here uses it: its settings, its repository, its registries. It knows no operation.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use super::error::EngineError;
use super::recent_scan::RecentScan;
use super::released::Released;
use super::run::event::Place;
use super::run::journal::Journals;
use crate::config::{Config, EnvironmentSettings, SignerSettings};
use crate::domain::{
    CommitSha, Digest, Environment, EnvironmentName, ImageReference, ServiceName, Tag, Target, WriteAccess,
};
use crate::git::{Fetched, GitError, GitRepository, Names};
use crate::github::GitHub;
use crate::project::{Project, Service, release_names};
use crate::registry::{Reader, Registries};

/// Plans and carries out operations on the services of one configuration.
pub struct Engine {
    project: Arc<Project>,
    pub(super) github: OnceLock<Option<GitHub>>,
    /// What was released, and when the remote was asked for it.
    pub(super) released: Mutex<Option<(Instant, Arc<Released>)>>,
    /// The scan that was made last for a gate.
    pub(super) recent_scan: Mutex<Option<RecentScan>>,
    /// Permission to fetch what the remote has; without it, plans make do with what is here.
    pub(super) fetching: Option<WriteAccess>,
}

/// What the immutable tag of a candidate is at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagState {
    /// Not there yet.
    Free,
    /// There, with this digest.
    Same,
    /// There, with another digest.
    Taken(Digest),
}

impl Engine {
    /// An engine for the services of a project.
    pub const fn new(project: Arc<Project>) -> Self {
        Self {
            project,
            github: OnceLock::new(),
            released: Mutex::new(None),
            recent_scan: Mutex::new(None),
            fetching: None,
        }
    }

    /// The project.
    pub const fn project(&self) -> &Arc<Project> {
        &self.project
    }

    /// The handle of one of its services.
    ///
    /// # Errors
    /// When windlass.toml has none of that name.
    pub fn service(&self, name: &ServiceName) -> Result<Service, EngineError> {
        self.project
            .service(name)
            .ok_or_else(|| EngineError::UnknownService(name.clone()))
    }

    /// The same engine, allowed to fetch from the git remote what is not on this machine yet.
    #[must_use]
    pub fn fetching(mut self, access: Option<WriteAccess>) -> Self {
        self.fetching = access;
        self
    }

    /// The configuration.
    pub fn config(&self) -> &Arc<Config> {
        self.project.config()
    }

    /// The local repository, if there is one.
    pub fn repository(&self) -> Option<&Arc<GitRepository>> {
        self.project.repository()
    }

    /// The registries.
    pub fn registries(&self) -> &Registries {
        self.project.registries()
    }

    /// The journals of all runs of the project.
    pub fn journals(&self) -> Journals {
        Journals::of_project(&self.project.state())
    }

    /// How the branches of the repository are called.
    pub(crate) fn names(&self) -> Names {
        let git = &self.config().git;
        Names {
            remote: git.remote.clone(),
            develop: git.develop.clone(),
            main: git.main.clone(),
            release: git.release_branch.clone(),
            hotfix: git.hotfix_branch.clone(),
        }
    }

    /// The same for one service, where the branches of several are told apart.
    pub(crate) fn names_of(&self, service: &Service) -> Names {
        let git = self.config().git.for_service(service.name());
        Names {
            release: git.release_branch,
            hotfix: git.hotfix_branch,
            ..self.names()
        }
    }

    /// The environment of that name.
    pub fn environment(&self, name: &EnvironmentName) -> Result<&Environment, EngineError> {
        self.config()
            .graph
            .get(name)
            .ok_or_else(|| EngineError::UnknownEnvironment(name.clone()))
    }

    /// Every environment that has `digest`, read back from its registry.
    pub async fn places(&self, service: &Service, digest: &Digest) -> Result<Vec<Place>, EngineError> {
        let mut places = Vec::new();
        for there in service.environments() {
            let reader = there.reader()?;
            let target = Target::Digest(digest.clone());
            if let Some(found) = reader.resolve(&target).await? {
                places.push(Place {
                    environment: there.name().clone(),
                    image: reader.repository().at(digest.clone()),
                    digest: found.digest,
                });
            }
        }
        Ok(places)
    }

    pub(crate) fn settings(&self, name: &EnvironmentName) -> Result<&EnvironmentSettings, EngineError> {
        self.config()
            .environments
            .get(name)
            .ok_or_else(|| EngineError::UnknownEnvironment(name.clone()))
    }

    pub(crate) async fn tag_state(
        &self,
        reader: &Reader,
        tag: &Tag,
        digest: &Digest,
    ) -> Result<TagState, EngineError> {
        Ok(match reader.resolve(&Target::Tag(tag.clone())).await? {
            None => TagState::Free,
            Some(found) if found.digest == *digest => TagState::Same,
            Some(found) => TagState::Taken(found.digest),
        })
    }

    /// The environment that `image` is in, by its repository.
    pub fn environment_of(
        &self,
        service: &Service,
        image: &ImageReference,
    ) -> Result<EnvironmentName, EngineError> {
        environment_of(service, image)
    }

    /// The release or hotfix that a commit belongs to, where that is known.
    pub(super) async fn release_name(&self, commit: Option<&CommitSha>) -> Option<String> {
        let (commit, config) = (commit?.short().to_owned(), Arc::clone(self.config()));
        self.repository()?;
        let reading = self.git(move |repository| Ok(release_names(&config, repository)));
        reading.await.ok()?.remove(&commit)
    }

    /// Does something in the local repository, off the threads that serve the network. What a partial clone left out is
    /// fetched, unless nothing may be written, and the same is done again.
    pub(crate) async fn git<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&GitRepository) -> Result<T, GitError> + Clone + Send + 'static,
    {
        let repository = self
            .repository()
            .cloned()
            .ok_or_else(|| EngineError::NoCandidate {
                text: "a commit".to_owned(),
                why: "there is no git repository here".to_owned(),
            })?;
        let mut fetched = Fetched::default();
        loop {
            let (reading, work) = (Arc::clone(&repository), work.clone());
            let working = tokio::task::spawn_blocking(move || work(&reading));
            let done = working
                .await
                .map_err(|error| EngineError::Internal(error.to_string()))?;
            let error = match done {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let (Some(missing), Some(access)) = (error.missing_object(), self.fetching) else {
                return Err(error.into());
            };
            if let Err(why) = repository.fetch_missing(missing, &mut fetched, access).await {
                return Err(error.not_fetched(why).into());
            }
        }
    }

    /// How `environment` signs, if it does.
    pub(in crate::engine) fn sign_settings(&self, environment: &EnvironmentName) -> Option<SignerSettings> {
        self.settings(environment).ok()?.sign.clone()
    }
}

/// The environment whose location `image` is in.
pub(in crate::engine) fn environment_of(
    service: &Service,
    image: &ImageReference,
) -> Result<EnvironmentName, EngineError> {
    for there in service.environments() {
        if there.repository()? == image.repository {
            return Ok(there.name().clone());
        }
    }
    Err(EngineError::NoKey(format!(
        "{}, which is not the location of any environment",
        image.repository
    )))
}

/// Refuses a configuration with settings that nobody trusts, for whatever writes or starts programs.
///
/// # Errors
/// [`EngineError::Untrusted`] with their keys, where there are any.
pub fn must_be_trusted(config: &Config) -> Result<(), EngineError> {
    if config.is_trusted() {
        return Ok(());
    }
    let keys = config.withheld.iter().map(|setting| setting.key.clone());
    Err(EngineError::Untrusted(keys.collect()))
}
