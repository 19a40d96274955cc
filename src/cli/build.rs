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
    /// The branch that this is a build of, where a CI job has checked out a commit and no branch; where releases are built
    /// anew ([release] of windlass.toml), a release branch makes an image of its own
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
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
        branch: args.branch,
    };
    operation::run(&world, &command, &args.confirm, args.json, global, io).await
}
