//! GitHub, for those operations that ask it.

use crate::config::Config;
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::git::{GitError, GitRepository};
use crate::github::{Credentials, GitHub, GitHubSettings, gh_program};

impl Engine {
    /// The repository on GitHub, by the address of the remote or by the configuration; none where it is elsewhere. Asks
    /// nothing yet.
    pub fn github(&self) -> Result<Option<&GitHub>, EngineError> {
        if self.github.get().is_none() {
            let opened = github_of(self.config(), self.repository().map(AsRef::as_ref))?;
            // Of two that are opened at once the first stays.
            self.github.get_or_init(|| opened);
        }
        Ok(self.github.get().and_then(Option::as_ref))
    }
}

/// The repository on GitHub that `config` names, or the remote of `repository`.
pub fn github_of(config: &Config, repository: Option<&GitRepository>) -> Result<Option<GitHub>, EngineError> {
    let said = &config.github;
    let settings = GitHubSettings {
        api: said.api.clone(),
        repository: said.repository.clone(),
        own_run: std::env::var("GITHUB_RUN_ID").ok().and_then(|id| id.parse().ok()),
        ..GitHubSettings::default()
    };
    let address = match repository.map(|repository| repository.source_of(&config.git.remote)) {
        Some(Ok(address)) => address,
        None | Some(Err(GitError::NoRemote(_))) => None,
        Some(Err(error)) => return Err(error.into()),
    };
    // A token is looked for only where there is somebody to show it to.
    if GitHub::open(&settings, address.as_deref(), Credentials::Anonymous)?.is_none() {
        return Ok(None);
    }
    let root = repository.map_or(config.folder(), GitRepository::root);
    let gh = || gh_program(Some(root));
    let credentials = Credentials::find(said.token_file.as_deref(), said.app.as_ref(), gh)?;
    Ok(GitHub::open(&settings, address.as_deref(), credentials)?)
}
