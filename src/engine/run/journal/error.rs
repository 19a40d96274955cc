//! What keeps a journal from being written or read.

use std::io;
use std::path::PathBuf;

use super::version::LATEST;
use crate::domain::Exit;

/// Why a journal could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk said no.
    #[error("could not {action} the journal {path}: {source}")]
    Io {
        /// `create`, `write` or `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of a version that this windlass does not know.
    #[error(
        "the journal {path} was written by a newer windlass (format {version}; this one reads up to {LATEST})"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its form.
        version: u64,
    },
    /// A line that is not what was written.
    #[error(
        "line {line} of the journal {path} does not match its hash and the line before it: the file was \
         changed or truncated"
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

impl JournalError {
    /// The exit code that it leads to: nothing is lost, the same command completes what was begun.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Io { .. } => Exit::Incomplete,
            Self::Newer { .. } | Self::Broken { .. } => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Io { .. } => {
                "free some space or make the state folder (XDG_STATE_HOME) writable, then run the same command \
                 again"
                    .to_owned()
            }
            Self::Newer { .. } => "read it with the version of windlass that wrote it, or a newer one".to_owned(),
            Self::Broken { .. } => "keep the file as evidence; nothing after that line can be trusted".to_owned(),
        })
    }
}
