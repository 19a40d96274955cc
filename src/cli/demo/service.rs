//! `windlass demo-service`: the deployer of the demo, what it starts, and what says what runs. The demo's windlass.toml calls it;
//! people have no use for it.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::demo::service::{self, Place, Release};
use crate::domain::{Digest, EnvironmentName, Exit, ImageReference, ServiceName};

/// Arguments of `demo-service`.
#[derive(Debug, Args)]
pub struct ServiceArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start a digest in an environment, and stop the one before
    Deploy {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        release: ReleaseArgs,
    },
    /// Serve a digest until the demo ends
    Serve {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        release: ReleaseArgs,
    },
    /// Print what runs in an environment
    Running {
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// A service in an environment of a demo.
#[derive(Debug, Args)]
struct PlaceArgs {
    /// The folder of the demo
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// The service
    #[arg(long, value_name = "SERVICE", env = "WINDLASS_SERVICE")]
    of: ServiceName,
    /// The environment
    #[arg(long, value_name = "NAME", env = "WINDLASS_ENVIRONMENT")]
    environment: EnvironmentName,
}

/// What is deployed.
#[derive(Debug, Args)]
struct ReleaseArgs {
    /// The image, by digest
    #[arg(long, value_name = "REFERENCE", env = "WINDLASS_IMAGE")]
    image: ImageReference,
    /// Its digest
    #[arg(long, value_name = "DIGEST", env = "WINDLASS_DIGEST")]
    digest: Digest,
}

impl From<PlaceArgs> for Place {
    fn from(args: PlaceArgs) -> Self {
        Self {
            folder: args.folder,
            service: args.of,
            environment: args.environment,
        }
    }
}

impl From<ReleaseArgs> for Release {
    fn from(args: ReleaseArgs) -> Self {
        Self {
            image: args.image,
            digest: args.digest,
        }
    }
}

/// Does what the demo asks for.
pub async fn run(args: ServiceArgs, io: &mut Output) -> Result<Exit, Failure> {
    match args.action {
        Action::Deploy { place, release } => {
            let (place, release) = (place.into(), release.into());
            let program = std::env::current_exe()?;
            let serving = service::deploy(&place, &release, &program).await?;
            writeln!(
                io.out,
                "{} serves {} at http://127.0.0.1:{}",
                serving.environment, serving.digest, serving.port
            )?;
        }
        Action::Serve { place, release } => service::serve(&place.into(), &release.into()).await?,
        Action::Running { place } => {
            let serving = service::running(&place.into()).await?;
            serde_json::to_writer(&mut io.out, &serving).map_err(std::io::Error::from)?;
            writeln!(io.out)?;
        }
    }
    Ok(Exit::Done)
}
