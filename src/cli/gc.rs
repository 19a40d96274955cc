//! `windlass gc`: one environment after the other, each with a plan of its own.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::pin::environment;
use super::{Output, operation, world::World};
use crate::domain::{EnvironmentName, Exit, Operation, Plan, PlanHash};
use crate::engine::GcRequest;

/// Arguments of `gc`.
#[derive(Debug, Args)]
#[command(
    after_help = "What an environment keeps stands in its `retain`; without that, nothing is ever deleted there. Always \
         kept: what is deployed, running, pinned, released, of an open release or hotfix, in an environment downstream, \
         or tagged otherwise; and what is attached to it. If something that decides cannot be read, nothing is deleted \
         (exit code 3).\n\
         \n\
         Examples:\n  \
         windlass gc --dry-run\n  \
         windlass gc --env dev --dry-run --kept\n  \
         windlass gc --env dev --yes"
)]
pub struct GcArgs {
    /// The environment; repeat it for several [default: each that has `retain`]
    #[arg(long = "env", value_name = "ENV")]
    pub environments: Vec<String>,
    /// List every image that is kept, with the reason
    #[arg(long)]
    pub kept: bool,
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the plan and events as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `gc --dry-run --json`.
#[derive(Serialize)]
struct Document<'a> {
    plans: Vec<Entry<'a>>,
}

/// The plan of one environment.
#[derive(Serialize)]
struct Entry<'a> {
    hash: PlanHash,
    allowed: bool,
    plan: &'a Plan,
}

/// Plans, asks and deletes, environment by environment. The first that is not done decides the exit code.
pub async fn run(args: &GcArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let environments = environments(args, &world)?;
    if args.confirm.plan.is_some() && environments.len() > 1 {
        return Err(Failure::usage(
            "--plan confirms the plan of one environment",
            "name it with --env",
        ));
    }
    if args.confirm.dry_run && args.json {
        return document(&world, &environments, io).await;
    }
    let mut exit = Exit::Done;
    for environment in environments {
        let request = GcRequest { environment };
        let mut planned = world.engine.plan(&world.service, &request.into()).await?;
        if args.kept {
            let out = if args.confirm.dry_run {
                &mut io.out as &mut dyn Write
            } else {
                &mut io.err
            };
            list_kept(&planned, out)?;
        }
        if !args.confirm.dry_run {
            shorten(&mut planned);
        }
        // A refusal is kept as a run is.
        let is_idle = planned.operation.is_idle() && planned.allowed();
        let one = if is_idle && !args.confirm.dry_run {
            nothing(&planned, io)?
        } else {
            operation::run_planned(&world, planned, &args.confirm, args.json, global, io).await?
        };
        match one {
            Exit::Done => {}
            Exit::Interrupted => return Ok(one),
            _ if exit == Exit::Done => exit = one,
            _ => {}
        }
    }
    Ok(exit)
}

/// The environments that were named, or each that has a rule.
fn environments(args: &GcArgs, world: &World) -> Result<Vec<EnvironmentName>, Failure> {
    let mut named = Vec::new();
    for name in &args.environments {
        let name = environment(name)?;
        if !named.contains(&name) {
            named.push(name);
        }
    }
    if !named.is_empty() {
        return Ok(named);
    }
    let config = world.engine.config();
    let all = config.graph.all().iter().map(|environment| &environment.name);
    let with_rule = all.filter(|name| {
        let settings = config.environments.get(*name);
        settings.is_some_and(|settings| settings.retain.is_some())
    });
    let with_rule: Vec<_> = with_rule.cloned().collect();
    if with_rule.is_empty() {
        return Err(Failure::usage(
            "nothing is ever deleted: no environment has `retain` in windlass.toml",
            "to have old images of dev deleted, set `retain = { builds = 50, for = \"30d\" }` for it",
        ));
    }
    Ok(with_rule)
}

async fn document(world: &World, environments: &[EnvironmentName], io: &mut Output) -> Result<Exit, Failure> {
    let mut plans = Vec::new();
    for environment in environments {
        let environment = environment.clone();
        plans.push(
            world
                .engine
                .plan(&world.service, &GcRequest { environment }.into())
                .await?,
        );
    }
    let entries = plans.iter().map(|plan| Entry {
        hash: plan.hash(),
        allowed: plan.allowed(),
        plan,
    });
    io.document(&Document {
        plans: entries.collect(),
    })?;
    let allowed = plans.iter().all(Plan::allowed);
    Ok(if allowed { Exit::Done } else { Exit::Refused })
}

fn nothing(plan: &Plan, io: &mut Output) -> Result<Exit, Failure> {
    if let Operation::Gc(gc) = &plan.operation {
        writeln!(
            io.err,
            "✓ nothing to delete from {}; kept {}",
            gc.environment,
            gc.kept_words()
        )?;
    }
    Ok(Exit::Done)
}

/// A line of a journal has its limit: of very many images that stay it keeps those with the gravest reasons.
fn shorten(plan: &mut Plan) {
    const MOST: usize = 5_000;
    if let Operation::Gc(gc) = &mut plan.operation {
        gc.kept.truncate(MOST);
    }
}

fn list_kept(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let Operation::Gc(gc) = &plan.operation else {
        return Ok(());
    };
    for image in &gc.kept {
        let tags: Vec<_> = image.tags.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "keep {} ({}): {}",
            tags.join(", "),
            image.digest.short(),
            image.because
        )?;
    }
    Ok(())
}
