//! `windlass sign`.

use clap::Args;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::operation;
use super::{Output, image, world::World};
use crate::domain::Exit;
use crate::engine::{SignRequest, SignSubject};

/// Arguments of `sign`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass sign registry.example.com/prod/app@sha256:… --dry-run")]
pub struct SignArgs {
    /// The image, host/path:tag or host/path@digest, in a location of an environment that signs
    pub image: String,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and signs.
pub async fn run(args: SignArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = SignRequest {
        image: SignSubject::Image(image::parse(&args.image)?),
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}
