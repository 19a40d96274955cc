//! Truly live: what windlass does in a job is published by it, and told by whoever follows the run.

use std::time::Duration;

use serde_json::json;
use windlass::domain::{Exit, StepKind};
use windlass::engine::EventKind;

use super::actions::FIRST;
use super::call::{program, text};
use super::limit::within;
use super::promote::{Started, start};
use super::run::last;

/// The promotion of `started`, in a job of its run.
fn job(started: &Started, plan: &str) -> tokio::process::Command {
    let (folder, state) = (started.world.repository(), started.world.folder().join("ci"));
    let candidate = started.plan.digest.as_ref().unwrap().to_string();
    let args = ["promote", &candidate, "--to", "stage", "--plan", plan];
    let mut program = program(&folder, &state, &args);
    program
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_EVENT_NAME", "workflow_dispatch")
        .env("GITHUB_RUN_ID", FIRST.to_string())
        .env("GITHUB_RUN_ATTEMPT", "1")
        .env("GITHUB_JOB", "promote")
        .env("GITHUB_SHA", "c".repeat(40))
        .env(
            "GITHUB_WORKFLOW_REF",
            "acme/app/.github/workflows/promote-stage.yml@refs/heads/develop",
        );
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn what_windlass_does_in_a_job_is_told_as_steps_of_that_job_before_it_ends() {
    let started = start().await;
    let mut run = started.begin();
    let mut events = Vec::new();
    while let Some(event) = within("what the job does", run.events.recv()).await {
        let is_followed = matches!(event.happening, EventKind::WorkflowRun { .. });
        events.push(event);
        if is_followed {
            break;
        }
    }
    started
        .fake
        .change_run(FIRST, &[("status", json!("in_progress"))]);
    started.fake.job(
        (FIRST, 1),
        "promote",
        "in_progress",
        &[("Promote", "in_progress")],
    );
    let output = job(&started, started.plan.hash().as_str())
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

    // The job itself has not ended yet.
    let mut of_job = None;
    let mut copy = None;
    while let Some(event) = within("what the job does", run.events.recv()).await {
        match &event.happening {
            EventKind::StepAdded { added } if added.title == "promote" => of_job = Some(added.id),
            EventKind::StepAdded { added } if added.kind == StepKind::Copy => {
                assert_eq!(added.parent, of_job);
                copy = Some(added.id);
            }
            EventKind::StepEnded { step, .. } if Some(*step) == copy => break,
            _ => {}
        }
    }
    assert!(copy.is_some());
    let check = started.fake.live_check(&"c".repeat(40)).unwrap();
    assert_eq!(
        (&check["status"], &check["conclusion"]),
        (&json!("completed"), &json!("neutral"))
    );
    let writes = started.fake.store().check_writes.clone();
    let close = writes
        .windows(2)
        .filter(|pair| pair[1] - pair[0] < Duration::from_millis(900));
    assert_eq!(close.count(), 0, "{writes:?}");

    started
        .fake
        .job((FIRST, 1), "promote", "success", &[("Promote", "success")]);
    started.fake.end_run(FIRST, "success");
    while let Some(event) = within("what the job does", run.events.recv()).await {
        events.push(event);
    }
    assert_eq!(run.task.await.unwrap(), Exit::Done, "{:?}", last(&events));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_token_may_write_no_checks_says_so_and_promotes_all_the_same() {
    let started = start().await;
    started.fake.store().refuses_checks = true;
    let output = job(&started, started.plan.hash().as_str())
        .output()
        .await
        .unwrap();
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(
        err.contains("is not shown live") && err.contains("checks"),
        "{err}"
    );
}
