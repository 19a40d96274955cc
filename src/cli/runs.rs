//! `windlass runs`: what this machine has run, and with `--github` what ran on GitHub.

mod remote;
mod summary;

use std::io::Write as _;

use clap::Args;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use self::remote::RemoteSummary;
use self::summary::{Summary, put_in_order, row, summary};
use super::failure::Failure;
use super::global::Global;
use super::world::access_to_state;
use super::{Output, report, table};
use crate::domain::{Exit, clean_line, count};
use crate::engine::{Journals, Retention, RunId};
use crate::state;

/// Arguments of `runs`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass runs\n  \
         windlass runs --github\n  \
         windlass runs 1f9a2b3c --json\n  \
         windlass runs --prune --older-than 30d")]
pub struct RunsArgs {
    /// The run to show: its id or the end of it [default: list all runs]
    pub run: Option<String>,
    /// Delete runs that are older than --older-than or exceed the size limit
    #[arg(long, conflicts_with_all = ["run", "limit"])]
    pub prune: bool,
    /// List the runs of the workflows on GitHub, too
    #[arg(long, conflicts_with_all = ["run", "prune"])]
    pub github: bool,
    /// The age from which runs are pruned: `90d`, `24h`
    #[arg(long, value_name = "AGE", requires = "prune", default_value = "365d", value_parser = age_of)]
    pub older_than: SignedDuration,
    /// Show at most this many
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(serde::Serialize)]
struct Document {
    runs: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    github: Option<Vec<RemoteSummary>>,
}

/// Lists runs, or shows the events of one.
pub async fn run(args: &RunsArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let all = Journals::of_all_projects(&state::folder_of_user())?;
    if args.prune {
        let retention = Retention {
            max_age: args.older_than,
            ..Retention::default()
        };
        let access = access_to_state(global)?;
        let mut pruned = 0;
        for journals in &all {
            pruned += journals.prune(retention, Timestamp::now(), access)?;
        }
        writeln!(io.out, "removed {}", count(pruned, "run"))?;
        return Ok(Exit::Done);
    }
    match &args.run {
        None => list(&all, args, global, io).await,
        Some(text) => show(&all, text, args.json, io),
    }
}

async fn list(all: &[Journals], args: &RunsArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let mut runs = newest(all, args.limit, io)?;
    put_in_order(&mut runs, now);
    let github = if args.github {
        Some(remote::list(args.limit, global, io).await?)
    } else {
        None
    };
    if args.json {
        io.document(&Document { runs, github })?;
        return Ok(Exit::Done);
    }
    if runs.is_empty() && github.as_ref().is_none_or(Vec::is_empty) {
        writeln!(io.out, "no runs yet: promote or cut something")?;
    }
    let rows: Vec<_> = match &github {
        None => runs.iter().map(|run| row(run, now)).collect(),
        Some(github) => remote::merged(&runs, github, args.limit, now),
    };
    table::print(&rows, io.columns(), &mut io.out)?;
    Ok(Exit::Done)
}

/// The newest runs of this machine.
fn newest(all: &[Journals], limit: usize, io: &mut Output) -> Result<Vec<Summary>, Failure> {
    let mut ids = Vec::new();
    for journals in all {
        ids.extend(journals.runs()?.into_iter().map(|id| (id, journals)));
    }
    ids.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
    let mut runs = Vec::new();
    for (id, journals) in ids {
        match journals.ends(&id) {
            Ok(Some((first, last))) => runs.extend(summary(first, &last)),
            Ok(None) => {}
            Err(error) => writeln!(io.err, "! {error}")?,
        }
        if runs.len() == limit {
            break;
        }
    }
    Ok(runs)
}

/// A length of time: a day has 24 hours.
fn age_of(text: &str) -> Result<SignedDuration, String> {
    let span: Span = text
        .parse()
        .map_err(|_| "use a form such as 90d or 24h".to_owned())?;
    let age = span.to_duration(SpanRelativeTo::days_are_24_hours());
    age.ok()
        .filter(SignedDuration::is_positive)
        .ok_or_else(|| "use a form such as 90d or 24h".to_owned())
}

fn show(all: &[Journals], text: &str, json: bool, io: &mut Output) -> Result<Exit, Failure> {
    let (run, journals) = find(all, text)?;
    let events = journals.read(&run)?;
    report::replay(&events, json, io)?;
    Ok(Exit::Done)
}

/// The run of this machine whose id ends so.
pub fn find<'a>(all: &'a [Journals], text: &str) -> Result<(RunId, &'a Journals), Failure> {
    let wanted = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for journals in all {
        let runs = journals.runs()?.into_iter();
        let matching = runs.filter(|run| run.as_str().ends_with(&wanted) && !wanted.is_empty());
        found.extend(matching.map(|run| (run, journals)));
    }
    match (found.pop(), found.is_empty()) {
        (Some(run), true) => Ok(run),
        (None, _) => Err(Failure {
            exit: Exit::NotFound,
            hint: Some("run `windlass runs` to list them".to_owned()),
            report: color_eyre::eyre::eyre!("no run `{}` on this machine", clean_line(text)),
        }),
        (Some(_), false) => Err(Failure::usage(
            format!("several runs match `{}`", clean_line(text)),
            "give more characters",
        )),
    }
}
