//! `windlass logs`: the logs of a run on GitHub, and following it from anywhere.

use std::io::Write as _;

use clap::Args;
use color_eyre::eyre::eyre;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::global::Global;
use super::{Output, report, runs, world};
use crate::domain::{Exit, clean_line, first};
use crate::engine::{self, Event, EventKind, FollowOptions, Journals, LogLength, RunId};
use crate::program::cancel_on_signal;
use crate::state;

/// Arguments of `logs`.
#[derive(Debug, Args)]
#[command(
    after_help = "The run is the number or the URL of a run on GitHub, or the id of a run of this machine that ran there. GitHub \
         gives the log of a job once that job has ended.\n\
         \n\
         With -f it exits as the run ended: 0 done, 1 failed, 3 rejected, 130 cancelled; Ctrl-C stops following, not the \
         run, and exits with 8.\n\
         \n\
         Examples:\n  \
         windlass logs 16512345678\n  \
         windlass logs 16512345678 -f\n  \
         windlass logs https://github.com/acme/app/actions/runs/16512345678 -f --json"
)]
pub struct LogsArgs {
    /// The run: its number or URL on GitHub, or the end of its id on this machine
    pub run: String,
    /// Follow the run to its end
    #[arg(short, long)]
    pub follow: bool,
    /// Print events as JSON, one per line
    #[arg(long)]
    pub json: bool,
}

/// Prints what there is, or follows.
pub async fn run(args: &LogsArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let number = number_of(&args.run)?;
    let engine = world::engine(global)?;
    let github = world::github(&engine)?;
    let mut shower = Shower {
        reporter: report::lines(args.json),
        run: RunId::of_workflow_run(number),
        failure: None,
    };
    if !args.follow {
        let mut tell = |kind| shower.show(kind, io);
        let open = engine::read(github, number, &mut tell).await?;
        shower.failure.map_or(Ok(()), Err)?;
        if !open.is_empty() {
            let names = open.iter().map(|job| &job.name);
            writeln!(
                io.err,
                "! not ended yet: {}; GitHub gives a log when its job ends (follow with -f)",
                first(names, 5)
            )?;
        }
        return Ok(Exit::Done);
    }
    let options = FollowOptions {
        logs: LogLength::Whole,
        ..FollowOptions::new(engine.config().github.poll)
    };
    let cancel = CancellationToken::new();
    let handling = cancel_on_signal(&cancel);
    let mut tell = |kind| {
        shower.show(kind, io);
        // Whoever reads no more, as `head`, wants no more.
        if shower.failure.is_some() {
            cancel.cancel();
        }
    };
    let followed = engine::follow(github, number, Vec::new(), &options, &mut tell, &cancel).await;
    drop(handling);
    let end = followed.end("the workflow");
    let exit = end.exit;
    shower.show(end.into(), io);
    shower.failure.map_or(Ok(exit), Err)
}

/// Shows events as they come.
struct Shower {
    reporter: Box<dyn report::Reporter + Send>,
    run: RunId,
    /// Why nothing is shown any more.
    failure: Option<Failure>,
}

impl Shower {
    fn show(&mut self, happening: EventKind, io: &mut Output) {
        if self.failure.is_some() {
            return;
        }
        let event = Event {
            run: self.run.clone(),
            at: Timestamp::now(),
            happening,
        };
        self.failure = self.reporter.show(&event, io).err();
    }
}

/// The number of a run on GitHub, as a person names it.
pub fn number_of(text: &str) -> Result<u64, Failure> {
    let text = text.trim().trim_end_matches('/');
    let after = text.split_once("/actions/runs/").map(|(_, after)| after);
    let named = after.map_or(text, |after| after.split(['/', '?', '#']).next().unwrap_or(after));
    if let Ok(number) = named.parse() {
        return Ok(number);
    }
    let all = Journals::of_all_projects(&state::folder_of_user())?;
    let (run, journals) = runs::find(&all, named)?;
    let events = journals.read(&run)?;
    let numbers = events.iter().rev().filter_map(|event| match event.happening {
        EventKind::WorkflowRun { number, .. } => Some(number),
        _ => None,
    });
    numbers.into_iter().next().ok_or_else(|| Failure {
        exit: Exit::NotFound,
        hint: Some(format!("run `windlass runs {}` to see what it did", run.short())),
        report: eyre!("run `{}` did not run on GitHub", clean_line(text)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_on_github_is_named_by_its_number_or_the_address_of_its_page() {
        for text in [
            "16512345678",
            "https://github.com/acme/app/actions/runs/16512345678",
            "https://github.com/acme/app/actions/runs/16512345678/job/4711?pr=1",
        ] {
            assert_eq!(number_of(text).unwrap(), 16_512_345_678, "{text}");
        }
    }
}
