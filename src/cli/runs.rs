//! `windlass runs`: what this machine has run.

use std::io::Write as _;

use clap::Args;

use super::Output;
use super::failure::Failure;
use super::report;
use crate::domain::{Exit, age, clean_line};
use crate::engine::{Engine, Event, Happening, Journals, RunId};

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// The run to show, or the end of its name [default: a list]
    pub run: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// One line of the list.
#[derive(serde::Serialize)]
struct Summary {
    run: RunId,
    started: jiff::Timestamp,
    operation: String,
    actor: String,
    /// None while it runs, or where it was killed.
    exit: Option<Exit>,
}

/// Lists runs, or shows the events of one.
pub fn run(args: &RunsArgs, io: &mut Output) -> Result<Exit, Failure> {
    let journals = Journals::at(Engine::state_of_user().join("runs"));
    match &args.run {
        None => list(&journals, args, io),
        Some(text) => show(&journals, text, args.json, io),
    }
}

fn list(journals: &Journals, args: &RunsArgs, io: &mut Output) -> Result<Exit, Failure> {
    let mut runs = Vec::new();
    for id in journals.runs()?.into_iter().take(args.limit) {
        match journals.read(&id) {
            Ok(events) => runs.extend(summary(&events)),
            Err(error) => writeln!(io.err, "! {error}")?,
        }
    }
    if args.json {
        serde_json::to_writer_pretty(&mut io.out, &serde_json::json!({ "version": 1, "runs": runs }))?;
        writeln!(io.out)?;
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        writeln!(io.out, "no runs yet: promote or cut something")?;
    }
    let now = jiff::Timestamp::now();
    for run in runs {
        let state = match run.exit {
            Some(Exit::Done) => "✓ done".to_owned(),
            Some(exit) => format!("✗ exit {}", exit.code()),
            None => "? no end".to_owned(),
        };
        let ago = age(now.as_second() - run.started.as_second());
        writeln!(
            io.out,
            "{}  {ago:>4}  {state:<10} {}  by {}",
            run.run.short(),
            run.operation,
            run.actor
        )?;
    }
    Ok(Exit::Done)
}

fn summary(events: &[Event]) -> Option<Summary> {
    let first = events.first()?;
    let Happening::RunStarted { plan, actor, .. } = &first.happening else {
        return None;
    };
    let exit = events.iter().rev().find_map(|event| match &event.happening {
        Happening::RunEnded { exit, .. } => Some(*exit),
        _ => None,
    });
    Some(Summary {
        run: first.run.clone(),
        started: first.at,
        operation: plan.operation.title(),
        actor: clean_line(actor),
        exit,
    })
}

fn show(journals: &Journals, text: &str, json: bool, io: &mut Output) -> Result<Exit, Failure> {
    let wanted = text.to_ascii_lowercase();
    let mut found: Vec<_> = journals
        .runs()?
        .into_iter()
        .filter(|run| run.as_str().ends_with(&wanted) && !wanted.is_empty())
        .collect();
    let run = match (found.pop(), found.is_empty()) {
        (Some(run), true) => run,
        (None, _) => {
            return Err(Failure {
                exit: Exit::NotFound,
                hint: Some("`windlass runs` lists them".to_owned()),
                report: color_eyre::eyre::eyre!("there is no run `{}` on this machine", clean_line(text)),
            });
        }
        (Some(_), false) => {
            return Err(Failure::usage(
                format!("several runs end in `{}`", clean_line(text)),
                "give more characters",
            ));
        }
    };
    let events = journals.read(&run)?;
    report::replay(&events, json, io)?;
    Ok(Exit::Done)
}
