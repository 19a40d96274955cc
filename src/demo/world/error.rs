//! Why the sample world could not be built.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::ConfigError;
use crate::demo::service::ServiceError;
use crate::domain::{ImageError, NameError};
use crate::engine::EngineError;
use crate::git::GitError;
use crate::registry::RegistryError;
use crate::scan::ScanError;
use crate::sign::SignError;

/// Why the world could not be built.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The disk or the network of this machine.
    #[error("could not build the sample world at {path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder with something else in it.
    #[error("{0} is not empty, and no sample world")]
    Occupied(PathBuf),
    /// Another process builds a world there at this moment.
    #[error("another process is building the sample world in {0}")]
    Busy(PathBuf),
    /// Git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A report.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The key.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Its own configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What runs in it.
    #[error("what runs in the demo: {0}")]
    Service(#[from] ServiceError),
    /// A name in it.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Where an image is.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl WorldError {
    /// The exit code that it leads to.
    pub fn exit(&self) -> crate::domain::Exit {
        match self {
            Self::Occupied(_) => crate::domain::Exit::Usage,
            Self::Busy(_) => crate::domain::Exit::Conflict,
            Self::Git(error) => error.exit(),
            Self::Registry(error) => error.exit(),
            Self::Engine(error) => error.exit(),
            Self::Io { .. }
            | Self::Scan(_)
            | Self::Sign(_)
            | Self::Config(_)
            | Self::Service(_)
            | Self::Name(_)
            | Self::Image(_) => crate::domain::Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Occupied(_) => Some("name an empty or a new folder with --dir".to_owned()),
            Self::Busy(_) => Some("wait until it is done, or name another folder with --dir".to_owned()),
            Self::Git(error) => error.hint(),
            Self::Registry(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Io { .. } => Some("check that there is room, or name another folder with --dir".to_owned()),
            Self::Scan(_)
            | Self::Sign(_)
            | Self::Config(_)
            | Self::Service(_)
            | Self::Name(_)
            | Self::Image(_) => None,
        }
    }
}

pub(super) fn io_at(path: &Path) -> impl Fn(io::Error) -> WorldError {
    let path = path.to_owned();
    move |source| WorldError::Io {
        path: path.clone(),
        source,
    }
}
