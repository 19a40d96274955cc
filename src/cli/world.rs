//! What most commands stand on: configuration, repository, registries, engine.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use super::global::Global;
use crate::config::{Config, ConfigError, Service, Trust, TrustHash, TrustHashError, TrustStore, UserFile};
use crate::domain::{ServiceName, WriteAccess, count};
use crate::engine::{self, Engine};
use crate::git::GitRepository;
use crate::github::GitHub;
use crate::project::{self, Project, Shared};
use crate::registry::{Registries, RegistryError};
use crate::state;

/// One configuration, opened.
pub struct World {
    /// The repository around it, if there is one.
    pub repository: Option<Arc<GitRepository>>,
    /// All registries.
    pub registries: Registries,
    /// The write side.
    pub engine: Arc<Engine>,
    /// The service that commands are about.
    pub service: project::Service,
}

impl World {
    /// Opens what `global` names, from the current folder on.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        Self::of(engine(global)?, global)
    }

    /// The world of an engine that is there already.
    pub fn of(engine: Arc<Engine>, global: &Global) -> Result<Self, Failure> {
        let service = engine.service(&service(engine.config(), global)?)?;
        Ok(Self {
            repository: engine.repository().cloned(),
            registries: engine.registries().clone(),
            engine,
            service,
        })
    }
}

/// The engine of the project that `global` names, from the current folder on.
pub fn engine(global: &Global) -> Result<Arc<Engine>, Failure> {
    let config = Arc::new(configuration(global)??);
    warn_of_withheld(&config);
    let repository = match GitRepository::discover(config.folder()) {
        // A configuration that is kept elsewhere is about the repository that the command is given in.
        Err(error) if error.is_no_repository() => GitRepository::discover(&folder(global)?),
        found => found,
    };
    let repository = match repository {
        Ok(repository) => Some(Arc::new(repository)),
        Err(error) if error.is_no_repository() => None,
        Err(error) => return Err(error.into()),
    };
    let access = WriteAccess::unless_read_only(global.read_only);
    let project = Project::alone(config, repository, state::folder_of_user())?;
    let engine = Engine::new(project).fetching(access);
    Ok(Arc::new(engine))
}

/// The repository on GitHub.
pub fn github(engine: &Engine) -> Result<&GitHub, Failure> {
    engine.github()?.ok_or_else(|| {
        Failure::usage(
            "the repository is not known to be on GitHub",
            "set `repository` in [github] of windlass.toml",
        )
    })
}

/// The configuration that the command is about. The outer failure is of the surroundings, the inner one of the file.
pub fn configuration(global: &Global) -> Result<Result<Config, ConfigError>, Failure> {
    let path = match config_path(global) {
        Ok(path) => path,
        Err(error) => return Ok(Err(error)),
    };
    let user = match UserFile::of_user() {
        Ok(user) => user,
        Err(error) => return Ok(Err(error)),
    };
    let trust = trust(&path)?;
    Ok(Config::open(&path, user.as_ref(), &trust))
}

/// The file of the configuration.
pub fn config_path(global: &Global) -> Result<PathBuf, ConfigError> {
    let here = folder(global).map_err(|source| ConfigError::Unreadable {
        path: PathBuf::from("."),
        source,
    })?;
    match &global.config {
        Some(path) => Ok(here.join(path)),
        None => Config::find(&here),
    }
}

/// Who vouches for the sensitive settings of the file at `path`.
fn trust(path: &Path) -> Result<Trust, Failure> {
    Ok(trust_with(path, trusted_hashes()?))
}

/// Who vouches for the sensitive settings of the file at `path`, besides whoever gave `hashes`.
pub fn trust_with(path: &Path, hashes: Vec<TrustHash>) -> Trust {
    Trust {
        store: Some(TrustStore::in_state(&state::folder_of_user())),
        hashes,
        protected: protected_text(path),
    }
}

/// The hashes that whoever started windlass vouches for.
pub fn trusted_hashes() -> Result<Vec<TrustHash>, Failure> {
    let hashes = std::env::var("WINDLASS_TRUST").unwrap_or_default();
    hashes
        .split([',', ' '])
        .filter(|hash| !hash.is_empty())
        .map(str::parse)
        .collect::<Result<_, TrustHashError>>()
        .map_err(|error| {
            Failure::usage(
                format!("WINDLASS_TRUST {error}"),
                "`windlass trust --dry-run` shows the settings and their hash",
            )
        })
}

