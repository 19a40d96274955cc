//! `windlass review`.

use clap::Args;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::operation;
use super::{Output, world::World};
use crate::domain::Exit;
use crate::engine::ReviewRequest;

/// Arguments of `review`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  windlass review prod --note \"read the change with Omar, and scanned it again\""
)]
pub struct ReviewArgs {
    /// An environment, or a digest that got there by an exception
    #[arg(value_name = "ENVIRONMENT|DIGEST")]
    pub of: String,
    /// The result of the review
    #[arg(long, value_name = "NOTE")]
    pub note: String,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and leaves the review.
pub async fn run(args: ReviewArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = ReviewRequest {
        of: args.of,
        note: args.note,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}
