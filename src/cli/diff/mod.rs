//! `windlass diff`: what one state of the service would change against another.

mod table;

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::{Output, World};
use crate::domain::{Comparison, Exit};
use crate::report::{Limits, of_comparison};

/// How many files are named to a person.
const FILES: usize = 12;
/// The same in a change ticket.
const TICKET_FILES: usize = 20;

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each side is an environment, a release (v1.4.0, or its branch), a commit, an image tag or a digest.\n\
         Exits with 0 also if the sides differ or something could not be determined.\n\
         \n\
         Examples:\n  \
         windlass diff prod develop\n  \
         windlass diff v1.3.2 v1.4.0 --markdown\n  \
         windlass diff stage prod --json"
)]
pub struct DiffArgs {
    /// The base of the comparison
    #[arg(value_name = "A")]
    pub from: String,
    /// What to compare with it
    #[arg(value_name = "B")]
    pub to: String,
    /// List at most this many commits; all are counted
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub limit: usize,
    /// Print the result as JSON
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Print as Markdown, for a change ticket
    #[arg(long)]
    pub markdown: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
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
        io.document(&Document {
            headline: comparison.headline(),
            comparison: &comparison,
        })?;
    } else if args.markdown {
        let limits = Limits {
            files: TICKET_FILES,
            rows: usize::MAX,
        };
        let tickets = world.engine.config().git.tickets_url.as_ref();
        let document = of_comparison(&comparison, limits, Timestamp::now());
        write!(io.out, "{}", document.markdown(tickets))?;
    } else {
        let limits = Limits {
            files: FILES.min(args.limit),
            rows: args.limit,
        };
        table::print(&of_comparison(&comparison, limits, Timestamp::now()), io)?;
    }
    Ok(Exit::Done)
}
