//! `windlass rollback`.

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::{Output, operation, pin, plan, table, words, world::World};
use crate::domain::{Digest, EnvironmentName, Exit, ServiceName, version_name};
use crate::engine::{Earlier, Past, RollbackRequest};

/// Arguments of `rollback`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass rollback prod --list\n  \
         windlass rollback prod --reason \"payouts fail\" --dry-run\n  \
         windlass rollback prod --to 1.3.2 --reason \"payouts fail\" --until 7d --plan 7c1d-42ab")]
pub struct RollbackArgs {
    /// The environment to roll back
    pub environment: String,
    /// A digest, tag, commit or version that was deployed there, or its number in the list [default: the last one that was
    /// not rolled back itself]
    #[arg(long, value_name = "DIGEST|TAG|VERSION|N")]
    pub to: Option<String>,
    /// Reason
    #[arg(long, value_name = "REASON", required_unless_present = "list")]
    pub reason: Option<String>,
    /// How long to pin it: a date such as 2026-12-31 or a duration such as 7d [default: until it is lifted]
    #[arg(long, value_name = "DATE|DURATION")]
    pub until: Option<String>,
    /// Accept the findings; records an exception, and a review is due afterwards
    #[arg(long)]
    pub accept_findings: bool,
    /// List earlier deployments, and whether each could be deployed again
    #[arg(long, conflicts_with_all = ["to", "reason", "until", "accept_findings", "dry_run", "yes", "plan"])]
    pub list: bool,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON, one per line; with --list, one document
    #[arg(long)]
    pub json: bool,
}

/// The form of `--list --json`.
#[derive(Serialize)]
struct List<'a> {
    service: &'a ServiceName,
    environment: &'a EnvironmentName,
    deployed: Option<&'a Digest>,
    note: Option<&'a str>,
    earlier: Vec<Entry<'a>>,
}

/// An earlier deployment.
#[derive(Serialize)]
struct Entry<'a> {
    ready: bool,
    #[serde(flatten)]
    deployment: &'a Earlier,
}

impl<'a> Entry<'a> {
    fn new(deployment: &'a Earlier) -> Self {
        Self {
            ready: deployment.is_ready(),
            deployment,
        }
    }
}

/// Plans, asks, deploys and pins; or lists.
pub async fn run(args: RollbackArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let environment = pin::environment(&args.environment)?;
    if args.list {
        let past = world.engine.past(&world.service, &environment).await?;
        return list(&world, &environment, &past, args.json, io);
    }
    let request = RollbackRequest {
        environment,
        to: args.to,
        reason: args.reason.unwrap_or_default(),
        until: args.until,
        accept_findings: args.accept_findings,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}

fn list(
    world: &World,
    environment: &EnvironmentName,
    past: &Past,
    json: bool,
    io: &mut Output,
) -> Result<Exit, Failure> {
    if json {
        io.document(&List {
            service: world.service.name(),
            environment,
            deployed: past.deployed.as_ref().map(|deployed| &deployed.digest),
            note: past.note.as_deref(),
            earlier: past.earlier.iter().map(Entry::new).collect(),
        })?;
        return Ok(Exit::Done);
    }
    let now = Timestamp::now();
    writeln!(io.out, "{} in {environment}", world.service)?;
    if let Some(note) = &past.note {
        writeln!(io.out, "! {note}")?;
    }
    let mut rows = Vec::new();
    rows.extend(
        past.deployed
            .iter()
            .map(|one| row("now", one, "deployed".to_owned(), now)),
    );
    for (nth, one) in past.earlier.iter().enumerate() {
        let state = if one.is_ready() {
            "✓ ready"
        } else {
            "✗ not ready"
        };
        rows.push(row(&(nth + 1).to_string(), one, state.to_owned(), now));
    }
    table::print(&rows, io.columns(), &mut io.out)?;
    for (nth, one) in past.earlier.iter().enumerate() {
        writeln!(io.out, "{}. {}", nth + 1, one.digest)?;
        for gate in &one.gates {
            let symbol = plan::symbol(&gate.verdict);
            writeln!(io.out, "  {symbol} {:<10} {}", gate.kind, gate.verdict.reason())?;
        }
    }
    if past.earlier.is_empty() {
        writeln!(io.out, "no earlier deployments")?;
    }
    Ok(Exit::Done)
}

fn row(place: &str, one: &Earlier, state: String, now: Timestamp) -> Vec<String> {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
    let back = one.rolled_back.map_or_else(String::new, |at| {
        format!("! rolled back to {}", words::ago(Some(at), now))
    });
    vec![
        format!("  {place}"),
        state,
        one.digest.short(),
        or_unknown(one.version.as_ref().map(|version| version_name(version))),
        or_unknown(one.commit.as_ref().map(|commit| commit.short().to_owned())),
        format!("deployed {}", words::ago(Some(one.deployed), now)),
        format!("built {}", words::ago(one.built, now)),
        back,
    ]
}
