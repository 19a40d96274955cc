//! Why a project of a fleet could not be opened.

use std::path::PathBuf;

use crate::config::ConfigError;
use crate::domain::{Exit, ProjectName};
use crate::git::GitError;
use crate::registry::RegistryError;

/// Why a project of a fleet could not be opened. The other projects work.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// Its windlass.toml.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A folder with no windlass.toml of its own.
    #[error("{0} has no windlass.toml")]
    NoProject(PathBuf),
    /// A folder that is not there.
    #[error("{0} does not exist")]
    Missing(PathBuf),
    /// A remote whose default branch has no such file.
    #[error("the default branch of {address} has no {file}")]
    NoFile {
        /// The remote.
        address: String,
        /// The file.
        file: String,
    },
    /// A name that another project has.
    #[error("the name `{0}` is used twice in fleet.toml")]
    SameName(ProjectName),
    /// Another entry that is the same project: the same remote and the same windlass.toml.
    #[error("is the same project as `{0}`")]
    SameProject(ProjectName),
    /// A registry that another project describes otherwise.
    #[error("its settings of the registry {host} differ from those of `{other}`")]
    Registry {
        /// The host.
        host: String,
        /// The project whose settings count.
        other: ProjectName,
    },
    /// The mirror in the cache.
    #[error("could not write the mirror in {path}: {source}")]
    Cache {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The registries of all.
    #[error(transparent)]
    Shared(#[from] RegistryError),
}

impl FleetError {
    /// The exit code that it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Git(error) => error.exit(),
            Self::Shared(error) => error.exit(),
            Self::Cache { .. } => Exit::Failed,
            Self::Config(_)
            | Self::NoProject(_)
            | Self::Missing(_)
            | Self::NoFile { .. }
            | Self::SameName(_)
            | Self::SameProject(_)
            | Self::Registry { .. } => Exit::Usage,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Git(error) => error.hint(),
            Self::Shared(error) => error.hint(),
            Self::NoProject(folder) => Some(format!("run `windlass init -C {}`", folder.display())),
            Self::Missing(_) => {
                Some("correct `path` in fleet.toml, or clone the repository there".to_owned())
            }
            Self::NoFile { .. } => {
                Some("set `file` to where the repository has its windlass.toml".to_owned())
            }
            Self::SameName(_) => Some("give one of them another `name`".to_owned()),
            Self::SameProject(_) => Some("remove one of the two from fleet.toml".to_owned()),
            Self::Registry { host, .. } => Some(format!(
                "put [registry.\"{host}\"] into fleet.toml, which counts for all projects"
            )),
            Self::Cache { .. } => Some("make the cache folder (XDG_CACHE_HOME) writable".to_owned()),
        }
    }
}
