//! The same calls on Gitea, whose answers differ in form, and which lacks some of what GitHub has.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use windlass::domain::{Exit, WorkflowTarget};
use windlass::engine::{Ending, EventKind, FollowOptions, LogLength, StepOutcome};
use windlass::github::{
    BranchRule, Conclusion, Dispatch, Dispatched, GitHubError, NewPullRequest, Progress, PullRequestState,
    RequiredCheck, asks_for_pull_request, refusal_of_creation,
};

use super::fake::TOKEN;
use super::gitea_fake::{COMMIT, Gitea, run};
use super::limit::within;
use super::sample::access;

fn workflow() -> windlass::domain::WorkflowFile {
    "promote-stage.yml".parse().unwrap()
}

#[tokio::test]
async fn a_run_on_gitea_is_asked_for_by_a_parameter_and_known_by_the_number_in_the_answer() {
    let gitea = Gitea::start().await;
    let details = json!({"workflow_run_id": 7, "run_url": "x", "html_url": "x"});
    gitea.answer("POST /actions/workflows/promote-stage.yml/dispatches", &details);
    let target = WorkflowTarget {
        repository: "acme/app".parse().unwrap(),
        workflow: workflow(),
        branch: "develop".parse().unwrap(),
    };
    let dispatch = Dispatch {
        target: &target,
        inputs: [("plan", "7c1d-42ab".to_owned())].into(),
    };
    let github = gitea.github();
    assert_eq!(
        github.dispatch(&dispatch, access()).await.unwrap(),
        Dispatched::Run(7)
    );
    let asked = gitea.asked().remove(0);
    assert!(asked.call.ends_with("?return_run_details=true"), "{}", asked.call);
    assert_eq!(
        asked.body,
        json!({"ref": "develop", "inputs": {"plan": "7c1d-42ab"}})
    );
}

#[tokio::test]
async fn runs_on_gitea_are_those_of_the_workflow_and_found_by_their_correlation_id() {
    let gitea = Gitea::start().await;
    let title = |id: &str| format!("Promote x to stage (plan 7c1d-42ab, {})", id.repeat(32));
    let runs = [
        run(9, "promote-prod.yml", "queued", None, &title("a")),
        run(8, "promote-stage.yml", "queued", None, &title("b")),
        run(7, "promote-stage.yml", "completed", Some("success"), &title("a")),
    ];
    gitea.answer(
        "GET /actions/runs",
        &json!({"total_count": 3, "workflow_runs": runs}),
    );
    let github = gitea.github();
    let all = github.workflow_runs(None, 2).await.unwrap();
    assert_eq!(all.iter().map(|run| run.id).collect::<Vec<_>>(), [9, 8]);
    let those = github.workflow_runs(Some(&workflow()), 10).await.unwrap();
    assert_eq!(those.iter().map(|run| run.id).collect::<Vec<_>>(), [8, 7]);
    assert_eq!((those[0].attempt, those[0].actor.as_deref()), (1, Some("ana")));
    // It does not say when a run was made before that begins.
    assert!(those[0].created > those[1].created);
    assert_eq!(those[1].progress, Progress::Ended(Conclusion::Success));
    let found = github
        .run_of_correlation(&workflow(), &"a".repeat(32), Timestamp::now())
        .await;
    assert_eq!(found.unwrap().unwrap().id, 7);
    let none = github
        .run_of_correlation(&workflow(), &"c".repeat(32), Timestamp::now())
        .await;
    assert_eq!(none.unwrap(), None);
}

/// Follows run 7 to its end.
async fn follow(gitea: &Gitea) -> (Ending, Vec<EventKind>) {
    let options = FollowOptions {
        poll: Duration::from_millis(5),
        logs: LogLength::Whole,
    };
    let mut told = Vec::new();
    let mut tell = |kind| told.push(kind);
    let cancel = CancellationToken::new();
    let github = gitea.github();
    let following = windlass::engine::follow(&github, 7, Vec::new(), &options, &mut tell, &cancel);
    let followed = within("the end of the run", following).await;
    (followed.ending, told)
}

