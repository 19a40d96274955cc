//! Notifications: webhooks are told how runs end, and nothing waits for them.

use super::*;
use crate::call::{program, text};
use crate::receiver::Receiver;
use tokio::sync::Semaphore;
use windlass::http::{SIGNATURE_HEADER, signature};

/// An engine with these webhooks, each at a path of `receiver`.
fn notifying(world: &World, receiver: &Receiver, webhooks: &[(&str, &str)]) -> Arc<Engine> {
    let path = world.repository().join("windlass.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (at, rest) in webhooks {
        let table = [
            "\n[[notify]]\nurl = \"http://",
            receiver.address.as_str(),
            at,
            "\"\n",
            rest,
            "\n",
        ];
        text.push_str(&table.concat());
    }
    std::fs::write(path, text).unwrap();
    world.engine().unwrap()
}

/// Carries out a promotion of `candidate` to stage; what could not be delivered.
async fn promoted(engine: &Arc<Engine>, candidate: &str) -> (Exit, Vec<String>) {
    let plan = planned(engine, &promote(candidate, "stage", None, false))
        .await
        .unwrap();
    let mut run = begin(engine, plan);
    while run.events.recv().await.is_some() {}
    (run.task.await.unwrap(), run.notifying.await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_each_run_is_posted_signed_to_the_webhooks_of_its_environment() {
    let (world, _) = world().await;
    let receiver = Receiver::start(204).await;
    let secret = world.folder().join("secret");
    std::fs::write(&secret, "hidden\n").unwrap();
    let signed = format!("secret_file = \"{}\"", secret.display());
    let engine = notifying(
        &world,
        &receiver,
        &[
            ("/all/{service}", &signed),
            ("/slack", "form = \"slack\"\nenvironments = [\"stage\"]"),
            ("/teams", "form = \"teams\""),
            ("/prod", "environments = [\"prod\"]"),
            ("/drift", "on = [\"drift\"]"),
        ],
    );
    assert_eq!(promoted(&engine, "develop~4").await, (Exit::Refused, vec![]));
    assert_eq!(promoted(&engine, "develop").await, (Exit::Done, vec![]));

    let digest = deployed(&engine, "stage").await;
    let all = receiver.documents("/all/payment-svc");
    let outcomes: Vec<_> = all.iter().map(|told| &told["outcome"]).collect();
    assert_eq!(outcomes, ["refused", "done"]);
    let done = &all[1];
    for (key, expected) in [
        ("event", "run"),
        ("operation", "promote"),
        ("service", "payment-svc"),
        ("environment", "stage"),
        ("digest", &digest.to_string()),
        ("summary", "promote to stage is done"),
    ] {
        assert_eq!(done[key], expected, "{done:#}");
    }
    assert!(
        all[0]["summary"].as_str().unwrap().contains("stopped: "),
        "{all:?}"
    );
    for (headers, body) in receiver.posted("/all/payment-svc") {
        assert_eq!(
            headers[SIGNATURE_HEADER],
            signature(&"hidden".to_owned().into(), &body)
        );
    }
    let slack = &receiver.documents("/slack")[1];
    let told = slack["text"].as_str().unwrap();
    assert!(
        told.starts_with("✓ payment-svc: promote to stage is done\n") && told.contains(&digest.short()),
        "{told}"
    );
    assert_eq!(receiver.documents("/teams")[1]["type"], "message");
    assert!(receiver.posted("/prod").is_empty() && receiver.posted("/drift").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_and_is_recorded_while_its_webhook_has_not_answered() {
    let (world, _) = world().await;
    let answers = Arc::new(Semaphore::new(0));
    let receiver = Receiver::answering(204, Arc::clone(&answers)).await;
    let engine = notifying(&world, &receiver, &[("/slow", "")]);
    let plan = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    let mut run = begin(&engine, plan);
    let mut last = None;
    while let Some(event) = run.events.recv().await {
        last = Some(event);
    }
    assert_eq!(run.task.await.unwrap(), Exit::Done);
    assert!(!run.notifying.is_finished());
    let journal = engine.journals().read(&run.id).unwrap();
    assert_eq!(journal.last(), last.as_ref());
    answers.add_permits(1);
    assert_eq!(run.notifying.await.unwrap(), [""; 0]);
    assert_eq!(receiver.posted("/slow").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_delivered_is_one_warning_without_the_path_and_no_other_exit_code() {
    let (world, _) = world().await;
    let receiver = Receiver::start(404).await;
    notifying(&world, &receiver, &[("/hooks/private", "")]);
    let folder = world.repository();
    let args = ["promote", "develop", "--to", "stage", "--yes"];
    let output = program(&folder, &folder.join("state"), &args)
        .output()
        .await
        .unwrap();
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let warnings: Vec<_> = told
        .lines()
        .filter(|line| line.starts_with("warning: "))
        .collect();
    let expected = format!(
        "warning: notification not delivered: http://{} answers with status 404",
        receiver.address
    );
    assert_eq!(warnings, [expected]);
    assert!(!told.contains("private"), "{told}");
    assert_eq!(receiver.posted("/hooks/private").len(), 1);
}
