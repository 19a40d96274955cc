//! Why a deployment did not succeed.

use crate::domain::{Digest, EnvironmentName, Exit, FailedOutcome};
use crate::program::ProgramError;

/// Why a deployment did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The program did not come to its end.
    #[error("the deploy command could not be run: {0}")]
    Program(#[source] ProgramError),
    /// The program ended with a failure.
    #[error("the deploy command `{program}` failed with {status}")]
    Status {
        /// The program.
        program: String,
        /// Its exit status or signal, in words.
        status: String,
    },
    /// The deployer is not the one that was planned.
    #[error("the deployer changed: planned was to {planned}, and windlass.toml now says to {found}")]
    Changed {
        /// What the plan has.
        planned: String,
        /// What the configuration has now.
        found: String,
    },
    /// Something else runs than what was deployed.
    #[error("{environment} runs {running} after {waited}, not {deployed}, which was deployed")]
    NotRunning {
        /// The environment.
        environment: EnvironmentName,
        /// What was deployed.
        deployed: Digest,
        /// What runs.
        running: Digest,
        /// How long it was waited for, in words.
        waited: String,
    },
    /// It runs, and is not well.
    #[error("{environment} runs {deployed}, but it is {health} after {waited}")]
    Unhealthy {
        /// The environment.
        environment: EnvironmentName,
        /// What was deployed, and runs.
        deployed: Digest,
        /// How it is, in words.
        health: String,
        /// How long it was waited for, in words.
        waited: String,
    },
    /// What runs could not be found out.
    #[error("{deployed} was deployed to {environment}, but it is unknown whether it runs: {why}")]
    Unobserved {
        /// The environment.
        environment: EnvironmentName,
        /// What was deployed.
        deployed: Digest,
        /// Why not.
        why: String,
    },
    /// Ctrl-C.
    #[error("the deployment was interrupted")]
    Interrupted,
}

impl DeployError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            // All before the deployment is in place, so the same command again goes on here.
            Self::Program(_) | Self::Status { .. } | Self::Unobserved { .. } => Exit::Incomplete,
            Self::NotRunning { .. } | Self::Unhealthy { .. } => Exit::Failed,
            Self::Changed { .. } => Exit::Conflict,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// How the deployment ended, for its record.
    pub const fn outcome(&self) -> FailedOutcome {
        match self {
            Self::Program(_)
            | Self::Status { .. }
            | Self::Changed { .. }
            | Self::NotRunning { .. }
            | Self::Unhealthy { .. } => FailedOutcome::Failed,
            Self::Unobserved { .. } => FailedOutcome::Unknown,
            Self::Interrupted => FailedOutcome::Stopped,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> String {
        let text = match self {
            Self::Program(_) => "check that it is installed and executable, then run the same command again",
            Self::Status { .. } => {
                "read the log of the deploy step; the image is in place, so running the same command again only \
                 deploys"
            }
            Self::Changed { .. } => "windlass.toml was edited in the meantime: review it and make a new plan",
            Self::NotRunning { environment, .. } | Self::Unhealthy { environment, .. } => {
                return format!(
                    "find out why on the platform, then run the same command again, or `windlass rollback {environment}`"
                );
            }
            Self::Unobserved { .. } => {
                "check the `running` program of the environment with `windlass status`, then run the same command again"
            }
            Self::Interrupted => "run the same command again to resume",
        };
        text.to_owned()
    }
}
