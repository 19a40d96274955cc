//! `windlass status`: what is deployed where, what runs there, and how the two differ.

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::board::{repository, source};
use super::failure::Failure;
use super::global::Global;
use super::{Output, World, pin, table, words};
use crate::board::{Cell, EnvironmentNow};
use crate::domain::{Exit, ServiceName};

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass status\n  \
         windlass status --service payment-svc --json\n  \
         windlass status --check")]
pub struct StatusArgs {
    /// Exit with 3 where something else runs than what is deployed, a tag moved, a signature is missing, or it is unknown
    #[arg(long)]
    pub check: bool,
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

/// Asks every environment what is deployed there and what runs; exit 1 if one could not be asked.
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
        for there in &environments {
            for drift in &there.drift {
                writeln!(io.out, "✗ drift in {}: {}", there.environment, drift.words())?;
            }
        }
        table::print(&rows(&environments, now), io.columns(), &mut io.out)?;
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
    let has_drift = environments.iter().any(|there| !there.drift.is_empty());
    Ok(match (args.check, failed) {
        (true, _) if failed || has_drift => Exit::Refused,
        (_, true) => Exit::Failed,
        _ => Exit::Done,
    })
}

/// A row for each environment; what runs has a column only where something observes it.
fn rows(environments: &[EnvironmentNow], now: Timestamp) -> Vec<Vec<String>> {
    let is_observed = |there: &&EnvironmentNow| !matches!(there.running, Cell::None(_));
    let observes = environments.iter().find(is_observed).is_some();
    let row = |there: &EnvironmentNow| {
        let mut row = vec![format!("  {}", there.environment)];
        let mut deployed = words::deployed(there, now);
        if observes {
            deployed.resize(4, String::new());
        }
        row.extend(deployed);
        row.extend(observes.then(|| words::running(there, now)));
        row
    };
    environments.iter().map(row).collect()
}
