//! `windlass cut`.

use clap::Args;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::operation;
use super::{Output, world::World};
use crate::domain::Exit;
use crate::engine::CutRequest;

/// Arguments of `cut`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  windlass cut 2b2e927\n  windlass cut 2b2e927 --release 2.0.0 --dry-run")]
pub struct CutArgs {
    /// The commit of develop to release, in any form that git accepts
    pub commit: String,
    /// The version [default: proposed from the tags and commits since the last release]
    #[arg(
        id = "release",
        long,
        visible_alias = "version",
        alias = "as",
        value_name = "VERSION"
    )]
    pub version: Option<String>,
    /// The sprint number, if release branches are named after it [default: one more than the last]
    #[arg(long, value_name = "NUMBER")]
    pub sprint: Option<String>,
    /// Reason; required for a commit that is not on develop and for a version below the last release
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and cuts.
pub async fn run(args: CutArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = CutRequest {
        commit: args.commit,
        version: args.version,
        sprint: args.sprint,
        reason: args.reason,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}
