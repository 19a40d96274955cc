//! `windlass hotfix`.

use clap::Args;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::operation;
use super::{Output, world::World};
use crate::domain::{Exit, NameError};
use crate::engine::HotfixRequest;

/// Arguments of `hotfix`.
#[derive(Debug, Args)]
#[command(
    after_help = "The branch starts at the commit that the deployed image was built from, wherever main may be.\n\
         Commit the fix there, wait for its image, promote it, then merge it back with `windlass finish`.\n\
         \n\
         Examples:\n  \
         windlass hotfix --dry-run\n  \
         windlass hotfix prod --release 1.3.3 --yes"
)]
pub struct HotfixArgs {
    /// The environment to fix [default: the last protected one]
    #[arg(value_name = "ENVIRONMENT")]
    pub environment: Option<String>,
    /// The version of the hotfix [default: the next patch of what is deployed there]
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
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and begins.
pub async fn run(args: HotfixArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let environment = args.environment.as_deref().map(str::parse).transpose();
    let environment = environment.map_err(|error: NameError| {
        Failure::usage(
            error.to_string(),
            "run `windlass status` to list the environments",
        )
    })?;
    let request = HotfixRequest {
        environment,
        version: args.version,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}
