//! Why a service of the demo does not run.

use std::io;
use std::path::PathBuf;

use crate::domain::Exit;
use crate::program::ProgramError;

/// Why a service of the demo does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The disk or the network of this machine.
    #[error("{}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its program could not be started.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It was started, and does not answer.
    #[error("it was started and does not answer")]
    Silent,
    /// Nothing was started there.
    #[error("nothing runs in {0}")]
    Nothing(String),
}

impl ServiceError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Nothing(_) => Exit::NotFound,
            Self::Io { .. } | Self::Program(_) | Self::Silent => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Nothing(_) => Some("promote to that environment, or open the demo".to_owned()),
            Self::Io { .. } | Self::Program(_) | Self::Silent => None,
        }
    }
}
