//! `windlass halt`, `windlass resume` and `windlass halts`.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::pin::environment;
use super::{Output, operation, table, world::World};
use crate::domain::{EnvironmentName, Exit, HaltNote};
use crate::engine::{HaltRequest, HaltStatus, ResumeRequest};

/// Arguments of `halt`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass halt prod --reason INC-42\n  \
         windlass halt prod --reason INC-42 --key ops.key --yes")]
pub struct HaltArgs {
    /// The environment to halt
    pub environment: String,
    /// Reason
    #[arg(long, value_name = "REASON")]
    pub reason: String,
    /// Sign with this key [default: `halt.key` of the environment]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass resume prod --reason \"INC-42 is fixed\"")]
pub struct ResumeArgs {
    /// The environment to resume
    pub environment: String,
    /// Reason
    #[arg(long, value_name = "REASON")]
    pub reason: String,
    /// Sign with this key [default: `halt.key` of the environment]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `halts`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass halts --json")]
pub struct HaltsArgs {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Plans, asks and halts the environment.
pub async fn halt(args: HaltArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = HaltRequest {
        environment: environment(&args.environment)?,
        reason: args.reason,
        key: args.key,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}

/// Plans, asks and lifts the halt.
pub async fn resume(args: ResumeArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = ResumeRequest {
        environment: environment(&args.environment)?,
        reason: args.reason,
        key: args.key,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}

/// The form of `halts --json`.
#[derive(Serialize)]
struct Document<'a> {
    halts: Vec<Entry<'a>>,
}

/// One environment that was ever halted; what is not known of a note that windlass did not write is null.
#[derive(Serialize)]
struct Entry<'a> {
    environment: &'a EnvironmentName,
    /// Whether promotions to it are refused now.
    halted: bool,
    /// Why they are.
    reason: Option<&'a str>,
    /// Who said so last, and whether that was signed.
    by: Option<String>,
    at: Option<Timestamp>,
    signed: bool,
    object: &'a str,
}

impl<'a> Entry<'a> {
    fn new(status: &'a HaltStatus) -> Self {
        let note = status.at.note.as_ref();
        Self {
            environment: &status.at.environment,
            halted: status.halted.is_some(),
            reason: note.map(|note| note.reason.as_str()),
            by: note.map(|note| format!("{}@{}", note.by.0, note.by.1)),
            at: note.map(|note| note.at),
            signed: note.is_some_and(|note| note.signature.is_some()),
            object: status.at.object.as_str(),
        }
    }
}

/// Lists every environment that was ever halted.
pub async fn list(args: &HaltsArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let halts = world.engine.halts().await?;
    if args.json {
        let halts = halts.iter().map(Entry::new).collect();
        io.document(&Document { halts })?;
    } else if halts.is_empty() {
        writeln!(
            io.out,
            "nothing was ever halted on {}",
            world.engine.config().git.remote
        )?;
    } else {
        let rows: Vec<_> = halts.iter().map(row).collect();
        table::print(&rows, io.columns(), &mut io.out)?;
    }
    Ok(Exit::Done)
}

fn row(status: &HaltStatus) -> Vec<String> {
    let words = match &status.halted {
        Some(words) => format!("✗ {words}"),
        None => format!(
            "✓ {}",
            status.at.note.as_ref().map_or_else(String::new, HaltNote::words)
        ),
    };
    vec![status.at.environment.to_string(), words]
}
