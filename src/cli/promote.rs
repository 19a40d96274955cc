//! `windlass promote`.

use clap::Args;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::operation;
use super::{Output, world::World};
use crate::domain::Exit;
use crate::engine::PromoteRequest;

/// Arguments of `promote`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass promote 2b2e927 --to stage\n  \
         windlass promote release/v1.4.0-sha-2b2e927 --to prod --dry-run\n  \
         windlass promote sha-2b2e927 --to prod --plan 7c1d-42ab")]
pub struct PromoteArgs {
    /// A commit, an image tag, a digest or a release branch
    pub candidate: String,
    /// The environment to promote to
    #[arg(long, value_name = "ENVIRONMENT")]
    pub to: String,
    /// The environment to promote from, if there are several
    #[arg(long, value_name = "ENVIRONMENT")]
    pub from: Option<String>,
    /// Reason; required for an older candidate, for reverting a fix, and with --hotfix
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Use the environment's hotfix path (requires --reason; a review is due afterwards)
    #[arg(long, requires = "reason")]
    pub hotfix: bool,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and promotes.
pub async fn run(args: PromoteArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let name = |text: &str| {
        text.parse().map_err(|error: crate::domain::NameError| {
            Failure::usage(
                error.to_string(),
                "run `windlass status` to list the environments",
            )
        })
    };
    let request = PromoteRequest {
        candidate: args.candidate,
        to: name(&args.to)?,
        from: args.from.as_deref().map(name).transpose()?,
        reason: args.reason,
        hotfix: args.hotfix,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}
