//! What the forge answers with: the fields that GitHub's description of its API requires, and those that windlass reads.
//! <https://docs.github.com/en/rest>

use serde_json::{Value, json};

use super::objects;
use super::settings::{BRANCH, REPOSITORY};
use super::state::{Progress, Run};

/// Who begins runs, and may approve them.
const PERSON: &str = "you";
/// The number of the environment.
pub(super) const ENVIRONMENT_ID: u64 = 71;
/// The environment that waits for approvals.
pub(super) const ENVIRONMENT: &str = "prod";
/// The name of the only job.
pub(super) const JOB: &str = "promote";

fn person() -> Value {
    objects::person(PERSON, 2)
}

const fn status(progress: Progress) -> (&'static str, Option<&'static str>) {
    match progress {
        Progress::Waiting => ("waiting", None),
        Progress::Running => ("in_progress", None),
        Progress::Ended(conclusion) => ("completed", Some(conclusion)),
    }
}

/// The page of a run, for people: the forge has none but the answer itself.
fn page(base: &str, id: u64) -> String {
    format!("{base}/{REPOSITORY}/actions/runs/{id}")
}

pub(super) fn run(run: &Run, base: &str, head: &str) -> Value {
    let (status, conclusion) = status(run.progress);
    let api = format!("{base}/repos/{REPOSITORY}/actions/runs/{}", run.id);
    json!({
        "id": run.id, "node_id": "WFR_1", "name": run.workflow, "head_branch": BRANCH, "head_sha": head,
        "path": format!(".github/workflows/{}", run.workflow), "display_title": run.title, "run_number": run.id - 5000,
        "run_attempt": 1, "event": "workflow_dispatch", "status": status, "conclusion": conclusion, "workflow_id": 9,
        "check_suite_id": 5, "check_suite_node_id": "CS_5", "url": api, "html_url": page(base, run.id),
        "pull_requests": [], "created_at": run.created, "updated_at": run.updated, "run_started_at": run.created,
        "jobs_url": format!("{api}/jobs"), "logs_url": format!("{api}/logs"), "check_suite_url": "", "artifacts_url": "",
        "cancel_url": "", "rerun_url": "", "workflow_url": "", "actor": person(), "triggering_actor": person(),
        "head_commit": null, "repository": objects::repository(REPOSITORY, BRANCH),
        "head_repository": objects::repository(REPOSITORY, BRANCH),
    })
}

pub(super) fn job(run: &Run, base: &str, head: &str) -> Value {
    let (status, conclusion) = status(run.progress);
    let is_begun = run.progress != Progress::Waiting && !run.log.is_empty();
    let step = |number: u64, name: &str, status: &str, conclusion: Option<&str>| {
        json!({"number": number, "name": name, "status": status, "conclusion": conclusion,
            "started_at": run.updated, "completed_at": null})
    };
    let steps = if is_begun {
        vec![
            step(1, "Set up job", "completed", Some("success")),
            step(2, "Promote", status, conclusion),
        ]
    } else {
        Vec::new()
    };
    json!({
        "id": run.job(), "run_id": run.id, "run_url": "", "run_attempt": 1, "node_id": "J_1", "head_sha": head,
        "head_branch": BRANCH, "url": "", "html_url": page(base, run.id), "status": status, "conclusion": conclusion,
        "created_at": run.created, "started_at": run.updated,
        "completed_at": conclusion.map(|_| run.updated), "name": JOB, "steps": steps, "check_run_url": "",
        "labels": ["demo"], "runner_id": 1, "runner_name": is_begun.then_some("demo"), "runner_group_id": null,
        "runner_group_name": null, "workflow_name": run.workflow,
    })
}

pub(super) fn pending(run: &Run, base: &str) -> Value {
    if run.progress != Progress::Waiting {
        return json!([]);
    }
    json!([{
        "environment": environment(base), "wait_timer": 0, "wait_timer_started_at": null,
        "current_user_can_approve": true,
        "reviewers": [{"type": "User", "reviewer": person()},
            {"type": "Team", "reviewer": objects::team("Release managers", "release-managers", 4)}],
    }])
}

fn environment(base: &str) -> Value {
    json!({
        "id": ENVIRONMENT_ID, "node_id": "EN_1", "name": ENVIRONMENT,
        "url": format!("{base}/repos/{REPOSITORY}/environments/{ENVIRONMENT}"),
        "html_url": format!("{base}/{REPOSITORY}/deployments"),
    })
}

/// The environment with its rules: whoever begins a run may approve it, as one plays alone.
pub(super) fn rules(base: &str) -> Value {
    let mut environment = environment(base);
    environment["created_at"] = json!("2026-01-01T00:00:00Z");
    environment["updated_at"] = json!("2026-01-01T00:00:00Z");
    environment["deployment_branch_policy"] = json!(null);
    environment["protection_rules"] = json!([{
        "id": 1, "node_id": "GA_1", "type": "required_reviewers", "prevent_self_review": false,
        "reviewers": [{"type": "User", "reviewer": person()}],
    }]);
    environment
}

pub(super) fn reviews(run: &Run, base: &str) -> Value {
    let reviews = run.reviews.iter().map(|review| {
        json!({
            "state": if review.approved { "approved" } else { "rejected" }, "comment": review.comment,
            "user": person(), "environments": [environment(base)],
        })
    });
    Value::Array(reviews.collect())
}

/// The repository.
pub(super) fn repository() -> Value {
    objects::whole_repository(REPOSITORY, BRANCH)
}

pub(super) fn limits(remaining: u64) -> Value {
    let core =
        json!({"limit": 5000, "remaining": remaining, "reset": 4_102_444_800_i64, "used": 5000 - remaining});
    json!({"resources": {"core": core, "search": core}, "rate": core})
}

/// The output of a check that has none yet.
pub(super) fn no_output() -> Value {
    json!({
        "title": null, "summary": null, "text": null, "annotations_count": 0,
        "annotations_url": "https://github.example.com/annotations",
    })
}
