//! A run as it is shown: steps, what moves in them, and their logs.

use jiff::Timestamp;

use crate::domain::{CommitSha, Digest, Exit, Plan, PlannedStep, StepId, StepKind, StepList};
use crate::engine::{Level, Place, RemoteRun, RunId, Unit};
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
    /// How many steps it is a part of, one in the other.
    pub depth: usize,
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

/// What the row is called in which a run on GitHub stands for itself.
const WORKFLOW_RUN: &str = "workflow run";

/// Where a run came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOrigin {
    /// It was begun in this console, or its journal was read.
    Console,
    /// It is followed on GitHub, and goes on whatever becomes of this console.
    GitHub,
}

/// What a run does, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSubject {
    /// `promote to prod`.
    pub title: String,
    /// From where to where.
    pub way: String,
    /// The commit that it is about.
    pub commit: Option<CommitSha>,
    /// The digest that it is about.
    pub digest: Option<Digest>,
}

impl From<&Plan> for RunSubject {
    fn from(plan: &Plan) -> Self {
        Self {
            title: plan.operation.title(),
            way: plan.operation.way(),
            commit: plan.commit.clone(),
            digest: plan.digest.clone(),
        }
    }
}

impl From<&RemoteRun> for RunSubject {
    fn from(remote: &RemoteRun) -> Self {
        let workflow = remote.run.workflow();
        let stem = workflow.rsplit_once('.').map_or(workflow, |(stem, _)| stem);
        Self {
            title: stem.to_owned(),
            way: remote.run.title.clone(),
            commit: None,
            digest: remote.said.digest.clone(),
        }
    }
}

/// A run.
#[derive(Debug, Clone)]
pub struct RunModel {
    /// Its name.
    pub id: RunId,
    /// What it does.
    pub subject: RunSubject,
    /// Its number on GitHub, once it is known to run there.
    pub number: Option<u64>,
    /// Its page there.
    pub page: Option<String>,
    /// Where it came from.
    pub origin: RunOrigin,
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

impl StepRow {
    /// A step that has not begun.
    pub fn new(step: &PlannedStep, depth: usize) -> Self {
        Self {
            id: step.id,
            kind: step.kind,
            depth,
            what: step.title.clone(),
            state: StepState::Waiting,
            items: Vec::new(),
            log: Vec::new(),
        }
    }

    /// What the list of steps calls it: a job by its own name.
    pub fn name(&self) -> &str {
        match self.kind {
            StepKind::Job => &self.what,
            kind => kind.word(),
        }
    }
}

impl RunModel {
    /// A run that has just begun.
    pub fn begun(id: RunId, plan: &Plan, now: Timestamp) -> Self {
        Self::new(id, plan.into(), &plan.steps, now)
    }

    /// A run on GitHub that is followed from here on; what it says itself, and not one of its jobs, has a row of its own.
    pub fn followed(remote: &RemoteRun) -> Self {
        let number = remote.run.id;
        let id = RunId::of_workflow_run(number);
        let steps = workflow_steps();
        Self {
            number: Some(number),
            page: Some(remote.run.url.clone()),
            origin: RunOrigin::GitHub,
            ..Self::new(id, remote.into(), &steps, remote.run.created)
        }
    }

    fn new(id: RunId, subject: RunSubject, steps: &[PlannedStep], started: Timestamp) -> Self {
        Self {
            steps: steps.iter().map(|step| StepRow::new(step, 0)).collect(),
            id,
            subject,
            number: None,
            page: None,
            origin: RunOrigin::Console,
            started,
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

    /// Its plan is carried out elsewhere: the jobs there list what they do of it, and what the run itself says keeps a row.
    pub fn goes_to_github(&mut self) {
        self.steps.truncate(1);
        self.selected = 0;
        if let Some(row) = self.steps.first_mut() {
            row.kind = StepKind::Job;
            WORKFLOW_RUN.clone_into(&mut row.what);
        }
    }

    /// A step that came up: behind the parts that its whole has already, or at the end.
    pub fn add(&mut self, step: &PlannedStep) {
        let whole = self.steps.iter().position(|row| Some(row.id) == step.parent);
        let (at, depth) = whole.map_or((self.steps.len(), 0), |whole| {
            let depth = self.steps[whole].depth + 1;
            let parts = self.steps[whole + 1..]
                .iter()
                .take_while(|row| row.depth >= depth);
            (whole + 1 + parts.count(), depth)
        });
        self.steps.insert(at, StepRow::new(step, depth));
        if at <= self.selected && self.steps.len() > 1 {
            self.selected += 1;
        }
    }

    /// Shows a step and its log.
    pub fn show(&mut self, index: usize) {
        if self.selected != index {
            self.selected = index;
            self.scroll = 0;
            self.follow = true;
        }
    }

    /// Whether it is only followed.
    pub fn is_followed(&self) -> bool {
        self.origin == RunOrigin::GitHub
    }

    /// The selected step.
    pub fn current(&self) -> Option<&StepRow> {
        self.steps.get(self.selected)
    }

    /// The log of the selected step.
    pub fn log(&self) -> &[LogLine] {
        self.current().map_or(&[], |step| &step.log)
    }

    /// The step that the selected one is a part of.
    pub fn whole(&self) -> Option<&StepRow> {
        let depth = self.current()?.depth;
        let before = self.steps[..self.selected].iter().rev();
        before.into_iter().find(|row| row.depth < depth)
    }

    /// The last line that can be the first in sight.
    pub fn last_scroll(&self) -> usize {
        self.log().len().saturating_sub(self.height.max(1))
    }
}

/// The steps of a run on GitHub whose plan is not known: the run itself. Its jobs are numbered after it.
pub fn workflow_steps() -> Vec<PlannedStep> {
    let mut steps = StepList::default();
    steps.add(StepKind::Job, WORKFLOW_RUN);
    steps.into()
}

impl RunModel {
    /// Whether the selected log has an error or a warning.
    pub fn has_trouble(&self) -> bool {
        self.log().iter().any(|line| line.level > Level::Info)
    }
}
