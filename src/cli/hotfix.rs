//! `windlass hotfix`.

use clap::Args;

use super::args::{Confirm, Global};
use super::failure::Failure;
use super::operation;
use super::{Output, world::World};
use crate::domain::{Exit, NameError};
use crate::engine::Command;

/// Arguments of `hotfix`.
#[derive(Debug, Args)]
#[command(
    after_help = "The branch begins at the commit that the environment really runs, by its digest's own word, \
    wherever main may be.\nCommit the fix there, let its image be built, promote it, then `windlass finish` merges it \
    back.\n\nExamples:\n  windlass hotfix --dry-run\n  windlass hotfix prod --release 1.3.3 --yes"
)]
pub struct HotfixArgs {
    /// The environment whose image is fixed [default: the last protected one]
    #[arg(value_name = "ENVIRONMENT")]
    pub environment: Option<String>,
    /// The version [default: the next patch of what runs there]
    #[arg(
        id = "release",
        long,
        visible_alias = "version",
        alias = "as",
        value_name = "VERSION"
    )]
    pub version: Option<String>,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Plan and events as JSON, one a line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and begins.
pub async fn run(args: HotfixArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let environment = args.environment.as_deref().map(str::parse).transpose();
    let environment = environment.map_err(|error: NameError| {
        Failure::usage(error.to_string(), "`windlass status` lists the environments")
    })?;
    let command = Command::Hotfix {
        service: world.service.clone(),
        environment,
        version: args.version,
    };
    operation::run(&world, &command, &args.confirm, args.json, global, io).await
}
