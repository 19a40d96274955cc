//! `windlass pin`, `windlass unpin` and `windlass pins`.

use std::io::Write as _;

use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::operation;
use super::{Output, table, world::World};
use crate::domain::{EnvironmentName, Exit, NameError, PinRecord, ServiceName};
use crate::engine::{PinRequest, UnpinRequest};

/// Arguments of `pin`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass pin stage --reason \"load test until Friday\" --until 2026-11-27\n  \
         windlass pin prod --reason \"freeze\" --until 7d --dry-run")]
pub struct PinArgs {
    /// The environment to pin
    pub environment: String,
    /// Reason
    #[arg(long, value_name = "REASON")]
    pub reason: String,
    /// When the pin expires: a date such as 2026-12-31 or a duration such as 7d [default: never]
    #[arg(long, value_name = "DATE|DURATION")]
    pub until: Option<String>,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `unpin`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass unpin stage --reason \"load test is over\"")]
pub struct UnpinArgs {
    /// The environment to unpin
    pub environment: String,
    /// Reason
    #[arg(long, value_name = "REASON")]
    pub reason: String,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `pins`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass pins --json")]
pub struct PinsArgs {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// An environment as a person names it.
pub fn environment(text: &str) -> Result<EnvironmentName, Failure> {
    text.parse().map_err(|error: NameError| {
        Failure::usage(
            error.to_string(),
            "run `windlass status` to list the environments",
        )
    })
}

/// Plans, asks and pins.
pub async fn pin(args: PinArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = PinRequest {
        environment: environment(&args.environment)?,
        reason: args.reason,
        until: args.until,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}

/// Plans, asks and lifts the pin.
pub async fn unpin(args: UnpinArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = UnpinRequest {
        environment: environment(&args.environment)?,
        reason: args.reason,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}

/// The form of `pins --json`.
#[derive(Serialize)]
struct Document<'a> {
    service: &'a ServiceName,
    pins: &'a [Held],
}

/// One environment in `pins --json` and `status --json`.
#[derive(Serialize)]
pub struct Held {
    /// The environment.
    pub environment: EnvironmentName,
    /// What holds it, if something does.
    pub pin: Option<PinRecord>,
    /// Why it could not be asked.
    pub error: Option<String>,
}

/// What holds each environment that promotions reach.
pub async fn pins(world: &World) -> Vec<Held> {
    let asked = world.engine.pins(&world.service).await;
    let held = asked.into_iter().map(|(environment, pin)| match pin {
        Ok(pin) => Held {
            environment,
            pin,
            error: None,
        },
        Err(error) => Held {
            environment,
            pin: None,
            error: Some(error.to_string()),
        },
    });
    held.collect()
}

/// Asks every environment that promotions reach; exit 1 if one could not be asked.
pub async fn list(args: &PinsArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let pins = pins(&world).await;
    if args.json {
        io.document(&Document {
            service: world.service.name(),
            pins: &pins,
        })?;
    } else {
        writeln!(io.out, "{}", world.service)?;
        let rows: Vec<_> = pins
            .iter()
            .map(|held| vec![format!("  {}", held.environment), words(held)])
            .collect();
        table::print(&rows, io.columns(), &mut io.out)?;
    }
    let failed = pins.iter().any(|held| held.error.is_some());
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn words(held: &Held) -> String {
    match (&held.pin, &held.error) {
        (_, Some(why)) => format!("✗ failed: {why}"),
        (Some(pin), None) => format!("! {}", pin.words()),
        (None, None) => "– not pinned".to_owned(),
    }
}
