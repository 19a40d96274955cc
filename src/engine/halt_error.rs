//! Why the line could not be stopped, or may not go on.

use std::path::PathBuf;

use crate::domain::{EnvironmentName, Exit};

/// Why the line could not be stopped, or may not go on.
#[derive(Debug, thiserror::Error)]
pub enum HaltError {
    /// It is stopped.
    #[error("{environment} is {words}")]
    Halted {
        /// The environment.
        environment: EnvironmentName,
        /// Who halted it, when and why.
        words: String,
    },
    /// Nothing is promoted there, so that there is nothing to stop.
    #[error("{0} receives builds, so nothing is promoted there")]
    Entrance(EnvironmentName),
    /// There is nothing to lift.
    #[error("{environment} is not halted on {remote}")]
    NotHalted {
        /// The environment.
        environment: EnvironmentName,
        /// The remote.
        remote: String,
    },
    /// Another note has come meanwhile.
    #[error("the halt of {environment} changed on {remote} after the plan was made")]
    Changed {
        /// The environment.
        environment: EnvironmentName,
        /// The remote.
        remote: String,
    },
    /// A halt is lifted by somebody who is trusted to, and there is no key to sign with.
    #[error("resuming {0} requires a signature, and there is no key to sign with")]
    NoKey(EnvironmentName),
    /// The key that would sign is not one that is trusted.
    #[error("resuming {environment} requires a signature with a trusted key, which {} is not", .key.display())]
    OtherKey {
        /// The environment.
        environment: EnvironmentName,
        /// The key.
        key: PathBuf,
    },
}

impl HaltError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Halted { .. } | Self::NoKey(_) | Self::OtherKey { .. } => Exit::Refused,
            Self::NotHalted { .. } => Exit::NotFound,
            Self::Entrance(_) => Exit::Usage,
            Self::Changed { .. } => Exit::Conflict,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> String {
        match self {
            Self::Halted { environment, .. } => format!(
                "wait until it is resumed, or lift the halt with `windlass resume {environment} --reason …`"
            ),
            Self::NotHalted { .. } => "run `windlass halts` to list what is halted".to_owned(),
            Self::Entrance(_) => "halt the environment that its images are promoted to".to_owned(),
            Self::Changed { .. } => "run the same command again to see what it says now".to_owned(),
            Self::NoKey(_) | Self::OtherKey { .. } => {
                "name a key with --key whose public part is in `halt.trusted` of the environment".to_owned()
            }
        }
    }
}
