//! `windlass audit`: whether journals, records, signatures and registries say the same.

use std::collections::BTreeSet;
use std::io::Write as _;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::history::moment;
use super::pin::environment;
use super::{Output, table, world::World};
use crate::domain::{
    Audit, AuditFault, AuditFinding, AuditedEnvironment, EnvironmentName, Exit, ServiceName, count,
};

/// Commands of `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Verify every journal, signature and promotion record, and name what is altered or missing
    Verify(VerifyArgs),
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Reads the journals of this machine line by line, and of every image that an environment deployed its manifest, its \
         signature and the chain of its promotion records. Exit code 1 where something does not hold, 5 where something could not \
         be read.\n\nExamples:\n  \
         windlass audit verify\n  \
         windlass audit verify --env prod --since 2026-01-01T00:00Z --json"
)]
pub struct VerifyArgs {
    /// Look at this environment only; may be given more than once
    #[arg(long, value_name = "ENV")]
    pub env: Vec<String>,
    /// Look at deployments since this time only
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `audit verify --json`.
#[derive(Serialize)]
struct Document<'a> {
    service: &'a ServiceName,
    /// Whether everything could be read and holds.
    holds: bool,
    journals: usize,
    environments: Vec<Entry<'a>>,
    findings: &'a [AuditFinding],
}

#[derive(Serialize)]
struct Entry<'a> {
    environment: &'a EnvironmentName,
    #[serde(flatten)]
    looked_at: &'a AuditedEnvironment,
}

/// Carries one of them out.
pub async fn run(command: AuditCommand, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Verify(args) => verify(&args, global, io).await,
    }
}

async fn verify(args: &VerifyArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let names = args.env.iter().map(|name| environment(name));
    let names: BTreeSet<_> = names.collect::<Result<_, _>>()?;
    let since = args.since.as_deref().map(moment).transpose()?;
    let world = World::open(global)?;
    for name in &names {
        world.engine.environment(name)?;
    }
    let audit = world.engine.audit(&world.service, &names, since).await?;
    if args.json {
        io.document(&Document {
            service: world.service.name(),
            holds: audit.findings.is_empty(),
            journals: audit.journals,
            environments: audit
                .environments
                .iter()
                .map(|(environment, looked_at)| Entry {
                    environment,
                    looked_at,
                })
                .collect(),
            findings: &audit.findings,
        })?;
    } else {
        print(&audit, io)?;
    }
    Ok(match (audit.wrong(), audit.unknown()) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::Incomplete,
        _ => Exit::Failed,
    })
}

fn print(audit: &Audit, io: &mut Output) -> std::io::Result<()> {
    let of = |environment: Option<&EnvironmentName>| {
        let mut findings = audit.findings.iter();
        let wrong = findings.clone().filter(|finding| {
            finding.environment.as_ref() == environment && finding.kind != AuditFault::Unknown
        });
        match wrong.count() {
            0 if findings.any(|finding| finding.environment.as_ref() == environment) => {
                "? not all could be read".to_owned()
            }
            0 => "✓ all hold".to_owned(),
            1 => "✗ 1 does not hold".to_owned(),
            wrong => format!("✗ {wrong} do not hold"),
        }
    };
    let mut rows = vec![vec![
        "journals".to_owned(),
        count(audit.journals, "run"),
        of(None),
    ]];
    rows.extend(audit.environments.iter().map(|(name, looked_at)| {
        let what = format!(
            "{} of {}, {}",
            count(looked_at.deployments, "deployment"),
            count(looked_at.images, "image"),
            count(looked_at.records, "record")
        );
        vec![name.to_string(), what, of(Some(name))]
    }));
    table::print(&rows, io.columns(), &mut io.out)?;
    for finding in &audit.findings {
        let mark = if finding.kind == AuditFault::Unknown {
            "?"
        } else {
            "✗"
        };
        let place = [
            finding.environment.as_ref().map(ToString::to_string),
            finding.digest.as_ref().map(ToString::to_string),
            finding.run.as_ref().map(|run| format!("run {run}")),
        ];
        let place: Vec<_> = place.into_iter().flatten().collect();
        writeln!(io.out, "{mark} {}: {}", place.join(" "), finding.what)?;
    }
    Ok(())
}
