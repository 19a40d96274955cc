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
    /// What is to be changed is not as it has to be; nothing was changed.
    #[error("cannot deploy to {target}: {why}")]
    Unfit {
        /// What was to be changed, in words.
        target: String,
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        hint: String,
    },
    /// The platform could not be reached, or did not answer.
    #[error("{target} cannot be reached: {why}")]
    Unreachable {
        /// What was asked.
        target: String,
        /// Why not.
        why: String,
    },
    /// The platform does not accept who asks, or does not allow it.
    #[error("{target} does not allow it: {why}")]
    NotAllowed {
        /// What was asked.
        target: String,
        /// Which right is missing.
        why: String,
    },
    /// The platform refused the change: an admission policy, a conflict. Nothing was changed.
    #[error("{target} cannot be changed: {why}")]
    Refused {
        /// What was to be changed.
        target: String,
        /// What the platform says.
        why: String,
    },
    /// Somebody else changed or deleted it in the middle of the deployment.
    #[error("{target} was changed by somebody else: {why}")]
    Overtaken {
        /// What was changed.
        target: String,
        /// Who changed what, in one sentence.
        why: String,
    },
    /// The platform took it, and it did not come up.
    #[error("{target} did not come up: {why}")]
    NotUp {
        /// What was changed.
        target: String,
        /// The reason, in one sentence.
        why: String,
    },
    /// The platform took it, it did not come up, and what was there before is there again.
    #[error("{target} did not come up and is back at {back}: {why}")]
    RolledBack {
        /// What was changed.
        target: String,
        /// What runs there again, in words.
        back: String,
        /// The reason, in one sentence.
        why: String,
    },
    /// The platform took it, and nobody knows how it ended.
    #[error("it is unknown how the deployment to {target} ended: {why}")]
    Unsure {
        /// What was changed.
        target: String,
        /// Why.
        why: String,
    },
    /// A check after the deployment failed.
    #[error("the check {check} failed: {why}")]
    CheckFailed {
        /// What was asked.
        check: String,
        /// What it found.
        why: String,
    },
    /// A check after the deployment found nothing out, which is not passed.
    #[error("the check {check} is inconclusive: {why}")]
    CheckInconclusive {
        /// What was asked.
        check: String,
        /// Why it found nothing out.
        why: String,
    },
    /// A check after the deployment did not pass, and what was deployed before was deployed again.
    #[error("{cause}; {environment} was rolled back to {back}")]
    CheckRolledBack {
        /// The environment.
        environment: EnvironmentName,
        /// What was deployed again.
        back: Digest,
        /// Why.
        cause: Box<Self>,
    },
    /// A check after the deployment did not pass, and what was deployed before could not be deployed again.
    #[error("{cause}; {environment} could not be rolled back: {why}")]
    NotRolledBack {
        /// The environment.
        environment: EnvironmentName,
        /// Why it was to be rolled back.
        cause: Box<Self>,
        /// Why it was not.
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
            Self::Program(_)
            | Self::Status { .. }
            | Self::Unobserved { .. }
            | Self::Unreachable { .. }
            | Self::CheckInconclusive { .. }
            | Self::Unsure { .. } => Exit::Incomplete,
            Self::Unfit { .. } => Exit::Usage,
            Self::NotAllowed { .. } => Exit::NotAuthorised,
            Self::NotRunning { .. }
            | Self::Unhealthy { .. }
            | Self::Refused { .. }
            | Self::NotUp { .. }
            | Self::RolledBack { .. }
            | Self::CheckFailed { .. }
            | Self::CheckRolledBack { .. }
            | Self::NotRolledBack { .. } => Exit::Failed,
            Self::Changed { .. } | Self::Overtaken { .. } => Exit::Conflict,
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
            | Self::Unhealthy { .. }
            | Self::Unfit { .. }
            | Self::Unreachable { .. }
            | Self::NotAllowed { .. }
            | Self::CheckFailed { .. }
            | Self::Refused { .. }
            | Self::Overtaken { .. }
            | Self::NotUp { .. } => FailedOutcome::Failed,
            Self::RolledBack { .. } | Self::CheckRolledBack { .. } => FailedOutcome::RolledBack,
            Self::Unobserved { .. }
            | Self::Unsure { .. }
            | Self::CheckInconclusive { .. }
            | Self::NotRolledBack { .. } => FailedOutcome::Unknown,
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
            Self::Unfit { hint, .. } => return hint.clone(),
            Self::Unreachable { .. } => {
                "check the address and the network with `windlass doctor`, then run the same command again"
            }
            Self::NotAllowed { .. } => {
                "ask for that right, or use other credentials; `windlass doctor` shows which rights there are"
            }
            Self::Refused { .. } => {
                "nothing was changed: mend what the platform refuses, then run the same command again"
            }
            Self::Overtaken { .. } => {
                "find out who deploys there too; `windlass status` shows what runs, and the same command again deploys once more"
            }
            Self::NotUp { .. } | Self::RolledBack { .. } => {
                "mend the cause, then run the same command again; the image is in place, so that it only deploys"
            }
            Self::CheckFailed { .. } | Self::CheckInconclusive { .. } => {
                "it was deployed, and is not recorded as deployed: find out why the check did not pass, then run the same \
                 command again, or `windlass rollback`"
            }
            Self::CheckRolledBack { .. } => "mend the cause, then promote again",
            Self::NotRolledBack { .. } | Self::Unsure { .. } => {
                "look at the platform and at `windlass status`, then run the same command again"
            }
            Self::Interrupted => "run the same command again to resume",
        };
        text.to_owned()
    }
}
