//! The arguments of `windlass approve`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::global::Confirm;
use crate::domain::Digest;

/// Arguments of `approve`.
#[derive(Debug, Args)]
#[command(
    after_help = "With a candidate, it signs that this very digest may be promoted, by the rules and on the scan reports and records of \
         this moment, and attaches that to the image where it is promoted from. Any change of these voids it. Nothing is started. The \
         key has to be one of `gate.approvals.trusted` of the environment; `windlass approvals` lists who approved.\n\
         \n\
         With --github, it reviews a deployment that waits on GitHub; without --env it lists what the run waits for and who may \
         approve it. Approved is the named environment alone, in that run alone, and only where the run names the digest that it \
         promotes.\n\
         \n\
         Exits with 3 if the approval would not count or it is not known which digest a run promotes, 4 if something changed since \
         the plan, 6 if you may not approve it, 7 if nothing waits.\n\
         \n\
         Examples:\n  \
         windlass approve sha-2b2e927 --to prod --reason \"tested on stage\"\n  \
         windlass approve release/v1.4.0-sha-2b2e927 --to prod --as qa --expires 24h --key qa.key\n  \
         windlass approve --github 16512345678\n  \
         windlass approve --github 16512345678 --env prod --comment \"tested on stage\"\n  \
         windlass approve --github 16512345678 --env prod --reject --comment \"not on a Friday\" --yes"
)]
pub struct ApproveArgs {
    /// A commit, an image tag, a digest or a release branch
    #[arg(required_unless_present = "github", requires = "to", conflicts_with_all = OF_GITHUB)]
    pub candidate: Option<String>,
    /// The environment that it is promoted to
    #[arg(long, value_name = "ENVIRONMENT", requires = "candidate")]
    pub to: Option<String>,
    /// The environment that it is promoted from, if there are several; for a hotfix that of its path
    #[arg(long, value_name = "ENVIRONMENT", requires = "candidate")]
    pub from: Option<String>,
    /// Approve as somebody who has this role
    #[arg(long = "as", value_name = "ROLE", requires = "candidate")]
    pub role: Option<String>,
    /// Reason
    #[arg(long, value_name = "REASON", requires = "candidate")]
    pub reason: Option<String>,
    /// When the approval expires: a date such as 2026-12-31 or a duration such as 24h [default: never]
    #[arg(long, value_name = "DATE|DURATION", requires = "candidate")]
    pub expires: Option<String>,
    /// Sign with this key [default: `key` in [approve] of your own configuration]
    #[arg(long, value_name = "FILE", requires = "candidate")]
    pub key: Option<PathBuf>,
    /// Review a deployment of this run: its number or URL on GitHub, or the end of its id on this machine
    #[arg(long, value_name = "RUN")]
    pub github: Option<String>,
    /// The environment on GitHub to approve
    #[arg(long, value_name = "ENVIRONMENT", requires = "github")]
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
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: Confirm,
    /// Print the result as JSON; of a candidate the plan and events, one per line
    #[arg(long)]
    pub json: bool,
}

/// What goes with `--github` alone.
const OF_GITHUB: [&str; 5] = ["github", "env", "reject", "comment", "digest"];
