//! What the webhooks of windlass.toml are told, held to its schema.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::call::{program, text};
use crate::receiver::Receiver;
use crate::sample::world_at;
use crate::schemas::schemas;

#[tokio::test(flavor = "multi_thread")]
async fn what_webhooks_are_told_of_runs_and_drift_is_as_its_schema_has_it() {
    let world = world_at(Timestamp::now()).await;
    let folder = world.repository();
    let receiver = Receiver::start(204).await;
    let path = folder.join("windlass.toml");
    let configuration = std::fs::read_to_string(&path).unwrap();
    let webhook = format!("\n[[notify]]\nurl = \"http://{}/json\"\n", receiver.address);
    let with_webhook = configuration + &webhook;
    std::fs::write(&path, &with_webhook).unwrap();
    let run = async |command: &str, expected: i32| {
        let args: Vec<_> = command.split_whitespace().collect();
        let mut program = program(&folder, &folder.join("state"), &args);
        let output = program.output().await.unwrap();
        assert_eq!(output.status.code(), Some(expected), "{}", text(&output.stderr));
    };
    run("promote develop --to stage --yes", 0).await;
    run("promote develop~4 --to stage --yes", 3).await;
    run("cut develop --yes", 0).await;
    // The platform gives no answer.
    let unknown = with_webhook.replace(
        "program = \"/bin/sh\"",
        "program = \"/bin/sh\", running = [\"false\"]",
    );
    std::fs::write(&path, unknown).unwrap();
    run("watch --once", 3).await;

    let (schemas, mut seen) = (schemas(), BTreeSet::new());
    for told in receiver.documents("/json") {
        let errors = schemas.errors("notification", &told);
        assert!(errors.is_empty(), "{errors:#?}\n{told:#}");
        let event = told["event"].as_str().unwrap();
        seen.insert(format!(
            "{event} {}",
            told["outcome"].as_str().unwrap_or_default()
        ));
    }
    let seen: Vec<_> = seen.iter().map(|seen| seen.trim()).collect();
    assert_eq!(seen, ["drift", "run done", "run refused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_is_told_to_deploy_is_as_its_schema_has_it() {
    let world = world_at(Timestamp::now()).await;
    let folder = world.repository();
    let receiver = Receiver::start(204).await;
    let path = folder.join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let deploys: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("deploy = "))
        .collect();
    let webhook = format!(
        "deploy = {{ kind = \"webhook\", url = \"http://{}/deploy\" }}",
        receiver.address
    );
    let text = deploys
        .iter()
        .fold(text.clone(), |text, deploy| text.replace(deploy, &webhook));
    std::fs::write(&path, text).unwrap();
    let args = ["promote", "develop", "--to", "stage", "--yes"];
    let output = program(&folder, &folder.join("state"), &args)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", text_of(&output));
    let (schemas, told) = (schemas(), receiver.documents("/deploy"));
    let [told] = &told[..] else { panic!("{told:#?}") };
    let errors = schemas.errors("deploy-request", told);
    assert!(errors.is_empty(), "{errors:#?}\n{told:#}");
    let known = ["tag", "commit", "previous_digest"];
    assert!(known.iter().all(|key| told[key].is_string()), "{told:#}");
}

fn text_of(output: &std::process::Output) -> String {
    text(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_no_engine_plans_are_told_to_the_webhooks_too() {
    let world = world_at(Timestamp::now()).await;
    let folder = world.repository();
    let webhooks = Receiver::start(204).await;
    let path = folder.join("windlass.toml");
    let configuration = std::fs::read_to_string(&path).unwrap();
    let webhook = format!("\n[[notify]]\nurl = \"http://{}/json\"\n", webhooks.address);
    std::fs::write(&path, configuration + &webhook).unwrap();
    let from = format!("{}/dev/payment-svc:latest", world.shared_host());
    let to = format!("{}/copies/payment-svc:one", world.shared_host());
    for (command, expected) in [
        (format!("copy {from} {to}"), 0),
        (format!("copy {from} {to} --dry-run"), 0),
        (format!("registry rm {to} --yes"), 0),
        // No tool of a check is here.
        ("check --skip image".to_owned(), 1),
    ] {
        let args: Vec<_> = command.split_whitespace().collect();
        let mut program = program(&folder, &folder.join("state"), &args);
        program.env("PATH", folder.join("nothing"));
        let output = program.output().await.unwrap();
        assert_eq!(
            output.status.code(),
            Some(expected),
            "{command}: {}",
            text_of(&output)
        );
    }
    let forms = schemas();
    let told: Vec<_> = webhooks
        .documents("/json")
        .iter()
        .map(|told| {
            let errors = forms.errors("notification", told);
            assert!(errors.is_empty(), "{errors:#?}\n{told:#}");
            let value = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", value("operation"), value("service"), value("outcome"))
        })
        .collect();
    assert_eq!(
        told,
        [
            "copy payment-svc done",
            "remove payment-svc done",
            "check payment-svc failed"
        ]
    );
}
