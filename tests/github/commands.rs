//! The commands that ask GitHub, as people and scripts call them.

use std::path::Path;
use std::process::{Output, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use windlass::demo::World;

use super::actions::{FIRST, Log};
use super::call::{program, text};
use super::fake::Fake;
use super::json_schema::Schemas;
use super::sample::world_at;
use super::world::engine_with_runner;

struct Folder {
    world: World,
    fake: Fake,
}

impl Folder {
    /// A world on the fake, which has a run with a job that has ended and one that has not.
    async fn new() -> Self {
        let (world, fake) = (world_at(Timestamp::now()).await, Fake::start().await);
        engine_with_runner(&world, &fake);
        let digest = windlass::domain::Digest::of(b"image");
        let title = format!("Promote {digest} to stage (plan 7c1d-42ab, {})", "e".repeat(32));
        fake.store().actions.begin(&title);
        let job = fake.job((FIRST, 1), "promote", "success", &[("Promote", "success")]);
        fake.log(job, "2026-11-01T10:00:00.1234567Z \u{1b}[2Jcopied 11 blobs\n");
        fake.job((FIRST, 1), "notify", "in_progress", &[]);
        fake.change_run(FIRST, &[("status", json!("in_progress"))]);
        Self { world, fake }
    }

    fn program(&self, args: &[&str]) -> tokio::process::Command {
        let folder = self.world.repository();
        program(&folder, &folder.join("state"), args)
    }

    async fn call(&self, args: &[&str]) -> (Output, String, String) {
        let output = self.program(args).output().await.unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        (output, out, err)
    }

    /// The documents that a command prints, which are as their schema says.
    async fn documents(&self, schema: &str, args: &[&str]) -> Vec<Value> {
        let (_, out, err) = self.call(args).await;
        let schemas = Schemas::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schemas"));
        assert!(schemas.names().any(|name| name == schema) && schemas.faults().is_empty());
        let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&out).into_iter().collect();
        let documents = documents.unwrap_or_else(|error| panic!("{error}: {out}{err}"));
        assert!(!documents.is_empty(), "{args:?}: {err}");
        for document in &documents {
            let errors = schemas.errors(schema, document);
            assert!(errors.is_empty(), "{args:?}: {errors:#?}\n{document:#}");
        }
        documents
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_printed_of_jobs_that_ended_and_the_others_are_named() {
    let folder = Folder::new().await;
    for run in ["5001", "https://github.com/acme/app/actions/runs/5001/job/1"] {
        let (output, out, err) = folder.call(&["logs", run]).await;
        assert_eq!(output.status.code(), Some(0), "{err}");
        assert!(out.contains("promote copied 11 blobs"), "{out}");
        assert!(out.contains("\u{2713} promote / Promote"), "{out}");
        assert!(err.contains("not ended yet: notify"), "{err}");
    }
    folder.documents("event", &["logs", "5001", "--json"]).await;
    let (output, _, err) = folder.call(&["logs", "4999"]).await;
    assert_eq!(output.status.code(), Some(7), "{err}");

    folder
        .fake
        .job((FIRST, 1), "notify", "failure", &[("Post", "failure")]);
    folder.fake.end_run(FIRST, "failure");
    let events = folder.documents("event", &["logs", "5001", "-f", "--json"]).await;
    let last = events.last().unwrap();
    assert_eq!(
        (&last["event"], &last["exit"]),
        (&json!("run-ended"), &json!("failed"))
    );
    let (output, out, _) = folder.call(&["logs", "5001", "-f"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(out.contains("failed in run 5001 on GitHub (in notify)"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_with_the_log_itself_is_read_like_one_that_says_where_it_is() {
    let folder = Folder::new().await;
    folder.fake.store().actions.gives_logs_itself = true;
    let (output, out, err) = folder.call(&["logs", "5001"]).await;
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(out.contains("promote copied 11 blobs"), "{out}{err}");
    assert!(folder.fake.store().log_tokens.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_on_github_are_listed_with_those_of_this_machine() {
    let folder = Folder::new().await;
    let (_, out, err) = folder.call(&["pin", "stage", "--reason", "load", "--yes"]).await;
    assert!(out.contains("is done"), "{out}{err}");
    let (_, out, err) = folder.call(&["runs", "--github"]).await;
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines.len(), 2, "{out}{err}");
    assert!(lines[0].contains("pin stage"), "{out}");
    assert!(
        lines[1].starts_with("5001") && lines[1].contains("running"),
        "{out}"
    );
    let document = folder
        .documents("runs", &["runs", "--github", "--json"])
        .await
        .remove(0);
    assert_eq!(document["github"][0]["run"], "e".repeat(32));
    let plain = folder.documents("runs", &["runs", "--json"]).await.remove(0);
    assert!(plain.get("github").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_named_environment_of_a_run_with_a_known_digest_is_approved() {
    let folder = Folder::new().await;
    folder.fake.pending(FIRST, 71, "stage", true);
    folder.fake.pending(FIRST, 72, "prod", true);
    let approve = |rest: &[&'static str]| {
        let args = ["approve", "--github", "5001"];
        args.into_iter().chain(rest.iter().copied()).collect::<Vec<_>>()
    };
    let (_, out, err) = folder.call(&approve(&[])).await;
    assert!(
        out.contains("stage  reviewers: ana, team ops; you may approve it"),
        "{out}{err}"
    );
    let listed = folder.documents("approve", &approve(&["--json"])).await.remove(0);
    assert_eq!(listed["plan"], "7c1d-42ab");

    let zero = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    for (args, code) in [
        (approve(&["--env", "stage"]), 2),
        (approve(&["--env", "stage", "--dry-run"]), 0),
        (approve(&["--env", "production", "--yes"]), 7),
        (approve(&["--env", "stage", "--yes", "--digest", zero]), 4),
    ] {
        let (output, out, err) = folder.call(&args).await;
        assert_eq!(output.status.code(), Some(code), "{args:?}: {out}{err}");
    }
    assert_eq!(folder.fake.count("POST", "/pending_deployments"), 0);

    let done = approve(&["--env", "stage", "--yes", "--json"]);
    let said = folder.documents("approve", &done).await.remove(0);
    assert_eq!(said["review"], "approved");
    let (output, _, err) = folder
        .call(&approve(&[
            "--env",
            "prod",
            "--reject",
            "--comment",
            "no",
            "--yes",
        ]))
        .await;
    assert_eq!(output.status.code(), Some(0), "{err}");
    let reviews = folder.fake.store().actions.reviews[&FIRST].clone();
    let told = |index: usize| {
        let review: &Value = &reviews[index];
        (review["state"].clone(), review["environments"][0]["name"].clone())
    };
    assert_eq!(told(0), (json!("approved"), json!("stage")));
    assert!(
        reviews[0]["comment"]
            .as_str()
            .unwrap()
            .ends_with("plan 7c1d-42ab")
    );
    assert_eq!(told(1), (json!("rejected"), json!("prod")));
    assert_eq!(reviews[1]["comment"], "no");
    let runs = folder.documents("runs", &["runs", "--json"]).await.remove(0);
    assert_eq!(
        runs["runs"].as_array().unwrap().len(),
        2,
        "each review has a journal"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_approve_is_told_before_and_an_unknown_digest_is_never_approved() {
    let folder = Folder::new().await;
    folder.fake.pending(FIRST, 71, "stage", false);
    let args = ["approve", "--github", "5001", "--env", "stage", "--yes"];
    let (output, _, err) = folder.call(&args).await;
    assert_eq!(output.status.code(), Some(6), "{err}");
    assert!(
        err.contains("reviewers: ana, team ops") && err.contains("prevent self-review"),
        "{err}"
    );
    let other = folder.fake.store().actions.begin("Promote sha-2b2e927 to stage");
    folder.fake.pending(other, 71, "stage", true);
    let (output, _, err) = folder
        .call(&["approve", "--github", "5002", "--env", "stage", "--yes"])
        .await;
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert_eq!(folder.fake.count("POST", "/pending_deployments"), 0);

    let named = format!("Promote {} to stage", windlass::domain::Digest::of(b"image"));
    let third = folder.fake.store().actions.begin(&named);
    folder.fake.pending(third, 71, "stage", true);
    folder.fake.store().actions.refuses_reviews = true;
    let args = ["approve", "--github", "5003", "--env", "stage", "--yes"];
    let (output, _, err) = folder.call(&args).await;
    assert_eq!(output.status.code(), Some(6), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_200_mb_is_passed_on_as_it_comes_and_not_held() {
    const LINES: usize = 200_000;
    const WIDTH: usize = 1000;
    let folder = Folder::new().await;
    let job = folder.fake.job((FIRST, 1), "notify", "success", &[]);
    let log = Log::Repeated(WIDTH, LINES);
    folder.fake.store().actions.logs.insert(job, log);
    let mut child = folder
        .program(&["logs", "5001"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id().unwrap());
    let mut out = child.stdout.take().unwrap();
    let (mut bytes, mut peak) = (0, 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = out.read(&mut buffer).await.unwrap();
        if read == 0 {
            break;
        }
        bytes += read;
        peak = peak_memory(&status).unwrap_or(peak);
    }
    assert!(bytes >= LINES * WIDTH, "{bytes}");
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert!(peak < 100 * 1024, "{peak} KiB");
}

/// The most memory that a process has had, in KiB.
fn peak_memory(status: &str) -> Option<usize> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
