//! `windlass releases` and `notes`, as people and CI see them.

use std::process::Output;

use tokio_util::sync::CancellationToken;
use windlass::domain::Exit;
use windlass::registry::TagRule;
use windlass::registry::copy::{self, CopyOptions};

use crate::call::{program, text};
use crate::world::{Stage, cut, debt, hotfix};

fn windlass(stage: &Stage, args: &[&str]) -> tokio::process::Command {
    program(
        &stage.world.repository(),
        &stage.world.folder().join("state"),
        args,
    )
}

async fn said(stage: &Stage, args: &[&str]) -> Output {
    windlass(stage, args).output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_has_one_open_release_and_no_debt() {
    let stage = Stage::set().await;
    let shown = said(&stage, &["releases", "--check"]).await;
    let out = text(&shown.stdout);
    assert_eq!(shown.status.code(), Some(0), "{out}{}", text(&shown.stderr));
    assert!(out.contains("release v1.4.0") && out.contains("… open"), "{out}");
    assert!(out.contains("deployed to stage"), "{out}");
    assert!(
        !out.contains("v1.3.2"),
        "finished releases are not in the way: {out}"
    );
    let all = said(&stage, &["releases", "--all", "--json"]).await;
    let document: serde_json::Value = serde_json::from_slice(&all.stdout).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["outstanding"], false);
    assert_eq!(document["releases"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_production_has_and_develop_lacks_is_owed_and_fails_the_check() {
    let stage = Stage::set().await;
    assert_eq!(stage.run(&hotfix(None)).await.0, Exit::Done);
    let fix = stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: hot");
    // As if production had it: its tag stands there.
    let digest = stage.world.build_image(&fix).await.unwrap();
    let prod = stage.engine.production();
    let service = stage.service();
    let entrance = stage.engine.config().graph.entrance();
    let reader = service.environment(entrance).reader().unwrap();
    let there = service.environment(prod);
    let writer = there.writer(crate::sample::access()).unwrap();
    let (root, options) = (digest.clone().into(), CopyOptions::default());
    let copy = copy::plan(&reader, &writer, &root, &options).await.unwrap();
    copy::run(&copy, &reader, &writer, &|_| (), &CancellationToken::new())
        .await
        .unwrap();
    let tag = stage.engine.tag_of(&fix).unwrap();
    writer.tag(&digest, &tag, TagRule::Immutable).await.unwrap();
    let release = stage.release("v1.3.3").await;
    for words in ["into main", "into develop", "tag v1.3.3"] {
        assert!(debt(&release, words).state.is_open(), "{release:?}");
    }
    let shown = said(&stage, &["releases", "--check"]).await;
    let out = text(&shown.stdout);
    assert_eq!(shown.status.code(), Some(3), "{out}");
    assert!(out.contains("✗ outstanding: 1 commit is missing"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_was_made_by_hand_with_a_wrong_commit_in_its_name_is_told() {
    let stage = Stage::set().await;
    stage.colleague(&[
        "push",
        "-q",
        "origin",
        "origin/main:refs/heads/release/v1.6.0-sha-fffffff",
    ]);
    let newest = stage.at("develop");
    let elsewhere = format!("v1.3.2:refs/heads/release/v1.7.0-sha-{}", newest.short());
    stage.colleague(&["push", "-q", "origin", &elsewhere]);
    let unknown = stage.release("v1.6.0").await.trouble.unwrap();
    assert!(unknown.contains("named after fffffff"), "{unknown}");
    let wrong = stage.release("v1.7.0").await.trouble.unwrap();
    assert!(wrong.contains("which is not an ancestor of it"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_that_is_away_leaves_what_was_last_fetched_and_fails_the_check() {
    let stage = Stage::set().await;
    std::fs::rename(stage.world.origin(), stage.world.folder().join("away")).unwrap();
    let shown = said(&stage, &["releases", "--check"]).await;
    let out = text(&shown.stdout);
    assert!(out.starts_with("~ stale"), "{out}");
    assert!(out.contains("v1.4.0"), "{out}");
    assert_eq!(shown.status.code(), Some(3), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_are_grouped_and_obey_nothing_that_was_committed() {
    let stage = Stage::set().await;
    stage.commit(
        "develop",
        "src/x.txt",
        "x\n",
        "feat(api): \u{1b}[31mred\u{1b}[0m [link](http://evil.example) PAY-7 (#512)",
    );
    stage.here(&["fetch", "-q"]);
    let shown = said(&stage, &["notes", "origin/develop"]).await;
    let out = text(&shown.stdout);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    assert!(out.contains("## Features"), "{out}");
    assert!(out.contains("since v1.3.2"), "{out}");
    assert!(!out.contains("](http://evil"), "{out}");
    assert!(!out.contains('\u{1b}'), "{out}");
    assert!(out.contains("PAY-7") && out.contains("#512"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_tells_what_the_release_brings() {
    let stage = Stage::set().await;
    let plan = stage.plan(&cut("develop", None)).await.unwrap();
    let what = &plan.steps[1].title;
    assert!(what.contains("brings") && what.contains("since v1.4.0"), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_in_another_time_zone_makes_the_same_branch() {
    let stage = Stage::set().await;
    let path = stage.world.repository().join("windlass.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        format!("[git]\nrelease_branch = \"release/{{date}}\"\n\n{config}"),
    )
    .unwrap();
    let mut branches = Vec::new();
    for zone in ["Pacific/Kiritimati", "Pacific/Niue", "UTC"] {
        let mut cut = windlass(&stage, &["cut", "develop", "--dry-run", "--json"]);
        let output = cut.env("TZ", zone).output().await.unwrap();
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let branch = document["plan"]["operation"]["branch"].as_str().unwrap();
        branches.push(branch.to_owned());
    }
    assert_eq!(branches[0], branches[1]);
    assert_eq!(branches[1], branches[2]);
}
