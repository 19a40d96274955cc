//! The jobs of a run and their steps as a tree of steps: what of it changed becomes events.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::{PlannedStep, StepId, StepKind, StepList, clean_line};
use crate::engine::run::event::{EventKind, Level, StepOutcome};
use crate::github::{Conclusion, GitHub, GitHubError, Job, LiveOutput, LogPart, Progress};

use super::live_tree::LiveSteps;
use super::tell::Tell;

/// How much of the log of a job is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLength {
    /// All of it: whoever hears it must keep up.
    Whole,
    /// Its last lines.
    Tail(usize),
}

/// What was told of a run so far.
pub(super) struct Tree {
    steps: StepList,
    /// By the numbers that GitHub has for them.
    jobs: BTreeMap<u64, Row>,
    length: LogLength,
    live: LiveSteps,
}

struct Row {
    id: StepId,
    told: Told,
    parts: BTreeMap<u64, (StepId, Told)>,
}

/// How much of a step was told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Start,
    End,
}

impl Tree {
    /// Of a run that carries out a plan with these steps; its jobs are numbered after them.
    pub(super) fn new(steps: Vec<PlannedStep>, length: LogLength) -> Self {
        Self {
            steps: steps.into(),
            jobs: BTreeMap::new(),
            length,
            live: LiveSteps::default(),
        }
    }

    /// Tells what changed since the last time; whether anything did.
    pub(super) async fn update(
        &mut self,
        github: &GitHub,
        jobs: &[Job],
        live: &[LiveOutput],
        tell: Tell<'_>,
    ) -> bool {
        let mut moved = self.add_jobs(jobs, tell);
        for output in live {
            let job = speaker(jobs, output).and_then(|job| self.jobs.get(&job.id));
            moved |= self
                .live
                .tell(&mut self.steps, job.map(|row| row.id), output, tell);
        }
        for job in jobs {
            moved |= self.job(github, job, tell).await;
        }
        moved
    }

    /// Adds those that are new.
    fn add_jobs(&mut self, jobs: &[Job], tell: Tell<'_>) -> bool {
        let mut moved = false;
        for job in jobs {
            if self.jobs.contains_key(&job.id) {
                continue;
            }
            let Some(id) = add(&mut self.steps, None, &job.name, tell) else {
                continue;
            };
            let row = Row {
                id,
                told: Told::Nothing,
                parts: BTreeMap::new(),
            };
            self.jobs.insert(job.id, row);
            moved = true;
        }
        moved
    }

    async fn job(&mut self, github: &GitHub, job: &Job, tell: Tell<'_>) -> bool {
        let mut moved = false;
        let Self {
            steps, jobs, length, ..
        } = self;
        let Some(row) = jobs.get_mut(&job.id).filter(|row| row.told != Told::End) else {
            return moved;
        };
        if row.told == Told::Nothing && !matches!(job.progress, Progress::Queued | Progress::Waiting) {
            tell(EventKind::StepStarted { step: row.id });
            row.told = Told::Start;
            moved = true;
        }
        for part in &job.steps {
            if !row.parts.contains_key(&part.number) {
                let Some(id) = add(steps, Some(row.id), &part.name, tell) else {
                    continue;
                };
                row.parts.insert(part.number, (id, Told::Nothing));
                moved = true;
            }
            if let Some((id, told)) = row.parts.get_mut(&part.number) {
                moved |= tell_progress(*id, told, part.progress, tell, "see the log of its job");
            }
        }
        if matches!(job.progress, Progress::Ended(_)) {
            if job.progress != Progress::Ended(Conclusion::Skipped) {
                tell_log(github, job.id, row.id, *length, tell).await;
            }
            let failed = job.steps.iter().find(|step| {
                matches!(
                    step.progress,
                    Progress::Ended(Conclusion::Failure | Conclusion::TimedOut)
                )
            });
            let why = failed.map_or_else(|| "see its log".to_owned(), |step| format!("in {}", step.name));
            moved |= tell_progress(row.id, &mut row.told, job.progress, tell, &why);
        }
        moved
    }
}

/// The job that said it: the one of that name, as jobs are called that have no other; else the first that runs.
fn speaker<'a>(jobs: &'a [Job], output: &LiveOutput) -> Option<&'a Job> {
    let named = jobs.iter().find(|job| job.name == output.job);
    named.or_else(|| jobs.iter().find(|job| job.progress == Progress::Running))
}

fn add(steps: &mut StepList, parent: Option<StepId>, name: &str, tell: Tell<'_>) -> Option<StepId> {
    let added = steps.add_child(parent, StepKind::Job, name)?.clone();
    let id = added.id;
    tell(EventKind::StepAdded {
        added: Box::new(added),
    });
    Some(id)
}

