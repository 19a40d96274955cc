//! `windlass history`: what an environment ran, when, and what the gates said.

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::pin::environment;
use super::{Output, plan, table, words, world::World};
use crate::domain::{
    CommitSha, DeployedBy, Digest, EnvironmentName, Exit, PromotionRecord, ServiceName, span,
};
use crate::engine::HistoryEntry;

/// Arguments of `history`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass history --env prod\n  \
         windlass history --env prod --at 2026-03-01T12:00Z --json")]
pub struct HistoryArgs {
    /// The environment
    #[arg(long, value_name = "ENV")]
    pub env: String,
    /// Show what was deployed at this time, with the verdicts of its gates
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Show this many deployments
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub limit: usize,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    service: &'a ServiceName,
    environment: &'a EnvironmentName,
    deployments: Vec<Entry<'a>>,
}

/// A deployment; what is not recorded is null.
#[derive(Serialize)]
struct Entry<'a> {
    digest: &'a Digest,
    deployed_at: Timestamp,
    until: Option<Timestamp>,
    commit: Option<&'a CommitSha>,
    deployed_by: Option<&'a DeployedBy>,
    record: Option<&'a PromotionRecord>,
}

impl<'a> Entry<'a> {
    const fn new(entry: &'a HistoryEntry) -> Self {
        Self {
            digest: &entry.digest,
            deployed_at: entry.deployed,
            until: entry.until,
            commit: entry.commit.as_ref(),
            deployed_by: entry.by.as_ref(),
            record: entry.record.as_ref(),
        }
    }
}

/// Lists the deployments, or says what was deployed at a time; exit 7 where nothing was.
pub async fn run(args: &HistoryArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let name = environment(&args.env)?;
    let at = args.at.as_deref().map(moment).transpose()?;
    let most = if at.is_some() { 1 } else { args.limit.max(1) };
    let world = World::open(global)?;
    let found = world.engine.history(&world.service, &name, at, most).await?;
    if args.json {
        io.document(&Document {
            service: world.service.name(),
            environment: &name,
            deployments: found.iter().map(Entry::new).collect(),
        })?;
    } else if found.is_empty() {
        writeln!(io.out, "nothing was deployed to {name}")?;
    } else {
        writeln!(io.out, "{} in {name}", world.service)?;
        let now = Timestamp::now();
        let rows: Vec<_> = found.iter().map(|entry| row(entry, now)).collect();
        table::print(&rows, io.columns(), &mut io.out)?;
        if at.is_some() {
            found.iter().try_for_each(|entry| gates(entry, io))?;
        }
    }
    Ok(if found.is_empty() {
        Exit::NotFound
    } else {
        Exit::Done
    })
}

/// A time as RFC 3339 writes it; seconds may be left out.
pub(super) fn moment(text: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(
            format!("`{}` is not a time", crate::domain::clean_line(text)),
            "use a form such as 2026-03-01T12:00Z or 2026-03-01T12:00+01:00",
        )
    })
}

fn row(entry: &HistoryEntry, now: Timestamp) -> Vec<String> {
    let lasted = span(entry.until.unwrap_or(now).duration_since(entry.deployed));
    let commit = entry.commit.as_ref();
    let by = match (&entry.by, &entry.record) {
        (Some(by), _) => by.words(),
        (None, Some(record)) => format!("by {}", record.windlass.by),
        (None, None) => "by an unknown run".to_owned(),
    };
    vec![
        format!("  {}", entry.deployed.strftime("%Y-%m-%d %H:%M UTC")),
        match entry.until {
            Some(_) => format!("for {lasted}"),
            None => format!("now, {}", words::ago(Some(entry.deployed), now)),
        },
        entry.digest.short(),
        commit.map_or_else(|| "?".to_owned(), |commit| commit.short().to_owned()),
        by,
        match &entry.record {
            Some(record) => format!("✓ {}", crate::domain::count(record.windlass.gates.len(), "gate")),
            None => "– no record".to_owned(),
        },
    ]
}

/// What the gates said.
fn gates(entry: &HistoryEntry, io: &mut Output) -> std::io::Result<()> {
    let Some(record) = &entry.record else {
        return Ok(());
    };
    writeln!(io.out, "{}: {}", entry.digest, record.words())?;
    if let Some(reason) = &record.windlass.reason {
        writeln!(io.out, "  because: {reason}")?;
    }
    for gate in &record.windlass.gates {
        let symbol = plan::symbol(&gate.verdict);
        writeln!(io.out, "  {symbol} {:<18} {}", gate.kind, gate.verdict.reason())?;
    }
    Ok(())
}
