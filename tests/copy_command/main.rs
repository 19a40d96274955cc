//! `windlass copy` as people and scripts see it, between two embedded registries.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/call.rs"]
mod call;
mod many;
#[path = "../support/runs.rs"]
mod runs;
#[path = "../registry_client/world.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of the client, which use all of it"
)]
mod world;

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use windlass::demo::registry::{Auth, Credentials, Options};
use windlass::domain::Target;

use call::{program, text};
use world::{Journey, journey};

struct Ground {
    folder: TempDir,
    journey: Journey,
    source: String,
    destination: String,
}

impl Ground {
    async fn new() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(to: Options) -> Self {
        let journey = journey(Options::default(), to).await;
        let tag = "v1".parse().unwrap();
        journey
            .source
            .tag(&journey.digest, &tag, windlass::registry::TagRule::Immutable)
            .await
            .unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            source: format!("{}/dev/app:v1", journey.from.host()),
            destination: format!("{}/app", journey.to.host()),
            journey,
        }
    }

    async fn copy(&self, arguments: &[&str]) -> Output {
        let mut all = vec!["copy"];
        if !arguments.contains(&"--list") {
            all.extend([self.source.as_str(), self.destination.as_str()]);
        }
        all.extend(arguments);
        windlass(self.folder.path(), &all).await
    }

    async fn tags(&self) -> Vec<String> {
        let tags = self.journey.target.tags().await.unwrap();
        tags.iter().map(ToString::to_string).collect()
    }
}

async fn windlass(folder: &Path, arguments: &[&str]) -> Output {
    let mut program = program(folder, &folder.join("state"), arguments);
    program.env("HOME", folder).output().await.unwrap()
}

fn out(output: &Output) -> String {
    text(&output.stdout)
}

fn err(output: &Output) -> String {
    text(&output.stderr)
}

#[tokio::test]
async fn a_copy_says_what_arrived_and_what_it_took_and_the_second_one_finds_it_there() {
    let ground = Ground::new().await;
    let first = ground.copy(&[]).await;
    assert!(first.status.success(), "{}", err(&first));
    let digest = ground.journey.digest.to_string();
    assert!(
        out(&first).contains(&format!("✓ {}:v1 is {digest}", ground.destination)),
        "{}",
        out(&first)
    );
    assert!(ground.journey.arrived().await);
    let again = ground.copy(&[]).await;
    assert!(
        out(&again).contains(&format!("was already {digest}")),
        "{}",
        out(&again)
    );
    assert!(
        out(&again).contains("0 B copied (0 B expected)"),
        "{}",
        out(&again)
    );
    let left = std::fs::read_dir(ground.folder.path().join("state/windlass/uploads"));
    assert_eq!(
        left.unwrap().count(),
        0,
        "nothing is remembered of what has arrived"
    );
}

#[tokio::test]
async fn a_copy_leaves_a_journal_a_failed_one_too_and_a_dry_run_does_not() {
    let ground = Ground::new().await;
    let listed = async |args: &[&str]| windlass(ground.folder.path(), args).await.stdout;
    assert!(ground.copy(&["--dry-run"]).await.status.success());
    let none: Value = serde_json::from_slice(&listed(&["runs", "--json"]).await).unwrap();
    assert_eq!(none["runs"], Value::Array(Vec::new()));
    assert!(ground.copy(&[]).await.status.success());
    let title = format!("copy {} to {}:v1", ground.source, ground.destination);
    let newest = runs::newest(&listed(&["runs", "--json"]).await);
    assert_eq!(newest, (title, "done".to_owned()));
    let missing = format!("{}/dev/app:v9", ground.journey.from.host());
    let failed = windlass(ground.folder.path(), &["copy", &missing, &ground.destination]).await;
    assert_eq!(failed.status.code(), Some(7), "{}", err(&failed));
    let newest = runs::newest(&listed(&["runs", "--json"]).await);
    assert_eq!(newest.1, "not-found");
    // Each image of a list is a step of its own.
    let list = ground.folder.path().join("list");
    let line = |tag: &str| format!("{} {}:{tag}\n", ground.source, ground.destination);
    std::fs::write(&list, line("a") + &line("b")).unwrap();
    let done = ground.copy(&["--list", list.to_str().unwrap()]).await;
    assert!(done.status.success(), "{}", err(&done));
    let all: Value = serde_json::from_slice(&listed(&["runs", "--json"]).await).unwrap();
    let run = all["runs"][0]["run"].as_str().unwrap();
    let events = text(&listed(&["runs", run, "--json"]).await);
    let ended: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| event["event"] == "step-ended" && event["outcome"] == "done")
        .collect();
    let mut steps: Vec<_> = ended
        .iter()
        .map(|event| event["step"].as_u64().unwrap())
        .collect();
    steps.sort_unstable();
    assert_eq!(steps, [1, 2], "{events}");
}

