//! The sample world, the machines in it, and what they make of its locks.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::process::Command as Program;
use windlass::config::Config;
use windlass::demo::World;
use windlass::domain::{Exit, HeldLock, LockNote, LockSubject};
use windlass::engine::{Engine, Event, EventKind, PromoteRequest, Request, UnlockRequest};
use windlass::git::GitRepository;
use windlass::project::Project;

use crate::call::{self, text};
use crate::plan::planned;
use crate::run;
use crate::sample::{access, world_at};

pub async fn world() -> World {
    world_at(Timestamp::now()).await
}

/// The engine of another machine: its state is its own, the remote is everybody's.
pub fn machine(world: &World, name: &str) -> Arc<Engine> {
    let config = Arc::new(Config::load(&world.repository().join("windlass.toml")).unwrap());
    let state = world.folder().join(name).join("windlass");
    let repository = GitRepository::discover(&world.repository()).unwrap();
    let project = Project::alone(config, Some(Arc::new(repository)), state).unwrap();
    Arc::new(Engine::new(project))
}

/// Adds to `[git]` of the world's configuration, which engines made afterwards read.
pub fn configure(world: &World, git: &str) {
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("[git]\n{git}\n\n{text}")).unwrap();
}

pub fn promote() -> Request {
    PromoteRequest {
        candidate: "develop".to_owned(),
        to: "stage".parse().unwrap(),
        from: None,
        reason: None,
        hotfix: false,
    }
    .into()
}

pub fn unlock(reason: &str, held: bool) -> Request {
    UnlockRequest {
        part: "stage".parse().unwrap(),
        reason: reason.to_owned(),
        held,
    }
    .into()
}

pub async fn carry_out(engine: &Arc<Engine>, command: &Request) -> (Exit, Vec<Event>) {
    let plan = planned(engine, command).await.unwrap();
    run::carry_out(engine, plan).await
}

/// What the end of a run says, with its hint.
pub fn last(events: &[Event]) -> String {
    let (_, summary, hint) = run::last(events);
    format!("{summary}\n{}", hint.unwrap_or_default())
}

pub fn logged(events: &[Event]) -> String {
    let lines = events.iter().filter_map(|event| match &event.happening {
        EventKind::Log { line, .. } => Some(format!("{line}\n")),
        _ => None,
    });
    lines.collect()
}

pub fn has_begun_a_step(events: &[Event]) -> bool {
    let is_step = |event: &Event| matches!(event.happening, EventKind::StepStarted { .. });
    events.iter().any(is_step)
}

pub async fn locks(engine: &Engine) -> Vec<HeldLock> {
    let found = engine.locks().await.unwrap();
    found.into_iter().map(|found| found.lock).collect()
}

pub fn stage() -> LockSubject {
    LockSubject::Environment("payment-svc".parse().unwrap(), "stage".parse().unwrap())
}

/// Leaves a lock of Omar's on another host at the remote, taken so long ago, for an hour.
pub async fn left_by_omar(engine: &Engine, ago: SignedDuration) {
    let repository = engine.repository().unwrap();
    let note = LockNote::new(
        "omar",
        "elsewhere",
        "0193fd1c1f9a2b3c0193fd1c1f9a2b3c",
        "promote to stage",
        Timestamp::now() - ago,
        SignedDuration::from_hours(1),
    );
    let object = repository.write_lock(&stage(), &note, access()).unwrap();
    let remote = repository.remote("origin").unwrap();
    remote.take_lock(&stage(), &object, None, access()).await.unwrap();
}

/// Makes the deployer wait until it is let go; it says so first.
pub fn hold(world: &World) {
    let (waiting, go) = (world.folder().join("waiting"), world.folder().join("go"));
    let script = format!(
        "touch '{}'\nwhile [ ! -e '{}' ]; do sleep 0.05; done\n",
        waiting.display(),
        go.display()
    );
    std::fs::write(world.folder().join("deploy.sh"), script).unwrap();
}

pub fn let_go(world: &World) {
    std::fs::write(world.folder().join("go"), "").unwrap();
}

/// Waits for a file; the test as a whole fails if it never comes.
pub async fn appears(path: &Path) {
    let waiting = async {
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting)
        .await
        .unwrap();
}

pub fn hook(world: &World, name: &str, text: &str) {
    let hook = world.folder().join("origin.git/hooks").join(name);
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The program on the machine `name`, as the same user of the same host.
pub fn program(world: &World, name: &str, args: &[&str]) -> Program {
    let state = world.folder().join(name);
    let mut program = call::program(&world.repository(), &state, args);
    program.env_remove("GITHUB_ACTOR").env("USER", "ana");
    program
}

pub async fn windlass(world: &World, args: &[&str]) -> (Option<i32>, String) {
    let output = program(world, "ana", args).output().await.unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}