/// Tells beginning and end of a step, each once.
fn tell_progress(id: StepId, told: &mut Told, progress: Progress, tell: Tell<'_>, why: &str) -> bool {
    let before = *told;
    if *told == Told::Nothing && matches!(progress, Progress::Running | Progress::Ended(_)) {
        tell(EventKind::StepStarted { step: id });
        *told = Told::Start;
    }
    if let (Told::Start, Progress::Ended(conclusion)) = (*told, progress) {
        let outcome = match conclusion {
            Conclusion::Success => StepOutcome::Done(String::new()),
            Conclusion::Skipped => StepOutcome::Nothing("skipped".to_owned()),
            Conclusion::Unknown => StepOutcome::Nothing("ended; see the log of its job".to_owned()),
            Conclusion::Cancelled => StepOutcome::Interrupted,
            Conclusion::Failure => StepOutcome::Failed(why.to_owned()),
            Conclusion::TimedOut | Conclusion::Other => StepOutcome::Failed(conclusion.word().to_owned()),
        };
        tell(EventKind::StepEnded { step: id, outcome });
        *told = Told::End;
    }
    before != *told
}

/// How much of the end of a log is read, where only its last lines are told: as much as those can have.
const TAIL_BYTES: u64 = 512 * 1024;

/// Tells the log of a job that has ended.
async fn tell_log(github: &GitHub, job: u64, step: StepId, length: LogLength, tell: Tell<'_>) {
    let step = Some(step);
    let mut is_empty = true;
    let read = match length {
        LogLength::Whole => {
            let read = github.job_log(job, |line| {
                if let Some((level, line)) = level_of_line(line) {
                    is_empty = false;
                    tell(EventKind::Log { step, level, line });
                }
            });
            read.await
        }
        LogLength::Tail(lines) => tell_tail(github, job, step, lines, &mut is_empty, tell).await,
    };
    if let Err(error) = read {
        let what = if is_empty { "no log" } else { "the log ends early" };
        tell(EventKind::Log {
            step,
            level: Level::Warning,
            line: format!("{what}: {error}"),
        });
    }
}

/// Tells the last lines of a log, and that there are more.
async fn tell_tail(
    github: &GitHub,
    job: u64,
    step: Option<StepId>,
    lines: usize,
    is_empty: &mut bool,
    tell: Tell<'_>,
) -> Result<(), GitHubError> {
    let mut tail = VecDeque::new();
    let mut left_out = 0_u64;
    let read = github.job_log_end(job, TAIL_BYTES, |line| {
        let Some(line) = level_of_line(line) else {
            return;
        };
        if tail.len() >= lines {
            tail.pop_front();
            left_out += 1;
        }
        tail.push_back(line);
    });
    let part = read.await;
    let missing = match part {
        Ok(LogPart::End) => Some("earlier lines are left out; `windlass logs` shows them".to_owned()),
        _ if left_out > 0 => Some(format!(
            "{left_out} earlier lines are left out; `windlass logs` shows them"
        )),
        _ => None,
    };
    let missing = missing.map(|line| (Level::Info, line));
    *is_empty = tail.is_empty();
    for (level, line) in missing.into_iter().chain(tail) {
        tell(EventKind::Log { step, level, line });
    }
    part.map(drop)
}

/// A line of the log of a job, harmless to a terminal, and how grave it is; none for a line that only structures the log.
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
fn level_of_line(line: &str) -> Option<(Level, String)> {
    let line = clean_line(line);
    let marked = line.strip_prefix("##[").and_then(|rest| rest.split_once(']'));
    Some(match marked {
        Some(("error", rest)) => (Level::Error, rest.to_owned()),
        Some(("warning", rest)) => (Level::Warning, rest.to_owned()),
        Some(("group", rest)) => (Level::Info, format!("▸ {rest}")),
        Some(("command", rest)) => (Level::Info, format!("$ {rest}")),
        Some(("endgroup", _)) => return None,
        Some(("section" | "debug" | "notice", rest)) => (Level::Info, rest.to_owned()),
        _ => (Level::Info, line),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_log_is_cleaned_of_escapes_and_says_how_grave_it_is() {
        let of = |line: &str| level_of_line(line);
        let info = |line: &str| Some((Level::Info, line.to_owned()));
        assert_eq!(of("\u{1b}[2J\u{1b}]0;title\u{7}plain\r"), info("plain"));
        assert_eq!(of("##[error]\u{1b}[31mno"), Some((Level::Error, "no".to_owned())));
        assert_eq!(of("##[group]Run make"), info("▸ Run make"));
        assert_eq!(of("##[endgroup]"), None);
        assert_eq!(of("##[unknown]x"), info("##[unknown]x"));
    }
}
