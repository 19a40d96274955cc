//! `windlass status`: what is deployed where.

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::args::Global;
use super::board::{repository, source};
use super::failure::Failure;
use super::{Output, World, pin, table, words};
use crate::board::EnvironmentNow;
use crate::domain::{Exit, ServiceName};

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass status\n  \
         windlass status --service payment-svc --json")]
pub struct StatusArgs {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    service: &'a ServiceName,
    environments: &'a [EnvironmentNow],
    pins: &'a [pin::Held],
}

/// Asks every environment what is deployed there; exit 1 if one could not be asked.
pub async fn run(args: &StatusArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let source = source(&world, repository(&world)?);
    let (environments, pins) = tokio::join!(source.environments(), pin::pins(&world));
    let now = Timestamp::now();
    if args.json {
        io.document(&Document {
            service: world.service.name(),
            environments: &environments,
            pins: &pins,
        })?;
    } else {
        writeln!(io.out, "{}", world.service)?;
        let rows: Vec<Vec<String>> = environments
            .iter()
            .map(|there| {
                let name = format!("  {}", there.environment);
                std::iter::once(name).chain(words::deployed(there, now)).collect()
            })
            .collect();
        table::print(&rows, io.columns(), &mut io.out)?;
        for held in &pins {
            match (&held.pin, &held.error) {
                (Some(pin), _) => writeln!(io.out, "! {} is pinned: {}", held.environment, pin.words())?,
                (None, Some(why)) => writeln!(
                    io.out,
                    "? cannot tell whether {} is pinned: {why}",
                    held.environment
                )?,
                (None, None) => {}
            }
        }
    }
    let failed = environments.iter().any(|there| there.failure().is_some())
        || pins.iter().any(|held| held.error.is_some());
    Ok(if failed { Exit::Failed } else { Exit::Done })
}
