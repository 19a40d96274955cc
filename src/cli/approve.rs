//! `windlass approve`: what a run on GitHub waits for, and the review of one environment of it.

use std::io::Write as _;

use clap::Args;
use color_eyre::eyre::eyre;
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::logs::number_of;
use super::recording::{self, Recording};
use super::world::{World, access, github};
use super::{Output, plan};
use crate::domain::operation::Approve;
use crate::domain::{Clean, Digest, Exit, Plan, StepId, StepKind, StepList, first};
use crate::engine::{EventKind, Journals, RunId};
use crate::github::{GitHub, PendingDeployment, WorkflowRun};
use crate::state;

/// Arguments of `approve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --env it lists what the run waits for and who may approve it. Approved is the named environment alone, in \
         that run alone, and only where the run names the digest that it promotes.\n\
         \n\
         Exits with 3 if it is not known which digest that is, 6 if you may not approve it, 7 if nothing waits.\n\
         \n\
         Examples:\n  \
         windlass approve --github 16512345678\n  \
         windlass approve --github 16512345678 --env prod --comment \"tested on stage\"\n  \
         windlass approve --github 16512345678 --env prod --reject --comment \"not on a Friday\" --yes"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate switch")]
pub struct ApproveArgs {
    /// The run: its number or URL on GitHub, or the end of its id on this machine
    #[arg(long, value_name = "RUN")]
    pub github: String,
    /// The environment on GitHub to approve
    #[arg(long, value_name = "ENVIRONMENT")]
    pub env: Option<String>,
    /// Reject instead
    #[arg(long, requires = "env")]
    pub reject: bool,
    /// Comment that goes with it [default: the digest and the plan]
    #[arg(long, value_name = "TEXT", requires = "env")]
    pub comment: Option<String>,
    /// Approve only if the run promotes this digest
    #[arg(long, value_name = "DIGEST", requires = "env")]
    pub digest: Option<Digest>,
    /// Print what would be approved, without approving
    #[arg(long, requires = "env")]
    pub dry_run: bool,
    /// Confirm without asking
    #[arg(short, long, requires = "env")]
    pub yes: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

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

/// A run that waits, with what is known of it.
struct Waiting {
    run: WorkflowRun,
    digest: Option<Digest>,
    plan: Option<String>,
    pending: Vec<PendingDeployment>,
}

/// Lists, or reviews one environment.
pub async fn run(args: &ApproveArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let number = number_of(&args.github)?;
    let world = World::open(global)?;
    let github = github(&world.engine)?;
    let waiting = look(github, number).await?;
    let Some(environment) = &args.env else {
        return list(&waiting, args.json, io);
    };
    let (pending, digest) = waiting.subject(environment, args)?;
    let plan_hash = waiting.plan.as_deref().unwrap_or("unknown");
    let comment = match &args.comment {
        Some(comment) => Clean::line(comment),
        None => Clean::line(&format!("{digest}, plan {plan_hash}")),
    };
    let operation = Approve {
        repository: github.repository().clone(),
        number,
        environment: Clean::line(&pending.environment),
        approved: !args.reject,
        comment: comment.clone(),
    };
    let (planned, step) = plan_of(&world, operation, digest);
    if args.dry_run {
        plan::print(&planned, &[], &mut io.out)?;
        writeln!(io.out, "nothing was changed")?;
        return Ok(Exit::Done);
    }
    let access = access(global, Some(world.engine.config()))?;
    if !args.yes && !agrees(&planned, &waiting, io)? {
        writeln!(io.err, "not confirmed: nothing was changed")?;
        return Ok(Exit::Failed);
    }
    let config = Some(&**world.engine.config());
    let recording = Recording::begin(&world.engine.journals(), &planned, access, config)?;
    recording.run.step_started(step);
    let said = github
        .review(number, pending, !args.reject, comment.as_str(), access)
        .await;
    let review = if args.reject { "rejected" } else { "approved" };
    let said = said.map_err(Failure::from);
    recording.end_with(step, review, said, io).await?;
    if args.json {
        waiting.document(Some(review), io)?;
    } else {
        writeln!(
            io.out,
            "✓ {review} {} in run {number}: {digest}",
            pending.environment
        )?;
        writeln!(io.out, "  run `windlass logs {number} -f` to follow it")?;
    }
    Ok(Exit::Done)
}

async fn look(github: &GitHub, number: u64) -> Result<Waiting, Failure> {
    let (run, pending) =
        futures_util::try_join!(github.workflow_run(number), github.pending_deployments(number))?;
    let said = run.said();
    let known = said.correlation.as_deref().and_then(known_here);
    let (here, hash) = known.map_or((None, None), |plan| {
        (plan.digest.clone(), Some(plan.hash().to_string()))
    });
    Ok(Waiting {
        digest: said.digest.or(here),
        plan: said.plan.or(hash),
        run,
        pending,
    })
}

/// The plan of the run of this machine with that id, if there is one.
fn known_here(correlation: &str) -> Option<Plan> {
    let id = RunId::parse(correlation)?;
    let all = Journals::of_all_projects(&state::folder_of_user()).ok()?;
    let ends = all.iter().find_map(|journals| journals.ends(&id).ok().flatten());
    match ends?.0.happening {
        EventKind::RunStarted { plan, .. } => Some(*plan),
        _ => None,
    }
}

impl Waiting {
    /// What is to be reviewed, if this command may: the named environment, and the digest that the run promotes.
    fn subject(
        &self,
        environment: &str,
        args: &ApproveArgs,
    ) -> Result<(&PendingDeployment, &Digest), Failure> {
        let number = self.run.id;
        let failure = |exit, report, hint: String| Failure {
            exit,
            hint: Some(hint),
            report,
        };
        let Some(pending) = self.pending.iter().find(|one| one.environment == environment) else {
            let names = self.pending.iter().map(|one| one.environment.as_str());
            let hint = if self.pending.is_empty() {
                format!(
                    "it is {}; nothing in it waits for an approval",
                    self.run.progress.word()
                )
            } else {
                format!("it waits for: {}", first(names, 10))
            };
            let report = eyre!(
                "run {number} on GitHub does not wait for {}",
                Clean::line(environment)
            );
            return Err(failure(Exit::NotFound, report, hint));
        };
        let Some(digest) = &self.digest else {
            let report =
                eyre!("run {number} does not say which digest it promotes, so it is not approved here");
            let hint = format!(
                "let `run-name` of the workflow name it (docs/github.md), or look at {}",
                self.run.url
            );
            return Err(failure(Exit::Refused, report, hint));
        };
        if let Some(wanted) = args.digest.as_ref().filter(|wanted| *wanted != digest) {
            let report = eyre!("run {number} promotes {digest}, not {wanted}");
            let hint = "run `windlass runs --github` to find the run of that digest".to_owned();
            return Err(failure(Exit::Conflict, report, hint));
        }
        if !pending.may_approve {
            let report = eyre!(
                "this token may not review {} in run {number}",
                pending.environment
            );
            let by = if pending.reviewers.is_empty() {
                "nobody is named as reviewer".to_owned()
            } else {
                format!("reviewers: {}", reviewers(pending))
            };
            let hint =
                format!("{by}; whoever started a run may be kept from approving it (prevent self-review)");
            return Err(failure(Exit::NotAuthorised, report, hint));
        }
        Ok((pending, digest))
    }

