//! Following a run: its jobs and steps as a tree, their logs, its attempts, and what can happen to it.

use serde_json::json;
use windlass::demo::forge::objects;
use windlass::domain::Exit;
use windlass::engine::{Event, EventKind, Level, Run, StepOutcome};

use super::actions::{FIRST, Log};
use super::fake::Fault;
use super::limit::within;
use super::promote::{Started, start};
use super::run::last;

/// A run that is followed, event by event.
struct Following {
    started: Started,
    run: Run,
    events: Vec<Event>,
}

impl Following {
    async fn begin() -> Self {
        let started = start().await;
        let run = started.begin();
        let mut following = Self {
            started,
            run,
            events: Vec::new(),
        };
        following
            .until(|kind| matches!(kind, EventKind::WorkflowRun { .. }))
            .await;
        following
    }

    /// Goes on until such an event comes.
    async fn until(&mut self, is_it: impl Fn(&EventKind) -> bool) {
        loop {
            let next = within("the event that this test waits for", self.run.events.recv());
            let event = next
                .await
                .unwrap_or_else(|| panic!("the run ended before the event that this test waits for"));
            let found = is_it(&event.happening);
            self.events.push(event);
            if found {
                return;
            }
        }
    }

    async fn until_step(&mut self, name: &str) {
        let name = name.to_owned();
        self.until(move |kind| matches!(kind, EventKind::StepAdded { added } if added.title == name))
            .await;
    }

    /// Goes on to the end. The token never goes to the host of logs.
    async fn end(mut self) -> (Exit, Vec<Event>) {
        while let Some(event) = within("the end of the run", self.run.events.recv()).await {
            self.events.push(event);
        }
        let tokens = self.started.fake.store().log_tokens.clone();
        assert!(tokens.iter().all(Option::is_none), "{tokens:?}");
        (self.run.task.await.unwrap(), self.events)
    }
}

