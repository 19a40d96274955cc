//! What runs in the demo: for each environment a small program that serves the digest that it was started with, over HTTP on
//! loopback. It is started and stopped by the demo's deployer, and ends with the demo.

mod ask;
mod deploy;
mod open;
mod place;
mod serve;

pub use deploy::{Release, deploy};
pub use place::{Place, Serving};
pub use serve::serve;

pub(super) use open::Open;

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

/// Says what runs at `place`.
///
/// # Errors
/// When nothing does.
pub async fn running(place: &Place) -> Result<Serving, ServiceError> {
    let nothing = || ServiceError::Nothing(place.environment.to_string());
    let noted = place.read()?.ok_or_else(nothing)?;
    ask::identity(noted.port)
        .await
        .filter(|found| *found == noted)
        .ok_or_else(nothing)
}
