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
