//! The runs on GitHub in the list of runs.

use std::io::Write as _;

use jiff::Timestamp;

use super::summary::{Summary, ago, row};
use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::cli::world;
use crate::domain::{Digest, Exit};
use crate::github::{Conclusion, Progress, WorkflowRun};

/// A run on GitHub.
#[derive(serde::Serialize)]
pub(super) struct RemoteSummary {
    number: u64,
    attempt: u32,
    started: Timestamp,
    workflow: String,
    title: String,
    state: &'static str,
    url: String,
    actor: Option<String>,
    /// The run of windlass that its title names.
    run: Option<String>,
    digest: Option<String>,
    #[serde(skip)]
    progress: Option<Progress>,
}

impl From<WorkflowRun> for RemoteSummary {
    fn from(run: WorkflowRun) -> Self {
        let said = run.said();
        Self {
            number: run.id,
            attempt: run.attempt,
            started: run.created,
            workflow: run.workflow().to_owned(),
            state: run.progress.word(),
            progress: Some(run.progress),
            run: said.correlation,
            digest: said.digest.as_ref().map(Digest::short),
            title: run.title,
            url: run.url,
            actor: run.actor,
        }
    }
}

/// The newest runs on GitHub.
pub(super) async fn list(
    limit: usize,
    global: &Global,
    io: &mut Output,
) -> Result<Vec<RemoteSummary>, Failure> {
    let engine = world::engine(global)?;
    let github = world::github(&engine)?;
    let runs = github.workflow_runs(None, limit).await?;
    if let Some(remaining) = github.remaining().filter(|remaining| *remaining < LITTLE) {
        writeln!(io.err, "! GitHub takes only {remaining} more requests this hour")?;
    }
    Ok(runs.into_iter().map(Into::into).collect())
}

/// From how many requests on it is worth saying how many are left.
const LITTLE: u64 = 200;

/// The rows of both lists, newest first; a run of this machine that ran on GitHub is one row, with what GitHub says of it.
pub(super) fn merged(
    here: &[Summary],
    github: &[RemoteSummary],
    limit: usize,
    now: Timestamp,
) -> Vec<Vec<String>> {
    let of = |run: &Summary| {
        let found = github.iter();
        let mut found = found.filter(|remote| remote.run.as_deref() == Some(run.run.as_str()));
        found.next()
    };
    let mut rows: Vec<_> = here
        .iter()
        .map(|run| {
            let mut cells = row(run, now);
            if let Some(remote) = of(run) {
                if matches!(run.exit, None | Some(Exit::StillRunning)) {
                    cells[2] = state(remote);
                }
                cells.push(format!("on GitHub: {}", remote.number));
            }
            (run.started, cells)
        })
        .collect();
    let is_here = |remote: &&RemoteSummary| {
        !here
            .iter()
            .any(|run| remote.run.as_deref() == Some(run.run.as_str()))
    };
    rows.extend(github.iter().filter(is_here).map(|remote| {
        let actor = remote.actor.as_deref().unwrap_or("someone");
        let cells = vec![
            remote.number.to_string(),
            ago(remote.started, now),
            state(remote),
            remote.workflow.clone(),
            remote.title.clone(),
            String::new(),
            remote.digest.clone().unwrap_or_default(),
            format!("by {actor}"),
            "on GitHub".to_owned(),
        ];
        (remote.started, cells)
    }));
    rows.sort_by_key(|(started, _)| std::cmp::Reverse(*started));
    rows.into_iter().map(|(_, cells)| cells).take(limit).collect()
}

fn state(run: &RemoteSummary) -> String {
    let symbol = match run.progress {
        Some(Progress::Ended(Conclusion::Success)) => "✓",
        Some(Progress::Ended(_)) => "✗",
        Some(Progress::Waiting) => "!",
        _ => "…",
    };
    let attempt = if run.attempt > 1 {
        format!(" (attempt {})", run.attempt)
    } else {
        String::new()
    };
    format!("{symbol} {}{attempt}", run.state)
}