    fn document(&self, review: Option<&'static str>, io: &mut Output) -> Result<(), Failure> {
        io.document(&Document {
            number: self.run.id,
            title: &self.run.title,
            url: &self.run.url,
            digest: self.digest.as_ref(),
            plan: self.plan.as_deref(),
            pending: self
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
}

fn reviewers(pending: &PendingDeployment) -> String {
    first(pending.reviewers.iter().map(ToString::to_string), 10)
}

fn list(waiting: &Waiting, json: bool, io: &mut Output) -> Result<Exit, Failure> {
    if json {
        waiting.document(None, io)?;
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
            format!("reviewers: {}", reviewers(one))
        };
        let may = if one.may_approve {
            "you may approve it"
        } else {
            "you may not approve it"
        };
        writeln!(io.out, "! {}  {by}; {may}", one.environment)?;
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

fn about(waiting: &Waiting, out: &mut dyn std::io::Write) -> std::io::Result<()> {
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

fn plan_of(world: &World, operation: Approve, digest: &Digest) -> (Plan, StepId) {
    let mut steps = StepList::default();
    let step = steps.add(StepKind::Approve, operation.environment.to_string());
    let service = world.service.name().clone();
    let planned = recording::plan(operation, service, Some(digest.clone()), steps.into());
    (planned, step)
}

/// Whether the person who is asked says yes.
fn agrees(planned: &Plan, waiting: &Waiting, io: &mut Output) -> Result<bool, Failure> {
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