#[tokio::test]
async fn a_run_that_fails_on_gitea_is_followed_to_its_end_with_its_log_and_without_approvals() {
    let gitea = Gitea::start().await;
    gitea.run("completed", Some("failure"));
    gitea.answer_text(
        "GET /actions/jobs/70/logs",
        "2026-11-01T10:00:00.0000000Z it is broken\n",
    );
    let (ending, told) = follow(&gitea).await;
    assert!(
        matches!(ending, Ending::Concluded(Conclusion::Failure)),
        "{ending:?}"
    );
    assert!(
        matches!(
            told[0],
            EventKind::WorkflowRun {
                number: 7,
                attempt: 1,
                ..
            }
        ),
        "{told:?}"
    );
    let log = told
        .iter()
        .any(|kind| matches!(kind, EventKind::Log { line, .. } if line == "it is broken"));
    assert!(log, "{told:?}");
    // Which step failed Gitea does not say, and so it is not told.
    let outcomes: Vec<_> = told
        .iter()
        .filter_map(|kind| match kind {
            EventKind::StepEnded { outcome, .. } => Some(outcome.clone()),
            _ => None,
        })
        .collect();
    let words: Vec<_> = outcomes.iter().map(StepOutcome::words).collect();
    assert_eq!(
        words,
        [
            ("unchanged", "ended; see the log of its job"),
            ("unchanged", "skipped"),
            ("failed", "see its log")
        ]
    );
    let asked = gitea.asked();
    let bearer = format!("Bearer {TOKEN}");
    assert!(
        asked
            .iter()
            .all(|asked| asked.authorization.as_ref() == Some(&bearer)),
        "{asked:?}"
    );
}

#[tokio::test]
async fn steps_on_gitea_run_once_they_began_and_are_done_when_their_job_is() {
    let gitea = Gitea::start().await;
    gitea.run("in_progress", None);
    let github = gitea.github();
    let steps = async |github: &windlass::github::GitHub| {
        let job = github.jobs(7, 1).await.unwrap().remove(0);
        job.steps.iter().map(|step| step.progress).collect::<Vec<_>>()
    };
    assert_eq!(steps(&github).await, [Progress::Running, Progress::Queued]);
    gitea.run("completed", Some("success"));
    let skipped = Progress::Ended(Conclusion::Skipped);
    assert_eq!(
        steps(&github).await,
        [Progress::Ended(Conclusion::Success), skipped]
    );
}

#[tokio::test]
async fn what_gitea_lacks_is_said_and_not_looked_for() {
    let gitea = Gitea::start().await;
    let github = gitea.github();
    let error = github.pending_deployments(7).await.unwrap_err();
    assert!(
        matches!(error, GitHubError::Lacking(_)) && error.exit() == Exit::Usage,
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "Gitea has no environments that wait for an approval"
    );
    assert!(github.live(7, 1, COMMIT).await.is_err());
    assert_eq!(github.reviews(7).await.unwrap(), []);
    assert!(github.forge().lacks().unwrap().contains("rulesets"));
    assert!(gitea.asked().is_empty(), "{:?}", gitea.asked());
}

#[tokio::test]
async fn checks_on_gitea_are_the_statuses_of_the_commit() {
    let gitea = Gitea::start().await;
    let status = |id: u64, context: &str, state: &str| json!({"id": id, "context": context, "status": state, "url": "x"});
    let statuses = [
        status(1, "ci/test", "success"),
        status(2, "ci/lint", "skipped"),
        status(3, "ci/scan", "warning"),
    ];
    // It counts those of the page.
    let combined = json!({"state": "pending", "sha": COMMIT, "total_count": 1, "statuses": statuses});
    gitea.answer(&format!("GET /commits/{COMMIT}/status"), &combined);
    let checks = gitea.github().checks(&COMMIT.parse().unwrap()).await.unwrap();
    assert_eq!(
        checks.to_string(),
        "1 of 3 passed; failed: ci/scan (warning); skipped: ci/lint"
    );
    assert_eq!(checks.required("ci/test"), RequiredCheck::Passed);
    gitea.answer(
        &format!("GET /commits/{COMMIT}/status"),
        &json!({"total_count": 0, "statuses": null}),
    );
    assert_eq!(
        gitea
            .github()
            .checks(&COMMIT.parse().unwrap())
            .await
            .unwrap()
            .count(),
        0
    );
}

