//! What a run looks like without the console: bars on a terminal, plain lines without one, or JSON.

mod bars;
pub mod github;
mod json;
pub mod junit;
mod plain;
mod reporter;
pub mod sarif;
mod steps;

use std::io::Write as _;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::reporter::Reporter;
use super::Output;
use super::failure::Failure;
use super::symbols::Symbols;
use crate::domain::Exit;
use crate::engine::{Event, EventKind, Run};
use crate::program::cancel_on_signal;

/// Follows a run to its end, showing it, and stops it cleanly at Ctrl-C or a termination signal.
pub async fn follow(run: Run, json: bool, io: &mut Output) -> Result<Exit, Failure> {
    let form: Box<dyn Reporter + Send> = if json {
        Box::new(json::Json)
    } else if io.err_is_terminal {
        Box::new(bars::Bars::new(io.ascii()))
    } else {
        Box::new(plain::Plain::default())
    };
    watch(run, form, io).await
}

#[cfg(feature = "demo")]
/// As [`follow`], but line by line even on a terminal.
pub async fn follow_plainly(run: Run, io: &mut Output) -> Result<Exit, Failure> {
    watch(run, Box::new(plain::Plain::default()), io).await
}

/// Everyone who hears of a run: the form in which a person or a program reads it, and GitHub where it goes on there.
fn reporters(form: Box<dyn Reporter + Send>) -> Vec<Box<dyn Reporter + Send>> {
    let mut all = vec![form];
    if github::is_here() {
        all.push(Box::new(github::RunAnnotations::default()));
    }
    all
}

async fn watch(mut run: Run, form: Box<dyn Reporter + Send>, io: &mut Output) -> Result<Exit, Failure> {
    let mut reporters = reporters(form);
    io.waiting.end();
    let handling = cancel_on_signal(&run.cancel);
    let shown = show_all(&mut run.events, &mut reporters, io).await;
    // What becomes of the output decides nothing about the run: it goes on, and its exit code is its own.
    let exit = run.task.await.unwrap_or(Exit::Failed);
    drop(handling);
    for why in undelivered(run.notifying).await {
        let _ = writeln!(io.err, "warning: {why}");
    }
    if let Err(failure) = shown.and_then(|()| Ok(io.out.flush()?)) {
        let _ = failure.print(&mut io.err);
        // What could not be written is not tried once more at the end.
        io.out = Symbols::new(Box::new(std::io::sink()));
    }
    Ok(exit)
}

/// What could not be delivered of the notifications of a run, as far as somebody waits for it.
async fn undelivered(notifying: JoinHandle<Vec<String>>) -> Vec<String> {
    let ended = CancellationToken::new();
    let _handling = cancel_on_signal(&ended);
    tokio::select! {
        undelivered = notifying => undelivered.unwrap_or_default(),
        () = ended.cancelled() => Vec::new(),
    }
}

async fn show_all(
    events: &mut UnboundedReceiver<Event>,
    reporters: &mut [Box<dyn Reporter + Send>],
    io: &mut Output,
) -> Result<(), Failure> {
    while let Some(event) = events.recv().await {
        for reporter in reporters.iter_mut() {
            reporter.show(&event, io)?;
        }
        if matches!(event.happening, EventKind::RunEnded { .. }) {
            break;
        }
    }
    Ok(())
}

/// Shows events line by line, or as JSON.
pub fn lines(json: bool) -> Box<dyn Reporter + Send> {
    if json {
        Box::new(json::Json)
    } else {
        Box::new(plain::Plain::default())
    }
}

/// Shows the events of a run that has ended, or was killed, as they were told at the time.
pub fn replay(events: &[Event], json: bool, io: &mut Output) -> Result<(), Failure> {
    let mut reporter = lines(json);
    events.iter().try_for_each(|event| reporter.show(event, io))
}
