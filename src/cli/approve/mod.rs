//! `windlass approve`: a candidate, by a signed approval; or a deployment that waits on GitHub.

mod args;
mod candidate;
mod github;

pub use args::ApproveArgs;

use super::Output;
use super::failure::Failure;
use super::global::Global;
use crate::domain::Exit;

/// Approves a candidate, or reviews what waits on GitHub.
pub async fn run(args: ApproveArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    match &args.github {
        Some(run) => github::run(run, &args, global, io).await,
        None => candidate::run(args, global, io).await,
    }
}
