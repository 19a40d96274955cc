//! `windlass unlock`.

use clap::Args;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::operation;
use super::{Output, world::World};
use crate::domain::Exit;
use crate::engine::UnlockRequest;

/// Arguments of `unlock`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass unlock stage --reason \"the runner of ana's job was lost\"\n  \
         windlass unlock releases --held --reason \"omar's laptop is off until Monday\" --dry-run")]
pub struct UnlockArgs {
    /// The lock to break: an environment, or `releases`
    pub what: String,
    /// Reason; kept in the journal
    #[arg(long, value_name = "REASON")]
    pub reason: String,
    /// Break it before it expires; its owner may still be running
    #[arg(long)]
    pub held: bool,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and breaks the lock.
pub async fn run(args: UnlockArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let part = args.what.parse().map_err(|error: crate::domain::NameError| {
        Failure::usage(error.to_string(), "run `windlass locks` to list the locks")
    })?;
    let request = UnlockRequest {
        part,
        reason: args.reason,
        held: args.held,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}