/// What was told, in words: steps by their names, in order.
fn told(events: &[Event]) -> Vec<String> {
    let mut names = std::collections::HashMap::new();
    let mut lines = Vec::new();
    for event in events {
        match &event.happening {
            EventKind::StepAdded { added } => {
                let parent = added.parent.map_or_else(String::new, |parent| {
                    format!("{} / ", names.get(&parent).cloned().unwrap_or_default())
                });
                names.insert(added.id, format!("{parent}{}", added.title));
            }
            EventKind::StepStarted { step } => lines.push(format!("+ {}", names[step])),
            EventKind::StepEnded { step, outcome } => {
                let (word, why) = outcome.words();
                lines.push(format!("- {} {word} {why}", names[step]).trim_end().to_owned());
            }
            EventKind::Log {
                step: Some(step),
                level,
                line,
            } => {
                let mark = if *level == Level::Info { "" } else { "!" };
                lines.push(format!("{}:{mark} {line}", names[step]));
            }
            _ => {}
        }
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_and_steps_are_told_as_a_tree_and_each_log_when_its_job_ends() {
    let mut following = Following::begin().await;
    let fake = &following.started.fake;
    fake.change_run(FIRST, &[("status", json!("in_progress"))]);
    let run = (FIRST, 1);
    fake.job(
        run,
        "promote",
        "in_progress",
        &[("Set up job", "success"), ("Promote", "in_progress")],
    );
    fake.job(run, "notify", "queued", &[]);
    following.until_step("notify").await;
    let fake = &following.started.fake;
    let job = fake.job(
        run,
        "promote",
        "success",
        &[("Set up job", "success"), ("Promote", "success")],
    );
    fake.log(
        job,
        "2026-11-01T10:00:00.1234567Z ##[group]Run windlass\r\n2026-11-01T10:00:01.0000000Z \u{1b}[2Jcopied\n\
         2026-11-01T10:00:02.0000000Z ##[warning]slow\n",
    );
    fake.job(run, "notify", "skipped", &[]);
    fake.end_run(FIRST, "success");
    let (exit, events) = following.end().await;
    assert_eq!(exit, Exit::Done, "{:?}", last(&events));
    assert_eq!(
        told(&events),
        [
            "+ promote",
            "+ promote / Set up job",
            "- promote / Set up job done",
            "+ promote / Promote",
            "- promote / Promote done",
            "promote: ▸ Run windlass",
            "promote: copied",
            "promote:! slow",
            "- promote done",
            "+ notify",
            "- notify unchanged skipped",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_deployment_says_by_whom_and_why() {
    let mut following = Following::begin().await;
    following.started.fake.pending(FIRST, 71, "stage", true);
    following
        .until(|kind| matches!(kind, EventKind::Log { line, .. } if line.starts_with("waiting for the approval of stage by ana, team ops")))
        .await;
    let fake = &following.started.fake;
    let environment = json!([{"id": 71, "name": "stage"}]);
    fake.store().actions.reviews.insert(
        FIRST,
        vec![json!({"state": "rejected", "comment": "not on Friday", "user": objects::person("ana", 3), "environments": environment})],
    );
    fake.end_run(FIRST, "failure");
    let (exit, events) = following.end().await;
    let (_, summary, _) = last(&events);
    assert_eq!(exit, Exit::Refused, "{summary}");
    assert!(summary.ends_with("by ana: not on Friday"), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_to_follow_leaves_the_run_alone_and_says_so() {
    let following = Following::begin().await;
    following.run.cancel.cancel();
    let fake_count = following.started.fake.count("POST", "/cancel");
    let (exit, events) = following.end().await;
    let (_, summary, hint) = last(&events);
    assert_eq!((exit, exit.code(), fake_count), (Exit::StillRunning, 8, 0));
    assert!(summary.contains("run 5001 on GitHub goes on"), "{summary}");
    assert!(hint.unwrap().contains("windlass logs 5001 -f"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_run_again_is_told_as_another_attempt() {
    let mut following = Following::begin().await;
    let fake = &following.started.fake;
    fake.job((FIRST, 1), "promote", "failure", &[("Promote", "failure")]);
    following
        .until(|kind| matches!(kind, EventKind::StepEnded { outcome: StepOutcome::Failed(why), .. } if why == "in Promote"))
        .await;
    let fake = &following.started.fake;
    fake.change_run(
        FIRST,
        &[("run_attempt", json!(2)), ("status", json!("in_progress"))],
    );
    following
        .until(|kind| matches!(kind, EventKind::WorkflowRun { attempt: 2, .. }))
        .await;
    let fake = &following.started.fake;
    fake.job((FIRST, 2), "promote", "success", &[("Promote", "success")]);
    fake.end_run(FIRST, "success");
    let (exit, events) = following.end().await;
    assert_eq!(exit, Exit::Done, "{:?}", last(&events));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_deleted_is_gone_and_a_github_that_is_out_of_order_is_borne() {
    let mut following = Following::begin().await;
    let fake = &following.started.fake;
    fake.fault("GET", "/actions/runs/5001", 12, Fault::status(502));
    following
        .until(|kind| matches!(kind, EventKind::Log { level: Level::Warning, line, .. } if line.contains("trying again")))
        .await;
    following.started.fake.store().actions.runs.clear();
    let (exit, events) = following.end().await;
    assert_eq!(exit, Exit::NotFound, "{:?}", last(&events));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_whose_token_was_taken_away_does_not_say_that_the_run_failed() {
    let following = Following::begin().await;
    following
        .started
        .fake
        .fault("GET", "/actions/runs/5001", usize::MAX, Fault::status(401));
    let (exit, events) = following.end().await;
    assert_eq!(exit, Exit::StillRunning, "{:?}", last(&events));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_asked_for_so_that_it_does_not_count() {
    let mut following = Following::begin().await;
    let fake = &following.started.fake;
    fake.job((FIRST, 1), "promote", "in_progress", &[]);
    following.until_step("promote").await;
    within("six answers that nothing changed", async {
        while following.started.fake.store().unchanged < 6 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    following.started.fake.end_run(FIRST, "success");
    let (exit, _) = following.end().await;
    assert_eq!(exit, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_log_of_200_mb_only_the_end_is_read_to_show_its_last_lines() {
    const LINES: usize = 200_000;
    const WIDTH: usize = 1000;
    let mut following = Following::begin().await;
    let fake = &following.started.fake;
    let job = fake.job((FIRST, 1), "promote", "success", &[("Promote", "success")]);
    fake.store().actions.logs.insert(job, Log::Repeated(WIDTH, LINES));
    let begun = std::time::Instant::now();
    following
        .until(|kind| matches!(kind, EventKind::Log { line, .. } if line.starts_with("earlier lines are left out")))
        .await;
    following
        .until(|kind| matches!(kind, EventKind::Log { line, .. } if line.len() == WIDTH))
        .await;
    let took = begun.elapsed();
    let fake = &following.started.fake;
    let size = LINES * (WIDTH + 30);
    let ranges = fake.store().log_ranges.clone();
    assert!(
        matches!(ranges[..], [from] if from > size - 1_000_000),
        "{ranges:?}"
    );
    println!("the end of 200 MB was shown after {took:?}");
    fake.end_run(FIRST, "success");
    let (exit, _) = following.end().await;
    assert_eq!(exit, Exit::Done);
}