/// A branch of Gitea, with what it lets this token do.
fn branch(protected: bool, may_push: bool) -> Value {
    json!({"name": "main", "protected": protected, "required_approvals": 1, "enable_status_check": protected,
        "status_check_contexts": ["ci/test"], "user_can_push": may_push, "user_can_merge": true})
}

#[tokio::test]
async fn the_branch_protection_of_gitea_is_read_as_what_it_lets_this_token_do() {
    let gitea = Gitea::start().await;
    let github = gitea.github();
    gitea.answer("GET /branches/main", &branch(true, false));
    let rules = github.rules("main").await.unwrap();
    assert_eq!(rules, [BranchRule::PullRequest { approvals: 1 }]);
    assert!(asks_for_pull_request(&rules).is_some());
    assert_eq!(github.required_checks("main", false).await.unwrap(), ["ci/test"]);
    // A push that is allowed needs no checks there.
    gitea.answer("GET /branches/main", &branch(true, true));
    assert_eq!(github.rules("main").await.unwrap(), []);
    assert_eq!(
        github.required_checks("release/v1", true).await.unwrap(),
        Vec::<String>::new()
    );

    let named = |name: &str, priority: u64, push: bool| json!({"rule_name": name, "priority": priority, "enable_push": push});
    gitea.answer(
        "GET /branch_protections",
        &json!([named("release/*", 2, false), named("main", 1, false)]),
    );
    let rules = github.rules_of_creation("release/v1").await.unwrap();
    assert!(refusal_of_creation(&rules, "release/v1").is_some(), "{rules:?}");
    assert_eq!(github.rules_of_creation("hotfix/v1").await.unwrap(), []);
    gitea.answer(
        "GET /branch_protections",
        &json!([named("release/*", 2, false), named("release/v1", 1, true)]),
    );
    assert_eq!(
        github.rules_of_creation("release/v1").await.unwrap(),
        [],
        "the first of them counts"
    );
}

#[tokio::test]
async fn a_pull_request_on_gitea_is_found_by_its_branch_though_that_may_be_gone() {
    let gitea = Gitea::start().await;
    gitea.answer("GET ", &json!({"owner": {"login": "acme"}}));
    let pull = |number: u64, label: &str, owner: &str, sha: &str| {
        json!({"number": number, "html_url": "x", "state": "closed", "merged_at": "2026-11-01T10:00:00Z",
            "merge_commit_sha": "d".repeat(40), "head": {"label": label, "ref": format!("refs/pull/{number}/head"),
            "sha": sha, "repo": {"owner": {"login": owner}}}})
    };
    let pulls = [
        pull(4, "release/v1", "stranger", &"a".repeat(40)),
        pull(3, "other", "acme", ""),
        pull(2, "release/v1", "acme", ""),
    ];
    gitea.answer("GET /pulls", &json!(pulls));
    let github = gitea.github();
    let found = github.pull_request("release/v1", "main").await.unwrap().unwrap();
    assert_eq!(
        (found.number, found.state, found.head_sha),
        (2, PullRequestState::Merged, None)
    );
    assert_eq!(found.merged_as.unwrap().as_str(), "d".repeat(40));
    assert_eq!(github.pull_request("hotfix/v1", "main").await.unwrap(), None);

    gitea.answer("GET /pulls", &json!([]));
    let mut made = pull(5, "hotfix/v1", "acme", &"a".repeat(40));
    made["state"] = json!("open");
    made["merged_at"] = json!(null);
    gitea.answer("POST /pulls", &made);
    let new = NewPullRequest {
        head: "hotfix/v1".to_owned(),
        base: "main".to_owned(),
        title: "Merge".to_owned(),
        body: String::new(),
    };
    assert_eq!(github.open_pull_request(&new, access()).await.unwrap().number, 5);
    let listed = gitea.asked();
    let listed = listed
        .iter()
        .find(|asked| asked.call.contains("base_branch=main"));
    assert!(listed.unwrap().call.contains("state=all"), "{listed:?}");
}
