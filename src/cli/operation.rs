//! Every operation that writes goes the same way: plan, confirm, run, follow.

use std::io::Write as _;

use serde::Serialize;

use super::failure::Failure;
use super::global::{Confirm, Global};
use super::world::{World, access};
use super::{Output, password, plan, report};
use crate::domain::{Exit, Plan, PlanHash};
use crate::engine::{Request, Secrets};

/// The form of `--dry-run --json`.
#[derive(Serialize)]
struct DryRun<'a> {
    hash: PlanHash,
    allowed: bool,
    plan: &'a Plan,
}

/// Carries out `request` as far as the arguments and the person allow.
pub async fn run(
    world: &World,
    request: &Request,
    confirm: &Confirm,
    json: bool,
    global: &Global,
    io: &mut Output,
) -> Result<Exit, Failure> {
    let planned = world.engine.plan(&world.service, request).await?;
    run_planned(world, planned, confirm, json, global, io).await
}

/// Carries out a plan as far as the arguments and the person allow.
pub async fn run_planned(
    world: &World,
    planned: Plan,
    confirm: &Confirm,
    json: bool,
    global: &Global,
    io: &mut Output,
) -> Result<Exit, Failure> {
    if confirm.dry_run {
        show(world, &planned, json, io).await?;
        return Ok(if planned.allowed() {
            Exit::Done
        } else {
            Exit::Refused
        });
    }
    let access = access(global, Some(world.engine.config()))?;
    // A plan that its gates refuse needs no confirmation: the run says so, and keeps a record of the attempt.
    if planned.allowed() && !plan::confirm(&world.engine, &world.service, &planned, confirm, io).await? {
        writeln!(io.err, "not confirmed: nothing was changed")?;
        return Ok(Exit::Failed);
    }
    let secrets = secrets(world, &planned, confirm, io)?;
    let run = world.engine.start(planned, access, secrets)?;
    report::follow(run, json, io).await
}

/// Prints the plan as the result of a dry run.
async fn show(world: &World, planned: &Plan, json: bool, io: &mut Output) -> Result<(), Failure> {
    let difference = if json && !report::github::is_here() {
        Vec::new()
    } else {
        plan::difference(&world.engine, &world.service, planned).await
    };
    let mut text = Vec::new();
    plan::print(planned, &difference, &mut text)?;
    if report::github::is_here() {
        report::github::tell_of_plan(planned, &String::from_utf8_lossy(&text))?;
    }
    if json {
        return show_json(planned, io);
    }
    io.out.write_all(&text)?;
    let end = if planned.allowed() {
        format!(
            "nothing was changed; to run exactly this plan: --plan {}",
            planned.hash()
        )
    } else {
        "refused; nothing was changed".to_owned()
    };
    Ok(writeln!(io.out, "{end}")?)
}

fn show_json(planned: &Plan, io: &mut Output) -> Result<(), Failure> {
    io.document(&DryRun {
        hash: planned.hash(),
        allowed: planned.allowed(),
        plan: planned,
    })
}

/// Prints a plan that its command carries out by itself, as the result of a dry run.
pub fn show_recorded(planned: &Plan, json: bool, io: &mut Output) -> Result<(), Failure> {
    if json {
        return show_json(planned, io);
    }
    plan::print(planned, &[], &mut io.out)?;
    Ok(writeln!(io.out, "nothing was changed")?)
}

/// The password of the key: what a file descriptor gives, or what a person is asked for where nothing else gives it and one is there.
fn secrets(world: &World, planned: &Plan, confirm: &Confirm, io: &Output) -> Result<Secrets, Failure> {
    if let Some(number) = confirm.password_fd {
        return Ok(Secrets {
            signing_password: Some(password::from_descriptor(number)?),
        });
    }
    if !planned.allowed() || !world.engine.asks_for_password(planned) || !io.can_ask() {
        return Ok(Secrets::default());
    }
    Ok(Secrets {
        signing_password: Some(password::prompt(io)?),
    })
}
