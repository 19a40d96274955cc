//! What most commands stand on: configuration, repository, registries, engine.

use std::path::PathBuf;
use std::sync::Arc;

use super::args::Global;
use super::failure::Failure;
use crate::config::{Config, ConfigError};
use crate::domain::{ServiceName, WriteAccess};
use crate::engine::{self, Engine};
use crate::git::GitRepository;
use crate::registry::{Registries, RegistryError, Settings};

/// One configuration, opened.
pub struct World {
    /// The repository around it, if there is one.
    pub repository: Option<Arc<GitRepository>>,
    /// All registries.
    pub registries: Registries,
    /// The write side.
    pub engine: Arc<Engine>,
    /// The service that commands are about.
    pub service: ServiceName,
}

impl World {
    /// Opens what `global` names, from the current folder on.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        let config = Arc::new(configuration(global)??);
        let registries = engine::registries(&config, &Engine::state_of_user())?;
        let repository = match GitRepository::discover(config.folder()) {
            Ok(repository) => Some(Arc::new(repository)),
            Err(error) if error.is_no_repository() => None,
            Err(error) => return Err(error.into()),
        };
        let access = WriteAccess::unless_read_only(global.read_only);
        let engine = Engine::new(config, repository, registries, Engine::state_of_user()).fetching(access);
        Self::of(Arc::new(engine), global)
    }

    /// The world of an engine that is there already.
    pub fn of(engine: Arc<Engine>, global: &Global) -> Result<Self, Failure> {
        let service = service(engine.config(), global)?;
        Ok(Self {
            repository: engine.repository().cloned(),
            registries: engine.registries().clone(),
            engine,
            service,
        })
    }
}

/// The configuration that the command is about. The outer failure is of the current folder, the inner one of the file.
pub fn configuration(global: &Global) -> Result<Result<Config, ConfigError>, Failure> {
    let folder = folder(global)?;
    Ok(match &global.config {
        Some(path) => Config::load(&folder.join(path)),
        None => Config::discover(&folder),
    })
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
    let state = Engine::state_of_user();
    match config {
        Some(config) => engine::registries(config, &state),
        None => Registries::new(Settings {
            uploads: Some(state.join("uploads")),
            ..Settings::default()
        }),
    }
}

/// The folder that the command is about.
pub fn folder(global: &Global) -> Result<PathBuf, Failure> {
    let here = std::env::current_dir()?;
    Ok(global
        .directory
        .as_ref()
        .map_or_else(|| here.clone(), |directory| here.join(directory)))
}

/// Permission to write, or why there is none.
pub fn access(global: &Global) -> Result<WriteAccess, Failure> {
    WriteAccess::unless_read_only(global.read_only).ok_or_else(|| {
        Failure::usage(
            "this command writes, and --read-only forbids it",
            "leave out --read-only (or WINDLASS_READ_ONLY), or look at the plan with --dry-run",
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
            .ok_or_else(|| {
                Failure::usage(
                    format!("there is no service `{name}`"),
                    format!("one of: {}", names()),
                )
            }),
        (None, [only]) => Ok(only.name.clone()),
        (None, _) => Err(Failure::usage(
            "windlass.toml has several services, and none was named",
            format!("add --service with one of: {}", names()),
        )),
    }
}
