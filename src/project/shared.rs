//! What all projects of a process share, so that one budget for a host governs the requests of all of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::domain::{HostSettings, ProjectId};
use crate::registry::{Registries, RegistryError, Settings};
use crate::scan::{Trivy, TrivyOptions};

/// Registries and the state folder: one for each process.
pub struct Shared {
    registries: Registries,
    state: PathBuf,
    cache: PathBuf,
}

impl Shared {
    /// Shares `registries`; `state` is [`crate::state::folder_of_user`] as a rule.
    pub fn new(registries: Registries, state: PathBuf) -> Self {
        // The user's state goes with the user's cache; any other is by itself.
        let cache = if state == crate::state::folder_of_user() {
            crate::state::cache_of_user()
        } else {
            state.join("cache")
        };
        Self {
            registries,
            state,
            cache,
        }
    }

    /// Opens all registries as `config` describes them.
    ///
    /// # Errors
    /// When the client cannot be set up, for example with a certificate that cannot be read.
    pub fn open(config: &Config, state: PathBuf) -> Result<Self, RegistryError> {
        Self::of_hosts(config.registries.clone(), state)
    }

    /// Opens all registries with these settings of hosts.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn of_hosts(hosts: BTreeMap<String, HostSettings>, state: PathBuf) -> Result<Self, RegistryError> {
        let settings = Settings {
            hosts,
            ..Settings::default()
        };
        let registries = Registries::new(settings.remembering_in(&state))?;
        Ok(Self::new(registries, state))
    }

    /// All registries, as they are found where no configuration describes them.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub fn without_config(state: PathBuf) -> Result<Self, RegistryError> {
        Self::of_hosts(BTreeMap::new(), state)
    }

    /// The registries.
    pub const fn registries(&self) -> &Registries {
        &self.registries
    }

    /// The folder of what can be fetched again.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// The folder that keeps the journals and locks of one project.
    pub(super) fn state_of(&self, project: &ProjectId) -> PathBuf {
        crate::state::folder_of_project(&self.state, project)
    }
}

/// Trivy as a configuration describes it, or as it is found where there is none.
pub fn scanner(config: Option<&Config>, registries: &Registries) -> Trivy {
    let options = config.map_or_else(TrivyOptions::default, |config| {
        let settings = config.scanner.clone();
        TrivyOptions {
            program: settings.trivy,
            args: settings.args,
            server: settings.server,
            token_file: settings.token_file,
            database: settings.database,
            java_database: settings.java_database,
            timeout: settings.timeout,
            at_once: settings.at_once,
        }
    });
    Trivy::new(options, registries.clone())
}
