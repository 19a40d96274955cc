//! A run as it is shown: steps, what moves in them, and their logs.

use jiff::Timestamp;

use crate::domain::{Exit, Plan, StepId, StepKind};
use crate::engine::{Level, Place, RunId, Unit};
use crate::tui::widgets::search::Search;

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// It has not begun.
    Waiting,
    /// It is at work since then.
    Running(Timestamp),
    /// Done in so many milliseconds, with a word on what.
    Done(i64, String),
    /// There was nothing to do, and why.
    Nothing(String),
    /// A gate refused.
    Refused(String),
    /// It failed after so many milliseconds.
    Failed(i64, String),
    /// It was interrupted.
    Interrupted,
}

/// An item on its way: a blob, a replica, a job, a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What tells it apart in its step.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// What it is counted in.
    pub unit: Unit,
    /// How much of that there is.
    pub total: u64,
    /// How much of it is done.
    pub done: u64,
    /// What became of it, once it is there.
    pub result: Option<String>,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// How grave.
    pub level: Level,
    /// The line.
    pub line: String,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRow {
    /// Which of the plan.
    pub id: StepId,
    /// Which part.
    pub kind: StepKind,
    /// What it does here.
    pub what: String,
    /// How far it is.
    pub state: StepState,
    /// What it moves.
    pub items: Vec<Item>,
    /// What it says.
    pub log: Vec<LogLine>,
}

/// The parts of the screen that can have the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The steps.
    Steps,
    /// The log of the selected one.
    Log,
    /// The log, on the whole screen.
    Zoomed,
}

/// A run.
#[derive(Debug, Clone)]
pub struct RunModel {
    /// Its name.
    pub id: RunId,
    /// What it carries out.
    pub plan: Plan,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, with the exit code, a sentence and what to do now.
    pub ended: Option<Ended>,
    /// Whether it was asked to stop.
    pub stopping: bool,
    /// Its steps.
    pub steps: Vec<StepRow>,
    /// The selected step.
    pub selected: usize,
    /// Whether the selection goes along with the step at work.
    pub along: bool,
    /// Which half has the keyboard.
    pub pane: Pane,
    /// Whether the newest line stays in sight.
    pub follow: bool,
    /// The first line in sight, where the newest does not stay there.
    pub scroll: usize,
    /// How lines are shown.
    pub style: LogStyle,
    /// Lines that fit, as the last frame found it.
    pub height: usize,
    /// What is searched for.
    pub search: Option<Search>,
}

/// How lines of a log are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogStyle {
    /// Long lines go on below.
    pub wrap: bool,
    /// Each line begins with its time.
    pub times: bool,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// The exit code.
    pub exit: Exit,
    /// One sentence.
    pub summary: String,
    /// What to do now.
    pub hint: Option<String>,
    /// Where the digest is, read back.
    pub places: Vec<Place>,
}

impl RunModel {
    /// A run that has just begun.
    pub fn begun(id: RunId, plan: Plan, now: Timestamp) -> Self {
        let steps = plan.steps.iter();
        let steps = steps.map(|step| StepRow {
            id: step.id,
            kind: step.kind,
            what: step.title.clone(),
            state: StepState::Waiting,
            items: Vec::new(),
            log: Vec::new(),
        });
        Self {
            steps: steps.collect(),
            id,
            plan,
            started: now,
            ended: None,
            stopping: false,
            selected: 0,
            along: true,
            pane: Pane::Steps,
            follow: true,
            scroll: 0,
            style: LogStyle {
                wrap: true,
                times: true,
            },
            height: 0,
            search: None,
        }
    }

    /// The selected step.
    pub fn current(&self) -> Option<&StepRow> {
        self.steps.get(self.selected)
    }

    /// The log of the selected step.
    pub fn log(&self) -> &[LogLine] {
        self.current().map_or(&[], |step| &step.log)
    }

    /// The last line that can be the first in sight.
    pub fn last_scroll(&self) -> usize {
        self.log().len().saturating_sub(self.height.max(1))
    }
}

impl RunModel {
    /// Whether the selected log has an error or a warning.
    pub fn has_trouble(&self) -> bool {
        self.log().iter().any(|line| line.level > Level::Info)
    }
}
