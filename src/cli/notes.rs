//! `windlass notes`: what a release brings, for people.

use std::io::Write as _;

use clap::Args;

use super::failure::Failure;
use super::global::Global;
use super::{Output, World};
use crate::domain::Exit;

/// Arguments of `notes`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass notes develop\n  \
         windlass notes v1.4.0\n  \
         windlass notes 2b2e927 --since v1.3.0 > CHANGES.md")]
pub struct NotesArgs {
    /// A commit, a release branch or a version
    pub release: String,
    /// Start from this commit, tag or release [default: the last release before it]
    #[arg(long, value_name = "COMMIT")]
    pub since: Option<String>,
}

/// Prints release notes as Markdown.
pub async fn run(args: &NotesArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let notes = world
        .engine
        .notes(&world.service, &args.release, args.since.as_deref())
        .await?;
    write!(io.out, "{notes}")?;
    Ok(Exit::Done)
}