#[tokio::test]
async fn what_is_expected_is_what_it_takes() {
    let ground = Ground::new().await;
    let copied = ground.copy(&["--json"]).await;
    let document: Value = serde_json::from_slice(&copied.stdout).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["failed"], 0);
    assert_eq!(document["copies"][0]["digest"], ground.journey.digest.to_string());
    for figure in ["requests", "bytes"] {
        assert_eq!(
            document[figure]["expected"], document[figure]["actual"],
            "{document}"
        );
        assert!(document[figure]["actual"].as_u64().unwrap() > 0, "{document}");
    }
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_read_only_refuses_all_else() {
    let ground = Ground::new().await;
    let dry = ground.copy(&["--dry-run"]).await;
    assert!(dry.status.success(), "{}", err(&dry));
    assert!(out(&dry).contains("blobs      7 to upload"), "{}", out(&dry));
    let refused = ground.copy(&["--read-only"]).await;
    assert_eq!(refused.status.code(), Some(2), "{}", err(&refused));
    let written = |line: &windlass::demo::registry::RequestLine| {
        matches!(line.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
    };
    assert!(!ground.journey.to.requests().iter().any(written));
}

#[tokio::test]
async fn a_tag_with_another_digest_is_a_conflict_unless_it_is_forced() {
    let ground = Ground::new().await;
    ground.copy(&["--platform", "linux/amd64"]).await;
    let conflict = ground.copy(&[]).await;
    assert_eq!(conflict.status.code(), Some(4));
    assert!(err(&conflict).contains("--force"), "{}", err(&conflict));
    assert_eq!(out(&conflict), "");
    let forced = ground.copy(&["--force"]).await;
    assert!(forced.status.success(), "{}", err(&forced));
    assert!(out(&forced).contains("moved from sha256:"), "{}", out(&forced));
}

#[tokio::test]
async fn a_part_of_an_image_says_that_it_is_another_digest() {
    let ground = Ground::new().await;
    let part = ground.copy(&["--platform", "linux/arm64"]).await;
    assert!(out(&part).contains("only some platforms"), "{}", out(&part));
    let name = Target::Tag("v1".parse().unwrap());
    let there = ground.journey.target.resolve(&name).await.unwrap().unwrap();
    assert_ne!(there.digest, ground.journey.digest);
}

#[tokio::test]
async fn a_protected_environment_takes_no_copies() {
    let ground = Ground::new().await;
    let (from, to) = (ground.journey.from.host(), ground.journey.to.host());
    let configuration = format!(
        "[[service]]\nname = \"app\"\n[[environment]]\nname = \"dev\"\nimage = \"{from}/dev/{{service}}\"\n\
         [[environment]]\nname = \"prod\"\nfrom = \"dev\"\nimage = \"{to}/{{service}}\"\nprotected = true\n"
    );
    std::fs::write(ground.folder.path().join("windlass.toml"), configuration).unwrap();
    for arguments in [&[][..], &["--platform", "linux/amd64"]] {
        let refused = ground.copy(arguments).await;
        assert_eq!(refused.status.code(), Some(3), "{}", err(&refused));
        assert!(err(&refused).contains("windlass promote"), "{}", err(&refused));
    }
    assert!(ground.tags().await.is_empty());
}

#[tokio::test]
async fn a_list_copies_all_it_can_and_ends_with_the_first_failure() {
    let ground = Ground::new().await;
    let (source, to) = (&ground.source, ground.journey.to.host());
    let missing = source.replace(":v1", ":v9");
    let list = format!("{source} {to}/one\n{missing} {to}/two\n# and one more\n{source} {to}/three:v2\n");
    std::fs::write(ground.folder.path().join("images.txt"), list).unwrap();
    let copied = ground.copy(&["--list", "images.txt"]).await;
    assert_eq!(copied.status.code(), Some(7), "{}", err(&copied));
    assert!(
        err(&copied).contains(&format!("✗ {missing} was not copied to {to}/two:v9")),
        "{}",
        err(&copied)
    );
    for there in ["one:v1 is sha256:", "three:v2 is sha256:"] {
        assert!(out(&copied).contains(there), "{}", out(&copied));
    }

    std::fs::write(ground.folder.path().join("images.txt"), "one two three\n").unwrap();
    let wrong = ground.copy(&["--list", "images.txt"]).await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        err(&wrong).contains("images.txt:1: expected two image names"),
        "{}",
        err(&wrong)
    );
}

#[tokio::test]
async fn who_may_not_push_is_told_so() {
    let ground = Ground::with(Options {
        auth: Auth::Bearer(Credentials::new("ana", "right")),
        ..Options::default()
    });
    // The world is built by the same hands, which have no credentials: only the source may be open.
    let ground = ground.await;
    let refused = ground.copy(&[]).await;
    assert_eq!(refused.status.code(), Some(6), "{}", err(&refused));
    assert!(err(&refused).contains("docker login"), "{}", err(&refused));
    assert_eq!(out(&refused), "");
}
