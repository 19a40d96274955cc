//! `windlass approvals`: who approved a promotion, and who is missing.

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::pin::environment;
use super::{Output, table, world::World};
use crate::domain::{
    ApprovalSubject, Clean, CountedApproval, Digest, Exit, RoleName, UncountedApproval, count,
};
use crate::engine::ApprovalStatus;

/// Arguments of `approvals`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits with 3 if approvals are missing. Who promotes may not be one of those who approved, where the environment \
         says so: that is seen by the gate, when somebody promotes.\n\
         \n\
         Example:\n  \
         windlass approvals sha-2b2e927 --to prod"
)]
pub struct ApprovalsArgs {
    /// A commit, a tag, a digest or a release branch
    pub candidate: String,
    /// The environment that it is promoted to
    #[arg(long, value_name = "ENVIRONMENT")]
    pub to: String,
    /// The environment that it is promoted from, if there are several; for a hotfix that of its path
    #[arg(long, value_name = "ENVIRONMENT")]
    pub from: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    subject: &'a ApprovalSubject,
    /// Whether what is required is there.
    approved: bool,
    required: u32,
    /// How many people have to approve still.
    missing: u32,
    missing_roles: Vec<MissingRole<'a>>,
    approvals: Vec<Counted<'a>>,
    /// Those that do not count, and why.
    uncounted: Vec<Uncounted<'a>>,
    /// How many no trusted key signed.
    untrusted: usize,
    may_approve: &'a [Clean],
}

#[derive(Serialize)]
struct MissingRole<'a> {
    role: &'a RoleName,
    missing: u32,
}

#[derive(Serialize)]
struct Counted<'a> {
    by: &'a Clean,
    #[serde(rename = "as")]
    role: Option<&'a RoleName>,
    at: Timestamp,
    expires: Option<Timestamp>,
    reason: Option<&'a Clean>,
    statement: &'a Digest,
}

#[derive(Serialize)]
struct Uncounted<'a> {
    by: &'a Clean,
    at: Option<Timestamp>,
    why: &'a str,
}

/// Lists them.
pub async fn run(args: &ApprovalsArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let to = environment(&args.to)?;
    let from = args.from.as_deref().map(environment).transpose()?;
    let world = World::open(global)?;
    let status = world
        .engine
        .approvals(&world.service, &args.candidate, &to, from.as_ref())
        .await?;
    if args.json {
        io.document(&document(&status))?;
    } else {
        print(&status, io)?;
    }
    Ok(if status.approvals.suffice() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

fn document(status: &ApprovalStatus) -> Document<'_> {
    let approvals = &status.approvals;
    Document {
        subject: &status.subject,
        approved: approvals.suffice(),
        required: approvals.required,
        missing: approvals.missing(),
        missing_roles: approvals
            .missing_roles
            .iter()
            .map(|(role, missing)| MissingRole {
                role,
                missing: *missing,
            })
            .collect(),
        approvals: counted(status)
            .map(|(by, counted)| Counted {
                by,
                role: counted.approval.role.as_ref(),
                at: counted.approval.at,
                expires: counted.approval.expires,
                reason: counted.approval.reason.as_ref(),
                statement: &counted.statement,
            })
            .collect(),
        uncounted: approvals
            .uncounted
            .iter()
            .map(|one| Uncounted {
                by: &one.name,
                at: one.at,
                why: &one.why,
            })
            .collect(),
        untrusted: status.others,
        may_approve: &approvals.candidates,
    }
}

/// Each approval that counts, with who gave it.
fn counted(status: &ApprovalStatus) -> impl Iterator<Item = (&Clean, &CountedApproval)> {
    let approvers = status.approvals.approvers.iter();
    approvers.flat_map(|approver| approver.approvals.iter().map(|counted| (&approver.name, counted)))
}

fn print(status: &ApprovalStatus, io: &mut Output) -> std::io::Result<()> {
    let (subject, verdict) = (&status.subject, status.approvals.verdict());
    let symbol = if verdict.allows() { "✓" } else { "✗" };
    writeln!(
        io.out,
        "{}  {} ▸ {}  {symbol} {}",
        subject.digest.short(),
        subject.from,
        subject.to,
        verdict.reason()
    )?;
    let approved = counted(status).map(|(name, counted)| row(name, counted));
    let uncounted = status.approvals.uncounted.iter().map(uncounted_row);
    let rows: Vec<_> = approved.chain(uncounted).collect();
    table::print(&rows, io.columns(), &mut io.out)?;
    if status.others > 0 {
        let others = count(status.others, "more approval");
        writeln!(io.out, "  – {others} that no trusted key signed")?;
    }
    Ok(())
}

fn row(name: &Clean, counted: &CountedApproval) -> Vec<String> {
    let approval = &counted.approval;
    let expires = approval
        .expires
        .map_or_else(String::new, |expires| format!("until {}", minute(expires)));
    vec![
        format!("  ✓ {name}"),
        approval
            .role
            .as_ref()
            .map_or_else(String::new, |role| format!("as {role}")),
        minute(approval.at),
        expires,
        approval
            .reason
            .as_ref()
            .map_or_else(String::new, ToString::to_string),
    ]
}

fn uncounted_row(one: &UncountedApproval) -> Vec<String> {
    vec![
        format!("  ✗ {}", one.name),
        String::new(),
        one.at.map_or_else(String::new, minute),
        String::new(),
        format!("does not count: it {}", one.why),
    ]
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
