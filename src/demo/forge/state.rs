//! What the forge knows: its runs, their jobs, and what was said of them.

use jiff::Timestamp;
use serde_json::Value;

/// The number of the first run.
const FIRST: u64 = 5001;
/// How many requests are taken in an hour, as the real one takes of a token.
const LIMIT: u64 = 5000;

/// How far a run is, and its only job with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It waits for an approval.
    Waiting,
    /// Its job runs.
    Running,
    /// It has ended: `success`, `failure`, `cancelled`.
    Ended(&'static str),
}

/// A run of a workflow.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: u64,
    /// The file of its workflow.
    pub(super) workflow: String,
    pub(super) title: String,
    pub(super) inputs: Inputs,
    pub(super) progress: Progress,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) reviews: Vec<Review>,
    /// The lines of its job so far, as a runner writes them.
    pub(super) log: Vec<String>,
}

/// What a promotion tells its workflow.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(super) struct Inputs {
    pub(super) candidate: String,
    #[serde(default)]
    pub(super) plan: String,
    #[serde(default)]
    pub(super) correlation: String,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

/// What was said of the deployment of a run.
#[derive(Debug, Clone)]
pub(super) struct Review {
    pub(super) approved: bool,
    pub(super) comment: String,
}

/// All of it.
#[derive(Debug)]
pub(super) struct State {
    /// Oldest first.
    pub(super) runs: Vec<Run>,
    /// The check runs that jobs publish.
    pub(super) checks: Vec<Value>,
    /// How many requests are left.
    pub(super) remaining: u64,
}

impl State {
    pub(super) const fn new() -> Self {
        Self {
            runs: Vec::new(),
            checks: Vec::new(),
            remaining: LIMIT,
        }
    }

    /// Begins a run that waits for its approval; its number.
    pub(super) fn begin(&mut self, workflow: &str, title: String, inputs: Inputs) -> u64 {
        let id = FIRST + self.runs.len() as u64;
        let now = Timestamp::now();
        self.runs.push(Run {
            id,
            workflow: workflow.to_owned(),
            title,
            inputs,
            progress: Progress::Waiting,
            created: now,
            updated: now,
            reviews: Vec::new(),
            log: Vec::new(),
        });
        id
    }

    pub(super) fn run(&self, id: u64) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == id)
    }

    pub(super) fn run_mut(&mut self, id: u64) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.id == id)
    }

    /// A request that counts was answered.
    pub(super) const fn count(&mut self) {
        self.remaining = self.remaining.saturating_sub(1);
    }
}

impl Run {
    /// Takes a step on.
    pub(super) fn go_to(&mut self, progress: Progress) {
        self.progress = progress;
        self.updated = Timestamp::now();
    }

    /// A line of its log, with its time as a runner writes it.
    pub(super) fn say(&mut self, line: &str) {
        let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6f0Z");
        self.log.push(format!("{time} {line}"));
    }

    /// The number of its only job.
    pub(super) const fn job(&self) -> u64 {
        self.id * 10 + 1
    }
}
