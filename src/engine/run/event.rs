//! Events: all that anyone learns of a run. The journal, the console and the command line hear the same ones.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Digest, EnvironmentName, Exit, ImageReference, Plan, PlannedStep, StepId};

/// The name of a run: sorts by time, so the newest is last.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A new name, made of the time and chance (UUID version 7).
    pub fn fresh() -> Self {
        Self(uuid::Uuid::now_v7().simple().to_string())
    }

    /// The name by which a run on GitHub is told that nobody began with windlass: its number, with zeros before it.
    pub fn of_workflow_run(number: u64) -> Self {
        Self(format!("{number:032}"))
    }

    /// Takes a name that was made before, as a person or a file name gives it.
    pub fn parse(text: &str) -> Option<Self> {
        let fine = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        fine.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last eight characters, which are the part that differs between runs of one minute.
    pub fn short(&self) -> &str {
        &self.0[self.0.len() - 8..]
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One thing that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The run.
    pub run: RunId,
    /// When, by this machine's clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub happening: EventKind,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// The run began; the plan says which steps will follow.
    RunStarted {
        /// The plan that is carried out.
        plan: Box<Plan>,
        /// Its hash.
        hash: String,
        /// Who runs it: user and host.
        actor: String,
    },
    /// A run on GitHub carries out what is told from here on; once more for each further attempt of it.
    WorkflowRun {
        /// Its number.
        number: u64,
        /// Which attempt, from 1 on.
        attempt: u32,
        /// Its title.
        title: String,
        /// Its page.
        url: String,
    },
    /// The run on GitHub waits until somebody approves a deployment; once for each environment of an attempt.
    ApprovalRequested {
        /// The number of that run.
        number: u64,
        /// Its attempt, from 1 on.
        attempt: u32,
        /// Its page.
        url: String,
        /// The environment, as it is called on GitHub.
        environment: String,
        /// Who may approve: people and teams.
        reviewers: Vec<String>,
    },
    /// A step came up that the plan did not list: a job of a workflow, or a part of one.
    StepAdded {
        /// The step; its parent is the job that it is a part of.
        added: Box<PlannedStep>,
    },
    /// A step began.
    StepStarted {
        /// Which.
        step: StepId,
    },
    /// A line of a log, already harmless to a terminal.
    Log {
        /// The step that says it; none where the run itself does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        /// How grave.
        level: Level,
        /// The line.
        line: String,
    },
    /// An item of a step began to move: a blob, a replica, a job, a tag.
    ItemStarted {
        /// The step that moves it.
        step: StepId,
        /// What tells it apart in its step.
        item: String,
        /// What it is called.
        label: String,
        /// What it is counted in.
        unit: Unit,
        /// How much of that there is.
        total: u64,
    },
    /// An item has moved on; never in the journal.
    ItemMoved {
        /// The step that moves it.
        step: StepId,
        /// The item.
        item: String,
        /// How much of it is done, of all.
        done: u64,
    },
    /// An item is done.
    ItemDone {
        /// The step that moved it.
        step: StepId,
        /// The item.
        item: String,
        /// What became of it: `copied`, `mounted`, `already present`.
        result: String,
    },
    /// A step ended.
    StepEnded {
        /// Which.
        step: StepId,
        /// How.
        #[serde(flatten)]
        outcome: StepOutcome,
    },
    /// The run ended.
    RunEnded {
        /// The exit code of it all.
        exit: Exit,
        /// One sentence.
        summary: String,
        /// What to do now, where something is to be done.
        hint: Option<String>,
        /// Where the digest is now, proved by reading it back.
        #[serde(rename = "environments")]
        places: Vec<Place>,
    },
}

impl EventKind {
    /// Whether the journal keeps it: all but the progress within an item.
    pub const fn is_kept(&self) -> bool {
        !matches!(self, Self::ItemMoved { .. })
    }

    /// Whether what came before must be on the disk before anything else is done.
    pub const fn is_milestone(&self) -> bool {
        matches!(
            self,
            Self::RunStarted { .. } | Self::StepEnded { .. } | Self::RunEnded { .. }
        )
    }
}

/// What items are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Bytes of a blob.
    Bytes,
    /// Replicas of a workload.
    Replicas,
    /// Jobs of a workflow.
    Jobs,
    /// Tags of a repository.
    Tags,
}

/// How grave a line of a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// What goes as it should.
    Info,
    /// What a person should see.
    Warning,
    /// What stops the step.
    Error,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "kebab-case")]
pub enum StepOutcome {
    /// Done, with a word on what.
    Done(String),
    /// There was nothing to do, and why.
    #[serde(rename = "unchanged")]
    Nothing(String),
    /// A gate refused.
    Refused(String),
    /// It failed.
    Failed(String),
    /// It was interrupted.
    Interrupted,
}

impl StepOutcome {
    /// One word, and the sentence to it.
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Done(what) => ("done", what),
            Self::Nothing(why) => ("unchanged", why),
            Self::Refused(why) => ("refused", why),
            Self::Failed(why) => ("failed", why),
            Self::Interrupted => ("interrupted", ""),
        }
    }
}

/// A digest at an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The environment.
    pub environment: EnvironmentName,
    /// The image there.
    pub image: ImageReference,
    /// The digest that was read back.
    pub digest: Digest,
}
