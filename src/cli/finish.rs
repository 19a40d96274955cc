//! `windlass finish`.

use clap::Args;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::operation;
use super::{Output, world::World};
use crate::domain::Exit;
use crate::engine::FinishRequest;

/// Arguments of `finish`.
#[derive(Debug, Args)]
#[command(
    after_help = "The tag names the commit that the image was built from; production is promoted by digest, and nothing \
         is built from the merge.\n\
         Conflicts are detected before anything is written, and everything is pushed atomically.\n\
         \n\
         Examples:\n  \
         windlass finish v1.4.0 --dry-run\n  \
         windlass finish hotfix/v1.3.3 --yes\n  \
         windlass finish v1.3.3 --into main --yes    # the rest stays outstanding"
)]
pub struct FinishArgs {
    /// The release or hotfix: its branch, or its version
    pub release: String,
    /// Merge only into this branch; repeatable [default: main, develop, and open releases that lack its fixes]
    #[arg(long, value_name = "BRANCH")]
    pub into: Vec<String>,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and finishes.
pub async fn run(args: FinishArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = FinishRequest {
        release: args.release,
        into: args.into,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}
