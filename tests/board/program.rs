//! `board`, `show` and `status` as people and scripts see them.

use std::process::Output;

use jiff::Timestamp;
use serde_json::Value;

use super::world::{World, take_down};
use crate::call::{program, text};
use crate::git::git;

pub async fn windlass(world: &World, args: &[&str]) -> Output {
    let folder = world.folder.path();
    let mut program = program(folder, &folder.join("state"), args);
    program.output().await.unwrap()
}

async fn json(world: &World, args: &[&str]) -> Value {
    let output = windlass(world, args).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["version"], 1);
    document
}

#[tokio::test]
async fn the_board_is_a_table_for_people_and_a_document_for_scripts() {
    let world = World::new(3).await;
    let image = world.image("dev", 1).await;
    world.report(&image, Timestamp::now(), 2).await;
    let output = windlass(&world, &["board", "--limit", "2"]).await;
    let out = text(&output.stdout);
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(lines[1].contains("– no image"), "{out}");
    assert!(
        lines[2].contains("✗ 2 critical now") && lines[2].ends_with("dev"),
        "{out}"
    );
    assert!(!out.contains('\u{1b}'), "a pipe gets no colour");

    let document = json(&world, &["board", "--json"]).await;
    let candidates = document["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 3);
    assert_eq!(candidates[0]["facts"]["image"]["state"], "none");
    assert_eq!(
        candidates[1]["facts"]["image"]["value"]["digest"],
        image.digest.to_string()
    );
    assert_eq!(candidates[1]["facts"]["scan"]["value"]["counts"]["critical"], 2);
}

#[tokio::test]
async fn a_candidate_is_shown_by_commit_tag_digest_and_branch() {
    let world = World::new(2).await;
    let image = world.image("dev", 1).await;
    world.report(&image, Timestamp::now(), 1).await;
    let commit = &world.commits[1];
    let tag = format!("sha-{}", commit.short());
    git(world.folder.path(), &["branch", "release/v1", commit.as_str()]);
    let digest = image.digest.to_string();
    for name in [commit.as_str(), "develop~1", &tag, &digest, "release/v1"] {
        let document = json(&world, &["show", name, "--json"]).await;
        assert_eq!(document["commit"], commit.as_str(), "{name}");
        let labels = &document["details"]["labels"]["value"];
        assert_eq!(labels["org.opencontainers.image.revision"], commit.as_str());
        let report = &document["details"]["reports"]["value"][0];
        assert_eq!(report["findings"][0]["fixed"], "3.3.2");
    }
    let out = text(&windlass(&world, &["show", &tag]).await.stdout);
    assert!(out.contains("CVE-2026-0  openssl 3.3.1  fixed in 3.3.2"), "{out}");
    assert!(out.contains("✗ refused  scan"), "{out}");
    // A commit without an image has its own row of facts, and no details.
    let document = json(&world, &["show", "develop", "--json"]).await;
    assert_eq!(
        (&document["facts"]["image"]["state"], &document["details"]),
        (&"none".into(), &Value::Null)
    );
}

#[tokio::test]
async fn what_nobody_knows_is_not_found() {
    let world = World::new(1).await;
    let unknown = format!("sha256:{}", "0".repeat(64));
    for name in ["nothing", "sha-fffffff", &unknown] {
        let output = windlass(&world, &["show", name]).await;
        assert_eq!(output.status.code(), Some(7), "{name}: {}", text(&output.stderr));
    }
}

#[tokio::test]
async fn a_registry_that_is_down_leaves_the_rest_readable_and_ends_with_1() {
    let mut world = World::new(1).await;
    world.tag("dev", &world.image("dev", 0).await, "latest").await;
    take_down(&mut world.production).await;
    let output = windlass(&world, &["status"]).await;
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(
        out.contains(&format!("✓ sha-{}", world.commits[0].short())),
        "{out}"
    );
    assert!(
        out.contains("– nothing deployed yet") && out.contains("could not reach registry"),
        "{out}"
    );

    let output = windlass(&world, &["board"]).await;
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("dev · prod ✗ failed"), "{out}");
    assert_eq!(
        out.matches("could not reach registry").count(),
        1,
        "the reason stands once, below: {out}"
    );

    // Without a command and without a terminal, the same status.
    let bare = windlass(&world, &[]).await;
    assert!(text(&bare.stdout).contains("nothing deployed yet"));
    assert!(text(&bare.stderr).contains("open the console"));
}

#[tokio::test]
async fn a_candidate_whose_images_name_different_commits_is_shown_as_that() {
    let world = World::new(2).await;
    let tag = world.image_of_two_commits().await;
    let output = windlass(&world, &["show", "develop"]).await;
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    let differs = format!("the platforms of {tag} name different commits: ");
    assert!(out.contains(&differs), "{out}");
    assert!(
        world.commits.iter().all(|commit| out.contains(commit.as_str())),
        "{out}"
    );
    assert!(!out.contains("✓ allowed  revision"), "{out}");
}

#[tokio::test]
async fn a_configuration_outside_of_its_repository_is_about_the_one_that_the_command_is_given_in() {
    let world = World::new(1).await;
    world.image("dev", 0).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let config = elsewhere.path().join("release.toml");
    std::fs::rename(world.folder.path().join("windlass.toml"), &config).unwrap();
    let (config, repository) = (config.to_str().unwrap(), world.folder.path().to_str().unwrap());
    let run = async |folder: &std::path::Path, args: &[&str]| {
        let state = elsewhere.path().join("state");
        program(folder, &state, args).output().await.unwrap()
    };
    for (folder, args) in [
        (world.folder.path(), &["board", "--config", config][..]),
        (elsewhere.path(), &["board", "--config", config, "-C", repository]),
    ] {
        let output = run(folder, args).await;
        let out = text(&output.stdout);
        assert!(output.status.success(), "{args:?}: {out}{}", text(&output.stderr));
        assert!(out.contains(world.commits[0].short()), "{args:?}: {out}");
    }
    // Where there is no repository, that is what is missing, and not the file.
    let output = run(elsewhere.path(), &["board", "--config", config]).await;
    let err = text(&output.stderr);
    assert!(!output.status.success());
    assert!(err.contains("repository") && err.contains("-C"), "{err}");
}
