//! What windlass says in a job, as steps of that job. Whoever may write checks may have written it: nothing of it is taken
//! for more than words.

use std::collections::BTreeMap;

use super::live::LiveEvent;
use super::tell::Tell;
use crate::domain::{Exit, StepId, StepList, clean_line};
use crate::engine::run::event::{EventKind, Level, StepOutcome};
use crate::github::LiveOutput;

/// What was told of it so far.
#[derive(Default)]
pub(super) struct LiveSteps {
    /// By the key of the job.
    jobs: BTreeMap<String, Told>,
}

#[derive(Default)]
struct Told {
    /// The number of the last event.
    last: u64,
    /// What the steps of the job are here.
    steps: BTreeMap<StepId, StepId>,
}

impl LiveSteps {
    /// Tells what is new in `output`, which is said in the step `job`; whether anything is.
    pub(super) fn tell(
        &mut self,
        steps: &mut StepList,
        job: Option<StepId>,
        output: &LiveOutput,
        tell: Tell<'_>,
    ) -> bool {
        let told = self.jobs.entry(output.job.clone()).or_default();
        let before = told.last;
        let events = output.lines.iter();
        for event in events.filter_map(|line| serde_json::from_str::<LiveEvent>(line).ok()) {
            if event.n <= told.last {
                continue;
            }
            let missing = event.n - told.last - 1;
            if missing > 0 {
                tell(EventKind::Log {
                    step: job,
                    level: Level::Info,
                    line: format!("{missing} events are left out; the log of the job will have them"),
                });
            }
            told.last = event.n;
            if let Some(event) = told.translate(event.happening, steps, job) {
                tell(event);
            }
        }
        before != told.last
    }
}

impl Told {
    /// The event with the numbers that its steps have here, its words harmless; none for what says nothing here.
    fn translate(
        &mut self,
        event: EventKind,
        steps: &mut StepList,
        job: Option<StepId>,
    ) -> Option<EventKind> {
        let here = |step: StepId| self.steps.get(&step).copied();
        Some(match event {
            EventKind::StepAdded { added } => {
                let parent = added.parent.and_then(here).or(job);
                let fresh = steps.add_child(parent, added.kind, clean_line(&added.title))?;
                self.steps.insert(added.id, fresh.id);
                EventKind::StepAdded {
                    added: Box::new(fresh.clone()),
                }
            }
            EventKind::StepStarted { step } => EventKind::StepStarted { step: here(step)? },
            EventKind::StepEnded { step, outcome } => EventKind::StepEnded {
                step: here(step)?,
                outcome: clean(outcome),
            },
            EventKind::Log { step, level, line } => EventKind::Log {
                step: step.and_then(here).or(job),
                level,
                line: clean_line(&line),
            },
            EventKind::ItemStarted {
                step,
                item,
                label,
                unit,
                total,
            } => EventKind::ItemStarted {
                step: here(step)?,
                item: clean_line(&item),
                label: clean_line(&label),
                unit,
                total,
            },
            EventKind::ItemDone { step, item, result } => EventKind::ItemDone {
                step: here(step)?,
                item: clean_line(&item),
                result: clean_line(&result),
            },
            EventKind::RunEnded { exit, summary, .. } => EventKind::Log {
                step: job,
                level: if exit == Exit::Done {
                    Level::Info
                } else {
                    Level::Error
                },
                line: clean_line(&summary),
            },
            EventKind::RunStarted { .. }
            | EventKind::WorkflowRun { .. }
            | EventKind::ApprovalRequested { .. }
            | EventKind::ItemMoved { .. } => {
                return None;
            }
        })
    }
}

fn clean(outcome: StepOutcome) -> StepOutcome {
    match outcome {
        StepOutcome::Done(what) => StepOutcome::Done(clean_line(&what)),
        StepOutcome::Nothing(why) => StepOutcome::Nothing(clean_line(&why)),
        StepOutcome::Refused(why) => StepOutcome::Refused(clean_line(&why)),
        StepOutcome::Failed(why) => StepOutcome::Failed(clean_line(&why)),
        StepOutcome::Interrupted => StepOutcome::Interrupted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_says_is_told_once_under_the_job_and_cannot_harm_a_terminal() {
        let mut steps = StepList::default();
        let job = steps
            .add_child(None, crate::domain::StepKind::Job, "promote")
            .map(|step| step.id);
        let mut lines = vec![
            r#"{"n":1,"event":"step-added","added":{"id":1,"kind":"copy","title":"11 \u001b[2Jblobs"}}"#
                .to_owned(),
            r#"{"n":2,"event":"step-started","step":1}"#.to_owned(),
            "no event".to_owned(),
            r#"{"n":3,"event":"step-ended","step":77,"outcome":"done","reason":"of nothing"}"#.to_owned(),
        ];
        let mut live = LiveSteps::default();
        let mut told = Vec::new();
        let mut hear = |lines: &[String]| {
            let output = LiveOutput {
                job: "promote".to_owned(),
                lines: lines.to_vec(),
            };
            live.tell(&mut steps, job, &output, &mut |event| told.push(event))
        };
        assert!(hear(&lines));
        assert!(!hear(&lines));
        lines.push(r#"{"n":9,"event":"log","step":1,"level":"info","line":"on\u001b[1m"}"#.to_owned());
        assert!(hear(&lines));
        let [
            EventKind::StepAdded { added },
            EventKind::StepStarted { step },
            EventKind::Log { line: left_out, .. },
            EventKind::Log {
                step: Some(of), line, ..
            },
        ] = &told[..]
        else {
            panic!("{told:?}");
        };
        assert_eq!(
            (added.parent, added.title.as_str(), *step),
            (job, "11 blobs", added.id)
        );
        assert!(left_out.starts_with("5 events are left out"), "{left_out}");
        assert_eq!((*of, line.as_str()), (added.id, "on"));
    }
}
