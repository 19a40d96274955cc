//! Operations on the sample world, through the engine and through the program itself.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "support/call.rs"]
mod call;
#[path = "support/idle.rs"]
mod idle;
#[path = "support/place.rs"]
mod place;
#[path = "support/plan.rs"]
mod plan;
#[path = "support/run.rs"]
mod run;
#[path = "support/sample.rs"]
mod sample;

use plan::planned;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use jiff::Timestamp;
use windlass::demo::{World, WorldOptions};
use windlass::domain::{Digest, Exit, Tag, Target};
use windlass::engine::{Engine, EngineError, EventKind, PromoteRequest, Request, Secrets};
use windlass::registry::TagRule;

use call::{program, text};
use idle::idle;
use place::reader;
use run::{begin, carry_out, last};
use sample::{access, world_at};

async fn world() -> (World, Arc<Engine>) {
    let world = world_at(Timestamp::now()).await;
    let engine = world.engine().unwrap();
    (world, engine)
}

fn promote(candidate: &str, to: &str) -> Request {
    PromoteRequest {
        candidate: candidate.to_owned(),
        to: to.parse().unwrap(),
        from: None,
        reason: None,
        hotfix: false,
    }
    .into()
}

async fn has(engine: &Engine, environment: &str, digest: &Digest) -> bool {
    reader(engine, environment)
        .resolve(&Target::Digest(digest.clone()))
        .await
        .unwrap()
        .is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_with_critical_findings_is_refused_and_the_attempt_is_kept() {
    let (_world, engine) = world().await;
    let plan = planned(&engine, &promote("develop~4", "stage")).await.unwrap();
    assert!(!plan.allowed());
    let digest = plan.digest.clone().unwrap();
    let (exit, events) = carry_out(&engine, plan).await;
    assert_eq!(exit, Exit::Refused);
    assert!(last(&events).1.contains("CVE-2026-20417"), "{:?}", last(&events));
    assert!(!has(&engine, "stage", &digest).await);
    let run = &engine.journals().runs().unwrap()[0];
    let kept = engine.journals().read(run).unwrap();
    assert_eq!(last(&kept).0, Exit::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_of_the_sample_is_told_apart() {
    let (_world, engine) = world().await;
    let reason = |nth: usize| {
        let engine = Arc::clone(&engine);
        async move {
            match planned(&engine, &promote(&format!("develop~{nth}"), "stage")).await {
                Ok(plan) => plan
                    .refusals()
                    .map(|gate| gate.verdict.reason().to_owned())
                    .collect::<Vec<_>>()
                    .join("; "),
                Err(error) => error.to_string(),
            }
        }
    };
    assert_eq!(reason(0).await, "");
    assert_eq!(
        reason(1).await,
        "",
        "a high finding without a fix is within the policy"
    );
    assert!(
        reason(2).await.contains("dev has no image"),
        "{}",
        reason(2).await
    );
    assert!(reason(4).await.contains("2 critical"), "{}", reason(4).await);
    assert!(
        reason(6).await.contains("the tag was moved"),
        "{}",
        reason(6).await
    );
    assert!(reason(8).await.contains("no scan report"), "{}", reason(8).await);
    assert!(reason(9).await.contains("scan again"), "{}", reason(9).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn promotes_nothing_when_the_tag_moved_since_the_plan() {
    let (_world, engine) = world().await;
    let plan = planned(&engine, &promote("develop", "stage")).await.unwrap();
    let digest = plan.digest.clone().unwrap();
    let other = planned(&engine, &promote("develop~5", "stage"))
        .await
        .unwrap()
        .digest
        .unwrap();
    let dev = reader(&engine, "dev").repository().clone();
    let tag: Tag = plan.tag.clone().unwrap();
    engine
        .registries()
        .writer(&dev, access())
        .tag(&other, &tag, TagRule::Mutable)
        .await
        .unwrap();
    let (exit, events) = carry_out(&engine, plan).await;
    assert_eq!(exit, Exit::Conflict);
    assert!(
        last(&events).1.contains("when the plan was made"),
        "{:?}",
        last(&events)
    );
    assert!(!has(&engine, "stage", &digest).await && !has(&engine, "stage", &other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_again_finds_nothing_to_do() {
    let (world, engine) = world().await;
    let first = planned(&engine, &promote("develop", "stage")).await.unwrap();
    assert_eq!(carry_out(&engine, first).await.0, Exit::Done);
    let stage = reader(&engine, "stage");
    let tags = stage.tags().await.unwrap();
    let deployed = std::fs::read(world.folder().join("deployed/stage")).unwrap();
    let again = planned(&engine, &promote("develop", "stage")).await.unwrap();
    assert_eq!(again.costs.bytes, 0);
    let (exit, events) = carry_out(&engine, again).await;
    assert_eq!(exit, Exit::Done);
    let did = idle(&events);
    assert!(did.contains(&"tag") && did.contains(&"deploy"), "{did:?}");
    assert_eq!(stage.tags().await.unwrap(), tags);
    assert_eq!(
        std::fs::read(world.folder().join("deployed/stage")).unwrap(),
        deployed
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_immutable_tag_that_is_taken_stops_the_plan() {
    let (_world, engine) = world().await;
    let plan = planned(&engine, &promote("develop", "stage")).await.unwrap();
    let stage = reader(&engine, "stage").repository().clone();
    let writer = engine.registries().writer(&stage, access());
    let squatter = writer.deployed(false).await.unwrap().unwrap().digest;
    writer
        .tag(&squatter, plan.tag.as_ref().unwrap(), TagRule::Immutable)
        .await
        .unwrap();
    let error = planned(&engine, &promote("develop", "stage")).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict, "{error}");
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_on_one_environment_do_not_run_at_once() {
    let (world, engine) = world().await;
    // A deployer that waits until it is told to go on: the first run stays in its last step for as long as we like.
    let gate = world.folder().join("go");
    let script = format!("while [ ! -e '{}' ]; do sleep 0.05; done\n", gate.display());
    std::fs::write(world.folder().join("deploy.sh"), script).unwrap();
    let plan = planned(&engine, &promote("develop", "stage")).await.unwrap();
    let mut first = begin(&engine, plan.clone());
    let error = engine
        .start(plan.clone(), access(), Secrets::default())
        .map(|run| run.id)
        .unwrap_err();
    assert!(matches!(error, EngineError::Lock(_)), "{error}");
    assert_eq!(error.exit(), Exit::Conflict);
    std::fs::write(&gate, "").unwrap();
    while first.events.recv().await.is_some() {}
    assert_eq!(first.task.await.unwrap(), Exit::Done);
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_interrupted_ends_with_130_and_the_same_command_completes_it() {
    let (world, engine) = world().await;
    let script = world.folder().join("deploy.sh");
    let good = std::fs::read(&script).unwrap();
    std::fs::write(&script, "echo waiting; sleep 600\n").unwrap();
    let plan = planned(&engine, &promote("develop", "stage")).await.unwrap();
    let mut run = begin(&engine, plan.clone());
    let mut events = Vec::new();
    while let Some(event) = run.events.recv().await {
        if matches!(&event.happening, EventKind::Log { line, .. } if line == "waiting") {
            run.cancel.cancel();
        }
        events.push(event);
    }
    assert_eq!(run.task.await.unwrap(), Exit::Interrupted);
    assert_eq!(
        last(&events).2.as_deref(),
        Some("run the same command again to resume")
    );
    std::fs::write(&script, good).unwrap();
    let again = planned(&engine, &promote("develop", "stage")).await.unwrap();
    assert_eq!(carry_out(&engine, again).await.0, Exit::Done);
    assert!(world.folder().join("deployed/stage").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_journal_nothing_begins() {
    let (_world, engine) = world().await;
    let plan = planned(&engine, &promote("develop", "stage")).await.unwrap();
    let digest = plan.digest.clone().unwrap();
    // A file stands where the journals' folder should be: nothing can be written there, as on a full disk.
    let journals = engine.journals().folder().to_owned();
    std::fs::create_dir_all(journals.parent().unwrap()).unwrap();
    std::fs::write(journals, "").unwrap();
    let error = engine
        .start(plan, access(), Secrets::default())
        .map(|run| run.id)
        .unwrap_err();
    assert!(matches!(error, EngineError::Journal(_)), "{error}");
    assert!(!has(&engine, "stage", &digest).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_world_in_a_folder_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let options = || WorldOptions {
        folder: Some(folder.path().join("world")),
        now: Timestamp::now(),
    };
    let first = World::open(options(), access()).await.unwrap();
    let before = planned(&first.engine().unwrap(), &promote("develop", "stage"))
        .await
        .unwrap();
    first.close().await;
    let second = World::open(options(), access()).await.unwrap();
    let after = planned(&second.engine().unwrap(), &promote("develop", "stage"))
        .await
        .unwrap();
    assert_eq!(before.digest, after.digest);
    let elsewhere = WorldOptions {
        folder: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")),
        ..options()
    };
    let error = World::open(elsewhere, access()).await.err().unwrap();
    assert_eq!(error.exit(), Exit::Usage, "{error}");
}

async fn windlass(folder: &Path, args: &[&str]) -> Output {
    let mut program = program(folder, &folder.join("state"), args);
    program.output().await.unwrap()
}

#[tokio::test]
async fn the_headless_demo_plays_the_whole_flow_with_one_digest_in_three_places() {
    let folder = tempfile::tempdir().unwrap();
    let output = windlass(folder.path(), &["demo", "--headless"]).await;
    let out = text(&output.stdout);
    assert!(output.status.success(), "{out}{}", text(&output.stderr));
    let (_, end) = out.rsplit_once("One digest everywhere").unwrap();
    let places = end.split("──").nth(1).unwrap();
    let digests: Vec<_> = places
        .split_whitespace()
        .filter(|word| word.starts_with("sha256:"))
        .collect();
    assert_eq!(digests.len(), 3);
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    // What a hotfix owes is told, paid, and nothing is left.
    let (_, after) = end.split_once("What is outstanding").unwrap();
    assert!(after.contains("✗ v1.5.1 into develop"), "{after}");
    let (_, paid) = after.split_once("What is outstanding").unwrap();
    assert!(paid.contains("✓ nothing"), "{paid}");
    assert!(
        paid.contains("✓ roll back prod is done") && paid.contains("✓ unpin prod is done"),
        "{paid}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_confirms_by_hash_and_prod_does_not_take_a_yes() {
    let (world, _engine) = world().await;
    let folder = world.repository();
    let run = async |args: &[&str]| windlass(&folder, args).await;
    let nobody = run(&["promote", "develop", "--to", "stage"]).await;
    assert_eq!(nobody.status.code(), Some(2));
    assert!(
        text(&nobody.stderr).contains("--plan"),
        "{}",
        text(&nobody.stderr)
    );
    let dry = run(&["promote", "develop", "--to", "stage", "--dry-run", "--json"]).await;
    let document: serde_json::Value = serde_json::from_slice(&dry.stdout).unwrap();
    assert_eq!(
        (&document["version"], &document["allowed"]),
        (&1.into(), &true.into())
    );
    let stale = run(&["promote", "develop", "--to", "stage", "--plan", "0000-0000"]).await;
    assert_eq!(stale.status.code(), Some(4), "{}", text(&stale.stderr));
    let done = run(&["promote", "develop", "--to", "stage", "--yes", "--json"]).await;
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let lines: Vec<serde_json::Value> = text(&done.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.last().unwrap()["event"], "run-ended");
    let prod = run(&["promote", "develop", "--to", "prod", "--yes"]).await;
    assert_eq!(prod.status.code(), Some(2), "{}", text(&prod.stderr));
    let refused = run(&["promote", "develop~4", "--to", "stage", "--yes"]).await;
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stdout));
    let missing = run(&["promote", "develop~2", "--to", "stage", "--yes"]).await;
    assert_eq!(missing.status.code(), Some(7), "{}", text(&missing.stderr));
    let read_only = run(&["--read-only", "promote", "develop", "--to", "stage", "--yes"]).await;
    assert_eq!(read_only.status.code(), Some(2));
    let runs = run(&["runs", "--json"]).await;
    let runs: serde_json::Value = serde_json::from_slice(&runs.stdout).unwrap();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn without_a_configuration_the_program_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = windlass(folder.path(), &["status"]).await;
    assert_eq!(output.status.code(), Some(2));
    let err = text(&output.stderr);
    assert!(
        err.contains("windlass.toml") && err.contains("windlass init"),
        "{err}"
    );
}
