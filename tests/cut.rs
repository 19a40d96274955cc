//! Cutting a release in the sample world: what is named, what is refused, and what is left behind.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "support/git.rs"]
mod git;
#[path = "support/plan.rs"]
mod plan;
#[path = "support/run.rs"]
mod run;
#[path = "support/sample.rs"]
mod sample;

use plan::planned;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use jiff::Timestamp;
use windlass::demo::World;
use windlass::domain::{BranchName, Exit, StepKind};
use windlass::engine::{CutRequest, Engine, Request};
use windlass::git::BranchState;

use git::git;
use run::{carry_out, last};
use sample::{access, world_at};

/// The world's engine, with release branches called by `template`.
fn engine(world: &World, template: &str) -> Arc<Engine> {
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = format!("[git]\nrelease_branch = \"{template}\"\n\n{text}");
    std::fs::write(path, text).unwrap();
    world.engine().unwrap()
}

fn cut(version: Option<&str>, sprint: Option<&str>) -> Request {
    CutRequest {
        commit: "develop".to_owned(),
        version: version.map(str::to_owned),
        sprint: sprint.map(str::to_owned),
        reason: None,
    }
    .into()
}

async fn title(engine: &Engine, command: &Request) -> String {
    planned(engine, command).await.unwrap().operation.title()
}

#[tokio::test(flavor = "multi_thread")]
async fn sprints_are_counted_on_and_a_cut_that_was_begun_keeps_its_name() {
    let world = world_at(Timestamp::now()).await;
    let engine = engine(&world, "release/sprint-{sprint}");
    assert_eq!(title(&engine, &cut(None, None)).await, "cut release/sprint-1");
    assert_eq!(
        title(&engine, &cut(None, Some("41"))).await,
        "cut release/sprint-41"
    );
    let refused = planned(&engine, &cut(None, Some("41b"))).await.unwrap_err();
    assert_eq!(refused.exit(), Exit::Usage, "{refused}");

    let repository = engine.repository().unwrap();
    let earlier = repository.commit("develop~1").unwrap().sha;
    let name: BranchName = "release/sprint-41".parse().unwrap();
    repository.create_branch(&name, &earlier, access()).unwrap();
    let plan = planned(&engine, &cut(None, None)).await.unwrap();
    assert_eq!(plan.operation.title(), "cut release/sprint-42");
    assert!(plan.allowed(), "{:?}", plan.gates);
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Done);
    assert_eq!(title(&engine, &cut(None, None)).await, "cut release/sprint-42");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_the_operation_does_not_know_fails_the_run() {
    let world = world_at(Timestamp::now()).await;
    let engine = engine(&world, "release/v{version}");
    let mut plan = planned(&engine, &cut(None, None)).await.unwrap();
    plan.steps[0].kind = StepKind::Build;
    let (exit, events) = carry_out(&engine, plan).await;
    let (_, summary, _) = last(&events);
    assert_eq!(exit, Exit::Failed, "{summary}");
    assert!(
        summary.contains("step `build` that a cut cannot run"),
        "{summary}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_push_takes_its_own_branch_back_and_leaves_one_that_was_made_by_hand() {
    let world = world_at(Timestamp::now()).await;
    let engine = engine(&world, "release/v{version}");
    let hook = world.folder().join("origin.git/hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho closed until Monday >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let repository = engine.repository().unwrap();
    let state = |name: &str| repository.branch_state(&name.parse().unwrap()).unwrap();

    let plan = planned(&engine, &cut(Some("7.0.0"), None)).await.unwrap();
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Failed);
    assert_eq!(state("release/v7.0.0"), BranchState::Free);

    // As `git branch` makes it: with another first line in its reflog.
    let commit = repository.commit("develop").unwrap().sha;
    git(
        &world.repository(),
        &["branch", "release/v8.0.0", commit.as_str()],
    );
    let plan = planned(&engine, &cut(Some("8.0.0"), None)).await.unwrap();
    assert_eq!(carry_out(&engine, plan.clone()).await.0, Exit::Failed);
    assert_eq!(state("release/v8.0.0"), BranchState::At(commit.clone()));

    // With the way free, the same plan goes through.
    std::fs::remove_file(hook).unwrap();
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Done);
    let remote = repository.remote("origin").unwrap();
    let pushed = remote.branch_state(&"release/v8.0.0".parse().unwrap()).await;
    assert_eq!(pushed.unwrap(), BranchState::At(commit));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_in_the_way_is_refused_before_anything_is_written() {
    let world = world_at(Timestamp::now()).await;
    let engine = engine(&world, "release/v{version}");
    let repository = engine.repository().unwrap();
    let commit = repository.commit("develop").unwrap().sha;
    let remote = repository.remote("origin").unwrap();
    let blocking: BranchName = "release/v7.0.0/fix".parse().unwrap();
    remote.push_new(&blocking, &commit, access()).await.unwrap();
    let plan = planned(&engine, &cut(Some("7.0.0"), None)).await.unwrap();
    let refusals: Vec<_> = plan.refusals().map(|gate| gate.kind.name()).collect();
    assert_eq!(refusals, ["remote"]);
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
    assert_eq!(
        repository
            .branch_state(&"release/v7.0.0".parse().unwrap())
            .unwrap(),
        BranchState::Free
    );
}
