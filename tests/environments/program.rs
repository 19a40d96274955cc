//! The same through the program itself.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::*;
use crate::call::{program, text};

async fn windlass(folder: &Path, args: &[&str]) -> Output {
    let mut program = program(folder, &folder.join("state"), args);
    program.output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_confirms_what_touches_prod_by_hash_and_lists_pins_and_the_past() {
    let (world, _engine) = world().await;
    let folder = world.repository();
    let run = async |words: &str| {
        let args: Vec<_> = words.split_whitespace().collect();
        windlass(&folder, &args).await
    };
    let listed = run("rollback prod --list --json").await;
    let document: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        (
            &document["version"],
            document["earlier"].as_array().unwrap().len()
        ),
        (&1.into(), 2)
    );
    assert_eq!(document["earlier"][0]["ready"], true);
    let listed = run("rollback prod --list").await;
    let out = text(&listed.stdout);
    assert!(out.contains("v1.3.1") && out.contains("✓ ready"), "{out}");

    let yes = run("rollback prod --reason broken --yes").await;
    assert_eq!(yes.status.code(), Some(2), "{}", text(&yes.stderr));
    let dry = run("rollback prod --reason broken --dry-run --json").await;
    let plan: Value = serde_json::from_slice(&dry.stdout).unwrap();
    let hash = plan["hash"].as_str().unwrap();
    let done = run(&format!("rollback prod --reason broken --plan {hash} --json")).await;
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}{}",
        text(&done.stdout),
        text(&done.stderr)
    );
    let pins = run("pins --json").await;
    let pins: Value = serde_json::from_slice(&pins.stdout).unwrap();
    assert_eq!(pins["pins"][0]["pin"], Value::Null);
    assert_eq!(
        (&pins["pins"][1]["environment"], &pins["pins"][1]["pin"]["reason"]),
        (&"prod".into(), &"broken".into())
    );
    let refused = run("promote develop~3 --to prod --dry-run").await;
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stdout));
    let pinned = run("pins").await;
    assert!(
        text(&pinned.stdout).contains("broken"),
        "{}",
        text(&pinned.stdout)
    );
    let unpin = run("unpin prod --reason fixed --yes").await;
    assert_eq!(unpin.status.code(), Some(2), "{}", text(&unpin.stderr));
    let no_reason = run("rollback stage").await;
    assert_eq!(no_reason.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn github_is_told_why_a_run_was_refused_and_what_came_of_one_that_is_done() {
    let (world, _engine) = world().await;
    let folder = world.repository();
    let summary = world.folder().join("summary.md");
    let run = async |args: &[&str]| {
        let mut program = program(&folder, &folder.join("state"), args);
        program
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", &summary);
        program.output().await.unwrap()
    };
    let refused = run(&["promote", "develop~4", "--to", "stage", "--yes", "--json"]).await;
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stdout));
    let told = text(&refused.stderr);
    let errors: Vec<_> = told.lines().filter(|line| line.starts_with("::error ")).collect();
    assert!(
        errors[0].starts_with("::error title=promote to stage%3A gate::scan: refused, "),
        "{told}"
    );
    let last = errors.last().unwrap();
    assert!(
        last.starts_with("::error title=promote to stage::promote to stage stopped: "),
        "{told}"
    );
    let done = run(&["promote", "develop", "--to", "stage", "--yes"]).await;
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(!text(&done.stderr).contains("::error"), "{}", text(&done.stderr));
    let written = std::fs::read_to_string(summary).unwrap();
    assert!(written.contains("| gate | refused | "), "{written}");
    assert!(written.contains("promote to stage is done"), "{written}");
    assert!(written.contains("| stage | "), "{written}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_in_a_job_shows_its_plan_in_the_summary_and_hands_its_hash_to_the_next_job() {
    let (world, _engine) = world().await;
    let folder = world.repository();
    let (summary, outputs) = (world.folder().join("summary.md"), world.folder().join("outputs"));
    let mut dry_run = program(
        &folder,
        &folder.join("state"),
        &["promote", "develop", "--to", "stage", "--dry-run", "--json"],
    );
    dry_run
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GITHUB_OUTPUT", &outputs);
    let ended = dry_run.output().await.unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    let plan: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let hash = plan["hash"].as_str().unwrap();
    let digest = plan["plan"]["digest"].as_str().unwrap();
    assert_eq!(
        std::fs::read_to_string(outputs).unwrap(),
        format!("plan={hash}\nallowed=true\ndigest={digest}\nidle=false\n")
    );
    let written = std::fs::read_to_string(summary).unwrap();
    assert!(
        written.starts_with("### ") && written.contains(&format!("```text\nplan {hash}: ")),
        "{written}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_password_in_the_environment_is_none_with_and_without_a_password_file() {
    let (world, engine) = world().await;
    let (folder, keys) = (world.repository(), world.folder().join("keys"));
    let digest = digest_of(&engine, "prod", "develop~15").await;
    let prod = writer(&engine, "prod");
    let bundles = prod
        .referrers(&digest, Some("application/vnd.dev.sigstore.bundle.v0.3+json"))
        .await
        .unwrap();
    for bundle in bundles {
        prod.delete_manifest(&bundle.digest).await.unwrap();
    }
    let image = prod.repository().at(digest).to_string();
    let sign = async || {
        let run = async |args: &[&str]| {
            let mut program = program(&folder, &folder.join("state"), args);
            program.env("COSIGN_PASSWORD", "").output().await.unwrap()
        };
        let dry = run(&["sign", &image, "--dry-run", "--json"]).await;
        let plan: Value = serde_json::from_slice(&dry.stdout).unwrap();
        let hash = plan["hash"].as_str().unwrap();
        run(&["sign", &image, "--plan", hash]).await
    };
    let file = format!(", password_file = \"{}\"", keys.join("password").display());
    let path = folder.join("windlass.toml");
    let with_file = std::fs::read_to_string(&path).unwrap();
    assert!(with_file.contains(&file), "{with_file}");
    std::fs::write(&path, with_file.replace(&file, "")).unwrap();
    let without = sign().await;
    assert_eq!(without.status.code(), Some(2), "{}", text(&without.stderr));
    let said = [text(&without.stdout), text(&without.stderr)].concat();
    assert!(
        said.contains("no password is available") && said.contains("set COSIGN_PASSWORD"),
        "{said}"
    );
    std::fs::write(&path, with_file).unwrap();
    let signed = sign().await;
    assert_eq!(signed.status.code(), Some(0), "{}", text(&signed.stderr));
    assert!(
        text(&signed.stdout).contains("signature sha256:"),
        "{}",
        text(&signed.stdout)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variable_for_read_only_refuses_what_writes_unless_it_says_no() {
    let (world, _engine) = world().await;
    let folder = world.repository();
    let pin = async |value: &str| {
        let mut program = program(
            &folder,
            &folder.join("state"),
            &["pin", "stage", "--reason", "load test", "--yes"],
        );
        program.env("WINDLASS_READ_ONLY", value).output().await.unwrap()
    };
    let refused = pin("1").await;
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    assert!(
        text(&refused.stderr).contains("WINDLASS_READ_ONLY"),
        "{}",
        text(&refused.stderr)
    );
    for no in ["0", "false", ""] {
        let done = pin(no).await;
        assert_eq!(done.status.code(), Some(0), "{no}: {}", text(&done.stderr));
    }
}
