//! The project itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::shared::{Shared, scanner};
use crate::config::Config;
use crate::domain::ProjectId;
use crate::git::GitRepository;
use crate::registry::{Registries, RegistryError};
use crate::scan::Trivy;

/// One git repository with one windlass.toml, opened.
pub struct Project {
    id: ProjectId,
    config: Arc<Config>,
    repository: Option<Arc<GitRepository>>,
    trivy: Trivy,
    shared: Arc<Shared>,
}

impl Project {
    /// The project that `config` describes; without a repository candidates can be named by tag or digest only.
    pub fn new(config: Arc<Config>, repository: Option<Arc<GitRepository>>, shared: Arc<Shared>) -> Self {
        Self {
            id: identity(&config, repository.as_deref()),
            trivy: scanner(Some(&config), shared.registries()),
            config,
            repository,
            shared,
        }
    }

    /// The same with registries of its own, for a process that opens one project only; `state` is the folder of the user.
    ///
    /// # Errors
    /// As [`Shared::open`].
    pub fn alone(
        config: Arc<Config>,
        repository: Option<Arc<GitRepository>>,
        state: PathBuf,
    ) -> Result<Arc<Self>, RegistryError> {
        let shared = Arc::new(Shared::open(&config, state)?);
        Ok(Arc::new(Self::new(config, repository, shared)))
    }

    /// What tells it apart from other projects.
    pub const fn id(&self) -> &ProjectId {
        &self.id
    }

    /// Its configuration.
    pub const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Its repository, if there is one.
    pub const fn repository(&self) -> Option<&Arc<GitRepository>> {
        self.repository.as_ref()
    }

    /// All registries, which it shares with other projects.
    pub fn registries(&self) -> &Registries {
        self.shared.registries()
    }

    /// Its scanner.
    pub const fn trivy(&self) -> &Trivy {
        &self.trivy
    }

    /// The folder of this machine that keeps its journals and locks.
    pub fn state(&self) -> PathBuf {
        self.shared.state_of(&self.id)
    }

    /// What it shares with other projects.
    pub const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// By the address of the remote where there is one, so that all clones of a repository are one project, or else by its
/// folder; and by where in the repository its windlass.toml is.
fn identity(config: &Config, repository: Option<&GitRepository>) -> ProjectId {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = real(config.folder());
    let Some(repository) = repository else {
        return ProjectId::new(&folder.to_string_lossy(), "");
    };
    let root = real(repository.root());
    let address = repository.address_of(&config.git.remote);
    let address = address.unwrap_or_else(|| root.to_string_lossy().into_owned());
    // A configuration that is kept outside of its repository is one of its own.
    let below = folder.strip_prefix(&root).unwrap_or(&folder);
    ProjectId::new(&address, &below.to_string_lossy())
}