/// The text of the file at `path` in the commit that GitHub started this job for, where that commit is on a protected
/// branch or tag, so that only reviewed changes reach it. The variables are GitHub's own, and a job cannot set them:
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/variables>. What a job checks out instead, such as
/// the head of a pull request, is another commit and is not vouched for.
fn protected_text(path: &Path) -> Option<String> {
    let says = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if !says("GITHUB_ACTIONS", "true") || !says("GITHUB_REF_PROTECTED", "true") {
        return None;
    }
    let repository = GitRepository::discover(path.parent()?).ok()?;
    let (commit, text) = repository.committed_text(path).ok()??;
    says("GITHUB_SHA", commit.as_str()).then_some(text)
}

/// Says once which settings do not count, where a command goes on without them.
pub fn warn_of_withheld(config: &Config) {
    if config.is_trusted() {
        return;
    }
    let mut err = std::io::stderr().lock();
    // Whoever does not read errors loses nothing but this.
    let _ = writeln!(
        err,
        "warning: {} of {} not trusted and not in effect; run `windlass trust` to review {}",
        count(config.withheld.len(), "setting"),
        config.path.display(),
        if config.withheld.len() == 1 { "it" } else { "them" },
    );
}

/// The configuration, if there is one: commands that name an image in full need none.
pub fn configuration_if_any(global: &Global) -> Result<Option<Config>, Failure> {
    match configuration(global)? {
        Ok(config) => Ok(Some(config)),
        Err(ConfigError::Missing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// All registries, as `config` describes them, or as they are found where there is none.
pub fn registries(config: Option<&Config>) -> Result<Registries, RegistryError> {
    let state = state::folder_of_user();
    let shared = match config {
        Some(config) => Shared::open(config, state)?,
        None => Shared::without_config(state)?,
    };
    Ok(shared.registries().clone())
}

/// The folder that the command is about.
pub fn folder(global: &Global) -> std::io::Result<PathBuf> {
    let here = std::env::current_dir()?;
    Ok(global
        .directory
        .as_ref()
        .map_or_else(|| here.clone(), |directory| here.join(directory)))
}

/// Permission to write, or why there is none: asked not to, or a configuration with settings that nobody trusts.
pub fn access(global: &Global, config: Option<&Config>) -> Result<WriteAccess, Failure> {
    let access = access_to_state(global)?;
    config.map_or(Ok(()), engine::must_be_trusted)?;
    Ok(access)
}

/// Permission to write what is the user's alone, whatever a repository says.
pub fn access_to_state(global: &Global) -> Result<WriteAccess, Failure> {
    WriteAccess::unless_read_only(global.read_only).ok_or_else(|| {
        Failure::usage(
            "--read-only does not allow this command, which writes",
            "remove --read-only (or WINDLASS_READ_ONLY), or review the plan with --dry-run",
        )
    })
}

fn service(config: &Config, global: &Global) -> Result<ServiceName, Failure> {
    let names = || {
        config
            .services
            .iter()
            .map(|s| s.name.to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (&global.service, config.services.as_slice()) {
        (Some(name), services) => services
            .iter()
            .map(|service| &service.name)
            .find(|known| known.as_str() == name)
            .cloned()
            .ok_or_else(|| Failure::usage(format!("no service `{name}`"), format!("services: {}", names()))),
        (None, [only]) => Ok(only.name.clone()),
        (None, _) => service_here(config, global).ok_or_else(|| {
            Failure::usage(
                "windlass.toml defines several services; choose one",
                format!("add --service with one of: {}", names()),
            )
        }),
    }
}

/// The service in whose folder the command is given.
fn service_here(config: &Config, global: &Global) -> Option<ServiceName> {
    let here = folder(global).ok()?.canonicalize().ok()?;
    let root = config.folder().canonicalize().ok()?;
    let inside = |service: &&Service| here != root && here.starts_with(root.join(&service.path));
    // Of nested folders the innermost.
    let services = config.services.iter().filter(inside);
    let found = services.max_by_key(|service| service.path.components().count())?;
    Some(found.name.clone())
}

/// The services to choose from, where the command does not say which one it is about.
pub fn services_to_choose(config: &Config, global: &Global) -> Vec<ServiceName> {
    let is_clear =
        global.service.is_some() || config.services.len() < 2 || service_here(config, global).is_some();
    let names = config.services.iter().map(|service| service.name.clone());
    if is_clear { Vec::new() } else { names.collect() }
}
