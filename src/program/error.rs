//! Why a program did not do its work.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::Exit;

/// A program that could not be started, or was stopped.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It is not there, or may not be run.
    #[error("could not start `{}`: {source}", program.display())]
    Start {
        /// Its name or path.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It was stopped, because it took too long.
    #[error("`{}` timed out after {} s", program.display(), limit.as_secs())]
    Slow {
        /// Its name or path.
        program: PathBuf,
        /// How long it may take.
        limit: Duration,
    },
    /// It was stopped, because it wrote more than anybody would read.
    #[error("`{}` was stopped: it wrote more than {} MB", program.display(), limit / 1_000_000)]
    TooMuch {
        /// Its name or path.
        program: PathBuf,
        /// How much it may write, in bytes.
        limit: u64,
    },
    /// Somebody cancelled.
    #[error("interrupted")]
    Interrupted,
}

impl ProgramError {
    /// Whether the program is not installed.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// The exit code that tells it.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::Interrupted,
            Self::Start { .. } | Self::Slow { .. } | Self::TooMuch { .. } => Exit::Failed,
        }
    }
}
