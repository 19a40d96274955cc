//! The release flow in every kind of repository that people and CI have.

use std::path::Path;
use std::process::Command as Program;
use std::sync::Arc;

use windlass::config::Config;
use windlass::domain::{Exit, Override};
use windlass::engine::{Depth, Engine};
use windlass::git::GitRepository;
use windlass::project::Project;

use crate::sample::access;
use crate::world::{Stage, cut, finish, hotfix, introduce, promote};

/// An engine of the world's configuration on another repository.
fn engine_in(stage: &Stage, repository: &Path) -> Arc<Engine> {
    Arc::new(engine_of(stage, repository).fetching(Some(access())))
}

/// One that may not fetch.
fn reading_in(stage: &Stage, repository: &Path) -> Arc<Engine> {
    Arc::new(engine_of(stage, repository))
}

fn engine_of(stage: &Stage, repository: &Path) -> Engine {
    let config = Arc::new(Config::load(&stage.world.repository().join("windlass.toml")).unwrap());
    let folder = stage.world.folder().join("elsewhere");
    let repository = Arc::new(GitRepository::discover(repository).unwrap());
    Engine::new(Project::alone(config, Some(repository), folder).unwrap())
}

fn git(folder: &Path, args: &[&str]) {
    let status = Program::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .status();
    assert!(status.unwrap().success(), "git {args:?}");
}

/// The whole way, from the cut to the end, where nothing stands against it.
async fn goes_all_the_way(mut stage: Stage, repository: &Path) {
    git(repository, &["config", "user.name", "Ana Ruiz"]);
    git(repository, &["config", "user.email", "ana.ruiz@example.com"]);
    stage.engine = engine_in(&stage, repository);
    let (exit, summary) = stage.run(&cut("develop", Some("1.5.0"))).await;
    assert_eq!(exit, Exit::Done, "{summary}");
    let (exit, summary) = stage.run(&finish("v1.5.0", &[])).await;
    assert_eq!(exit, Exit::Done, "{summary}");
    let (exit, summary) = stage.run(&hotfix(None)).await;
    assert_eq!(exit, Exit::Done, "{summary}");
    assert!(stage.release("v1.5.0").await.is_finished());
    stage.remote(&["fsck", "--strict", "--no-dangling"]);
}

fn clone(stage: &Stage, args: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let origin = format!("file://{}", stage.world.origin().display());
    let command = [&["clone", "-q"], args, &[&origin, "clone"]].concat();
    git(folder.path(), &command);
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_bare_one() {
    let stage = Stage::set().await;
    // As `git clone --bare` leaves it: it has no place for what it fetches.
    let folder = clone(&stage, &["--bare"]);
    goes_all_the_way(stage, &folder.path().join("clone")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_detached_head_and_of_one_branch_only_as_ci_has_it() {
    let stage = Stage::set().await;
    let folder = clone(&stage, &["--single-branch", "-b", "develop"]);
    let place = folder.path().join("clone");
    git(&place, &["checkout", "-q", "--detach"]);
    git(&place, &["branch", "-q", "-D", "develop"]);
    goes_all_the_way(stage, &place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_worktree() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("tree");
    stage.here(&["worktree", "add", "-q", "--detach", place.to_str().unwrap()]);
    goes_all_the_way(stage, &place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shallow_one_says_how_it_is_deepened_and_writes_nothing() {
    let mut stage = Stage::set().await;
    introduce(&stage);
    assert_eq!(stage.run(&cut("develop", Some("1.5.0"))).await.0, Exit::Done);
    let released = stage.release("v1.4.0").await.head.to_string();
    let folder = clone(&stage, &["--depth", "1", "-b", "develop"]);
    stage.engine = engine_in(&stage, &folder.path().join("clone"));
    let references = stage.references();
    let error = stage.plan(&finish("v1.5.0", &[])).await.unwrap_err();
    assert!(error.hint().unwrap().contains("--unshallow"), "{error}");
    let service = stage.service();
    let error = stage.engine.releases(&service, Depth::All).await.unwrap_err();
    assert!(error.hint().unwrap().contains("--unshallow"), "{error}");
    // A promotion has fetched the branch that it is from, which tells that nothing in production would revert.
    let plan = stage.plan(&promote(&released, "prod")).await.unwrap();
    let gate = plan
        .gates
        .iter()
        .find(|gate| gate.kind.name() == "fixes")
        .unwrap();
    assert!(gate.verdict.allows(), "{gate:?}");
    assert_eq!(stage.references(), references);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shallow_one_that_may_not_fetch_does_not_assume_that_nothing_is_undone() {
    let mut stage = Stage::set().await;
    assert_eq!(stage.run(&promote("develop", "stage")).await.0, Exit::Done);
    let folder = clone(&stage, &["--depth", "1", "-b", "develop"]);
    stage.engine = reading_in(&stage, &folder.path().join("clone"));
    let plan = stage.plan(&promote("develop", "prod")).await.unwrap();
    let gate = plan
        .gates
        .iter()
        .find(|gate| gate.kind.name() == "fixes")
        .unwrap();
    assert_eq!(gate.verdict.word(), "unknown", "{gate:?}");
    assert!(gate.verdict.reason().contains("--unshallow"), "{gate:?}");
    assert_eq!(gate.way_out, Some(Override::Reason));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_without_a_commit_and_one_without_a_remote_say_so() {
    let mut stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "."]);
    stage.engine = engine_in(&stage, folder.path());
    for command in [finish("v1.4.0", &[]), hotfix(None), cut("develop", None)] {
        let error = stage.plan(&command).await.unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains("no git remote `origin`")
                || told.contains("no commit named")
                || told.contains("no commits yet"),
            "{command:?}: {told}"
        );
        assert!(error.hint().is_some());
    }
}
