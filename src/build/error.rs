//! Why an image was not built.

use std::path::PathBuf;

use crate::domain::{Exit, Platform};
use crate::program::ProgramError;

/// A build that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No builder is installed, or not the one that was asked for.
    #[error("cannot build: {0} is not installed")]
    Missing(&'static str),
    /// A builder is installed, and cannot build here.
    #[error("{builder} cannot build: {why}")]
    Unfit {
        /// The builder.
        builder: &'static str,
        /// What it lacks.
        why: String,
    },
    /// A builder could not be started, or was stopped.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The builder says that it failed.
    #[error("{builder} failed with {status}: {why}")]
    Failed {
        /// The builder.
        builder: &'static str,
        /// Its exit code or signal, in words.
        status: String,
        /// The last thing it said.
        why: String,
    },
    /// The builder says that it is done, and what it left is not an image.
    #[error("could not read the built image at {}: {why}", path.display())]
    Layout {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The image is of another platform than was asked for.
    #[error("the built image is for {found}, but {asked} was requested")]
    Platform {
        /// What was asked for.
        asked: Platform,
        /// What it says of itself.
        found: Platform,
    },
}

impl BuildError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Program(error) => error.exit(),
            Self::Missing(_)
            | Self::Unfit { .. }
            | Self::Failed { .. }
            | Self::Layout { .. }
            | Self::Platform { .. } => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing(_) => "install buildah, podman, or docker with the buildx plug-in; if there are several, choose one with \
                 build.builder in windlass.toml"
                .to_owned(),
            Self::Unfit { .. } => "create a suitable builder with `docker buildx create --use` if a daemon is running, or install \
                 buildah or podman"
                .to_owned(),
            Self::Failed { .. } => "read the log of the step for the output of the builder".to_owned(),
            Self::Program(_) => return None,
            Self::Layout { .. } => "try another builder (build.builder in windlass.toml)".to_owned(),
            Self::Platform { asked, .. } => {
                format!("check the base image: FROM must name one that supports {asked}")
            }
        })
    }
}
