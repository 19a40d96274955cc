//! `windlass build`.

use clap::Args;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::operation;
use super::{Output, world::World};
use crate::domain::Exit;
use crate::engine::BuildRequest;

/// Arguments of `build`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass build --yes\n  \
         windlass build --dry-run --json\n  \
         windlass build --dirty\n\
         Building the same commit again finds its image and builds nothing.")]
pub struct BuildArgs {
    /// Include uncommitted changes; the tag of the image says so and is never that of a commit
    #[arg(long)]
    pub dirty: bool,
    /// The branch being built, for CI jobs that check out a commit instead of a branch; if releases are rebuilt
    /// ([release] in windlass.toml), a release branch gets its own image
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and builds.
pub async fn run(args: BuildArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = BuildRequest {
        dirty: args.dirty,
        branch: args.branch,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}
