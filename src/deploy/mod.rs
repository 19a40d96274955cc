//! Deployers: what tells an environment to run a digest. A configured command today; each further kind (kubernetes,
//! gitops, webhook) is one file here and one arm of [`Deployer`].

mod command;

pub use command::CommandDeployer;

use tokio_util::sync::CancellationToken;

use crate::domain::{CommitSha, Digest, EnvironmentName, Exit, ImageReference, ServiceName, Tag};
use crate::program::{Line, ProgramError};

/// What is to be deployed, and where.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The image at the environment's location, by digest.
    pub image: ImageReference,
    /// Its digest.
    pub digest: Digest,
    /// The candidate's immutable tag.
    pub tag: Option<Tag>,
    /// The commit it was built from.
    pub commit: Option<CommitSha>,
}

/// A way to deploy.
#[derive(Debug, Clone)]
pub enum Deployer {
    /// Runs a program with the digest in its environment.
    Command(CommandDeployer),
}

impl Deployer {
    /// Deploys, telling `line` each line of output as it comes (already harmless), until done or cancelled.
    pub async fn deploy(
        &self,
        deployment: &Deployment,
        line: Line<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), DeployError> {
        match self {
            Self::Command(command) => command.deploy(deployment, line, cancel).await,
        }
    }

    /// What it will do, for the plan.
    pub fn describe(&self) -> String {
        match self {
            Self::Command(command) => command.describe(),
        }
    }
}

/// Why a deployment did not happen.
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
    /// Ctrl-C.
    #[error("the deployment was interrupted")]
    Interrupted,
}

impl DeployError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            // All before the deployment is in place, so the same command again goes on here.
            Self::Program(_) | Self::Status { .. } => Exit::Incomplete,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> String {
        match self {
            Self::Program(_) => {
                "check that it is installed and executable, then run the same command again".to_owned()
            }
            Self::Status { .. } => {
                "read the log of the deploy step; the image is in place, so running the same command again only \
                 deploys"
                    .to_owned()
            }
            Self::Interrupted => "run the same command again to resume".to_owned(),
        }
    }
}
