//! `windlass build`.

use clap::Args;

use super::args::{Confirm, Global};
use super::failure::Failure;
use super::operation;
use super::{Output, world::World};
use crate::domain::Exit;
use crate::engine::Command;

/// Arguments of `build`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  windlass build --yes\n  windlass build --dry-run --json\n  windlass build --dirty\n\
    The same commit again: its image is found, and nothing is built."
)]
pub struct BuildArgs {
    /// Build what is not committed too; the image gets a tag that says so, and never that of a commit
    #[arg(long)]
    pub dirty: bool,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Plan and events as JSON, one a line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and builds.
pub async fn run(args: BuildArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let command = Command::Build {
        service: world.service.clone(),
        dirty: args.dirty,
    };
    operation::run(&world, &command, &args.confirm, args.json, global, io).await
}
