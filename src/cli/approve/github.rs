//! `windlass approve --github`: what a run on GitHub waits for, and the review of one environment of it.

use std::io::Write as _;

use serde::Serialize;

use super::args::ApproveArgs;

use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::cli::logs::number_of;
use crate::cli::recording::Recording;
use crate::cli::world::{World, access, github};
use crate::cli::{Output, plan};
use crate::domain::{Digest, Exit, Plan, clean_line};
use crate::engine::{DeploymentReview, EngineError, Journals, WaitingRun};
use crate::github::GitHub;
use crate::state;

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    number: u64,
    title: &'a str,
    url: &'a str,
    digest: Option<&'a Digest>,
    plan: Option<&'a str>,
    pending: Vec<Pending<'a>>,
    /// What was said of the environment that was named; none where nothing was said.
    review: Option<&'static str>,
}

#[derive(Serialize)]
struct Pending<'a> {
    environment: &'a str,
    reviewers: Vec<String>,
    may_approve: bool,
    waits_until: Option<jiff::Timestamp>,
}

/// Lists, or reviews one environment.
pub(super) async fn run(
    run: &str,
    args: &ApproveArgs,
    global: &Global,
    io: &mut Output,
) -> Result<Exit, Failure> {
    if args.env.is_none() && (args.confirm.dry_run || args.confirm.yes) {
        return Err(Failure::usage(
            "--dry-run and --yes confirm the review of an environment, and none is named",
            "name it with --env, or leave them out to list what the run waits for",
        ));
    }
    let number = number_of(run)?;
    let world = World::open(global)?;
    let github = github(&world.engine)?;
    let waiting = look(github, number).await?;
    let Some(environment) = &args.env else {
        return list(&waiting, args.json, io);
    };
    let (pending, digest) = waiting
        .subject(environment, args.digest.as_ref())
        .map_err(EngineError::from)?;
    let review = DeploymentReview {
        number,
        environment: pending.environment.clone(),
        approved: !args.reject,
        comment: args.comment.as_deref().map_or_else(
            || DeploymentReview::usual_comment(digest, waiting.plan.as_deref()),
            clean_line,
        ),
        digest: digest.clone(),
    };
    let (planned, step) = review.plan(github, world.service.name().clone());
    if args.confirm.dry_run {
        plan::print(&planned, &[], &mut io.out)?;
        writeln!(io.out, "nothing was changed")?;
        return Ok(Exit::Done);
    }
    let access = access(global, Some(world.engine.config()))?;
    if !args.confirm.yes && !agrees(&planned, &waiting, io)? {
        writeln!(io.err, "not confirmed: nothing was changed")?;
        return Ok(Exit::Failed);
    }
    let config = Some(&**world.engine.config());
    let recording = Recording::begin(&world.engine.journals(), &planned, access, config)?;
    recording.run.step_started(step);
    let said = github
        .review(number, pending, review.approved, &review.comment, access)
        .await;
    let said = said.map_err(Failure::from);
    recording.end_with(step, review.word(), said, io).await?;
    if args.json {
        document(&waiting, Some(review.word()), io)?;
    } else {
        writeln!(io.out, "✓ {review}: {digest}")?;
        writeln!(io.out, "  run `windlass logs {number} -f` to follow it")?;
    }
    Ok(Exit::Done)
}

async fn look(github: &GitHub, number: u64) -> Result<WaitingRun, Failure> {
    let journals = Journals::of_all_projects(&state::folder_of_user())?;
    Ok(WaitingRun::look(github, number, &journals).await?)
}

fn document(waiting: &WaitingRun, review: Option<&'static str>, io: &mut Output) -> Result<(), Failure> {
    io.document(&Document {
        number: waiting.run.id,
        title: &waiting.run.title,
        url: &waiting.run.url,
        digest: waiting.digest.as_ref(),
        plan: waiting.plan.as_deref(),
        pending: waiting
            .pending
            .iter()
            .map(|one| Pending {
                environment: &one.environment,
                reviewers: one.reviewers.iter().map(ToString::to_string).collect(),
                may_approve: one.may_approve,
                waits_until: one.waits_until,
            })
            .collect(),
        review,
    })
}

fn list(waiting: &WaitingRun, json: bool, io: &mut Output) -> Result<Exit, Failure> {
    if json {
        document(waiting, None, io)?;
        return Ok(Exit::Done);
    }
    about(waiting, &mut io.out)?;
    if waiting.pending.is_empty() {
        writeln!(io.out, "nothing in it waits for an approval")?;
    }
    for one in &waiting.pending {
        let by = if one.reviewers.is_empty() {
            "no reviewers named".to_owned()
        } else {
            format!("reviewers: {}", one.reviewers_in_words())
        };
        let may = if one.may_approve {
            "you may approve it"
        } else {
            "you may not approve it"
        };
        let own = match one.prevents_self_review {
            Some(true) => "; whoever started the run may not",
            Some(false) | None => "",
        };
        writeln!(io.out, "! {}  {by}; {may}{own}", one.environment)?;
        if let Some(until) = one.waits_until {
            writeln!(
                io.out,
                "    its timer ends {}",
                until.strftime("%Y-%m-%d %H:%M:%S UTC")
            )?;
        }
    }
    Ok(Exit::Done)
}

fn about(waiting: &WaitingRun, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let run = &waiting.run;
    writeln!(
        out,
        "run {} on GitHub, {}: {}",
        run.id,
        run.progress.word(),
        run.title
    )?;
    writeln!(out, "  {}", run.url)?;
    match &waiting.digest {
        Some(digest) => writeln!(out, "  digest   {digest}")?,
        None => writeln!(out, "  digest   unknown: the title of the run does not name it")?,
    }
    if let Some(plan) = &waiting.plan {
        writeln!(out, "  plan     {plan}")?;
    }
    Ok(())
}

/// Whether the person who is asked says yes.
fn agrees(planned: &Plan, waiting: &WaitingRun, io: &mut Output) -> Result<bool, Failure> {
    if !io.can_ask() {
        return Err(Failure::usage(
            "cannot ask for confirmation: not running in a terminal",
            "confirm with --yes, or review it first with --dry-run",
        ));
    }
    about(waiting, &mut io.err)?;
    plan::print(planned, &[], &mut io.err)?;
    Ok(plan::agrees(io)?)
}
