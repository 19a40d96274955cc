//! Runs that wait for an approval: the webhooks are asked once for each, and nothing waits for them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use windlass::domain::Exit;
use windlass::engine::{Event, EventKind, Run};

use super::actions::FIRST;
use super::git::git;
use super::json_schema::Schemas;
use super::promote::{Started, start};
use super::receiver::Receiver;

/// A world whose windlass.toml has these webhooks, each at a path of `receiver`.
async fn notifying(receiver: &Receiver, webhooks: &[(&str, &str)]) -> Started {
    let mut started = start().await;
    let path = started.world.repository().join("windlass.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (at, rest) in webhooks {
        let url = ["\n[[notify]]\nurl = \"http://", &receiver.address, at, "\"\n"].concat();
        text.push_str(&[&url, *rest, "\n"].concat());
    }
    std::fs::write(&path, text).unwrap();
    started.engine = started.world.engine().unwrap();
    started
}

/// The next event that is as asked for.
async fn until(run: &mut Run, is_it: impl Fn(&EventKind) -> bool) -> Event {
    let waiting = async {
        loop {
            let event = run.events.recv().await.unwrap();
            if is_it(&event.happening) {
                return event;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting)
        .await
        .unwrap()
}

async fn until_followed(run: &mut Run) {
    until(run, |kind| matches!(kind, EventKind::WorkflowRun { .. })).await;
}

async fn until_asked(run: &mut Run, of: &str) {
    let is_it = |kind: &EventKind| matches!(kind, EventKind::ApprovalRequested { environment, .. } if environment == of);
    until(run, is_it).await;
}

/// The events up to the end.
async fn rest(run: &mut Run) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = run.events.recv().await {
        events.push(event);
    }
    events
}

fn requests(events: &[Event]) -> usize {
    let asked = |event: &&Event| matches!(event.happening, EventKind::ApprovalRequested { .. });
    events.iter().filter(asked).count()
}

fn hold_to_schema(told: &[Value]) {
    let schemas = Schemas::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schemas"));
    for document in told {
        let errors = schemas.errors("notification", document);
        assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
    }
}

/// Waits until so many notifications were posted to `path`.
async fn posted(receiver: &Receiver, path: &str, count: usize) -> Vec<Value> {
    let waiting = async {
        while receiver.posted(path).len() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting)
        .await
        .unwrap();
    receiver.documents(path)
}

/// Waits until GitHub was asked twice more what the run waits for: the answers of the first time are told by then.
async fn asked_again(started: &Started) {
    let count = || started.fake.count("GET", "/pending_deployments");
    let before = count();
    let waiting = async {
        while count() < before + 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_approval_that_a_run_waits_for_is_asked_of_the_webhooks_once_in_each_form() {
    let receiver = Receiver::start(204).await;
    let webhooks = [
        ("/json", ""),
        ("/slack", "form = \"slack\"\non = [\"approval\"]"),
        ("/teams", "form = \"teams\"\non = [\"approval\"]"),
        ("/runs", "on = [\"run\"]"),
        ("/prod", "environments = [\"prod\"]"),
    ];
    let started = notifying(&receiver, &webhooks).await;
    let (digest, commit) = (
        started.plan.digest.clone().unwrap(),
        started.plan.commit.clone().unwrap(),
    );
    let release = format!("refs/remotes/origin/release/v1.4.0-sha-{}", commit.short());
    git(
        &started.world.repository(),
        &["update-ref", &release, commit.as_str()],
    );
    let mut run = started.begin();
    until_followed(&mut run).await;
    started.fake.pending(FIRST, 71, "stage", true);
    until_asked(&mut run, "stage").await;
    posted(&receiver, "/json", 1).await;
    asked_again(&started).await;
    started.fake.pending(FIRST, 72, "stage <eu>", true);
    until_asked(&mut run, "stage <eu>").await;
    posted(&receiver, "/json", 2).await;
    // Another attempt needs another approval.
    started
        .fake
        .store()
        .actions
        .pending
        .get_mut(&FIRST)
        .unwrap()
        .pop();
    started.fake.change_run(FIRST, &[("run_attempt", json!(2))]);
    until_asked(&mut run, "stage").await;
    posted(&receiver, "/json", 3).await;
    started.fake.end_run(FIRST, "success");
    rest(&mut run).await;
    let id = run.id.to_string();
    assert_eq!(run.task.await.unwrap(), Exit::Done);
    assert_eq!(run.notifying.await.unwrap(), [""; 0]);

    let told = receiver.documents("/json");
    hold_to_schema(&told);
    let in_short: Vec<_> = told
        .iter()
        .map(|one| {
            (
                one["event"].as_str().unwrap(),
                &one["github_environment"],
                &one["attempt"],
            )
        })
        .collect();
    assert_eq!(
        in_short,
        [
            ("approval", &json!("stage"), &json!(1)),
            ("approval", &json!("stage <eu>"), &json!(1)),
            ("approval", &json!("stage"), &json!(2)),
            ("run", &Value::Null, &Value::Null),
        ]
    );
    let url = started.fake.store().actions.runs[0]["html_url"].clone();
    for (key, expected) in [
        ("run", json!(id)),
        ("operation", json!("promote")),
        ("service", json!("payment-svc")),
        ("environment", json!("stage")),
        ("digest", json!(digest.to_string())),
        ("commit", json!(commit.to_string())),
        ("release", json!("v1.4.0")),
        ("workflow_run", json!(FIRST)),
        ("url", url.clone()),
        ("reviewers", json!(["ana", "team ops"])),
        ("hint", json!("run `windlass approve --github 5001 --env stage`")),
    ] {
        assert_eq!(told[0][key], expected, "{key} of {:#}", told[0]);
    }
    let slack = receiver.documents("/slack");
    let text = slack[1]["text"].as_str().unwrap();
    let first =
        "• payment-svc: promote to stage waits for the approval of stage &lt;eu&gt; by ana, team ops\n";
    assert!(text.starts_with(first), "{text}");
    let facts = format!("\n{} · v1.4.0 · by ", digest.short());
    assert!(
        text.contains(&facts) && text.contains(url.as_str().unwrap()),
        "{text}"
    );
    let teams = receiver.documents("/teams");
    assert_eq!(
        (slack.len(), teams.len(), &teams[0]["type"]),
        (3, 3, &json!("message"))
    );
    assert_eq!(receiver.documents("/runs").len(), 1);
    assert!(receiver.posted("/prod").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_does_not_answer_holds_up_neither_the_run_nor_the_news_of_its_end() {
    let answers = Arc::new(Semaphore::new(0));
    let receiver = Receiver::answering(204, Arc::clone(&answers)).await;
    let started = notifying(&receiver, &[("/slow", "")]).await;
    let mut run = started.begin();
    until_followed(&mut run).await;
    started.fake.pending(FIRST, 71, "stage", true);
    until_asked(&mut run, "stage").await;
    posted(&receiver, "/slow", 1).await;
    started.fake.end_run(FIRST, "success");
    rest(&mut run).await;
    assert_eq!(run.task.await.unwrap(), Exit::Done);
    let told = posted(&receiver, "/slow", 2).await;
    assert_eq!(
        (&told[0]["event"], &told[1]["event"]),
        (&json!("approval"), &json!("run"))
    );
    assert!(!run.notifying.is_finished());
    answers.add_permits(2);
    assert_eq!(run.notifying.await.unwrap(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_the_run_under_way_does_not_ask_for_its_approval_again() {
    let receiver = Receiver::start(204).await;
    let started = notifying(&receiver, &[("/json", "")]).await;
    let mut run = started.begin();
    until_followed(&mut run).await;
    started.fake.pending(FIRST, 71, "stage", true);
    until_asked(&mut run, "stage").await;
    run.cancel.cancel();
    rest(&mut run).await;
    assert_eq!(run.task.await.unwrap(), Exit::StillRunning);
    assert_eq!(run.notifying.await.unwrap(), [""; 0]);

    let mut again = started.begin();
    until_followed(&mut again).await;
    started.fake.pending(FIRST, 72, "prod", true);
    until_asked(&mut again, "prod").await;
    started.fake.end_run(FIRST, "success");
    assert_eq!(requests(&rest(&mut again).await), 0);
    assert_eq!(again.notifying.await.unwrap(), [""; 0]);
    let mut told: Vec<_> = receiver
        .documents("/json")
        .iter()
        .map(|told| {
            format!(
                "{} {}{}",
                told["event"], told["github_environment"], told["outcome"]
            )
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            r#""approval" "prod"null"#,
            r#""approval" "stage"null"#,
            r#""run" null"done""#,
            r#""run" null"still-running""#,
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_to_approve_what_only_waits_for_its_timer() {
    let receiver = Receiver::start(204).await;
    let started = notifying(&receiver, &[("/json", "on = [\"approval\"]")]).await;
    let mut run = started.begin();
    until_followed(&mut run).await;
    let now = jiff::Timestamp::now().to_string();
    let timer = json!({
        "environment": {"id": 71, "node_id": "EN_1", "name": "stage", "url": "x", "html_url": "x"},
        "wait_timer": 30, "wait_timer_started_at": now, "current_user_can_approve": false, "reviewers": [],
    });
    started.fake.store().actions.pending.insert(FIRST, vec![timer]);
    started.fake.change_run(FIRST, &[("status", json!("waiting"))]);
    let waits = "waiting for the timer of stage until ";
    until(
        &mut run,
        |kind| matches!(kind, EventKind::Log { line, .. } if line.starts_with(waits)),
    )
    .await;
    started.fake.end_run(FIRST, "success");
    assert_eq!(requests(&rest(&mut run).await), 0);
    assert_eq!(run.notifying.await.unwrap(), [""; 0]);
    assert!(receiver.posted("/json").is_empty());
}
