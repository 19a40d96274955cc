//! `windlass diff`: what one state of the service would change against another.

mod table;

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::args::Global;
use super::failure::Failure;
use super::{Output, World};
use crate::domain::{Comparison, Exit};

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each side is an environment, a release (v1.4.0, or its branch), a commit, an image tag or a digest.\n\
    Exit code 0 also where they differ, and where something could not be found out.\n\n\
    Examples:\n  windlass diff prod develop\n  windlass diff v1.3.2 v1.4.0 --markdown\n  \
    windlass diff stage prod --json"
)]
pub struct DiffArgs {
    /// What is there, as a rule
    #[arg(value_name = "A")]
    pub from: String,
    /// What would come
    #[arg(value_name = "B")]
    pub to: String,
    /// List at most this many commits; all are counted
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub limit: usize,
    /// As JSON
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// As Markdown, for a change ticket
    #[arg(long)]
    pub markdown: bool,
}

/// The form of `--json`, documented in docs/json.md.
#[derive(Serialize)]
struct Document<'a> {
    version: u8,
    headline: String,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// Compares the two.
pub async fn run(args: &DiffArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let comparison = world.engine.diff(&world.service, &args.from, &args.to).await?;
    let comparison = comparison.limited(args.limit);
    if args.json {
        let document = Document {
            version: 1,
            headline: comparison.headline(),
            comparison: &comparison,
        };
        serde_json::to_writer_pretty(&mut io.out, &document)?;
        writeln!(io.out)?;
    } else if args.markdown {
        let tickets = world.engine.config().git.tickets_url.as_ref();
        write!(io.out, "{}", comparison.markdown(tickets))?;
    } else {
        table::print(&comparison, args.limit, Timestamp::now(), io)?;
    }
    Ok(Exit::Done)
}
