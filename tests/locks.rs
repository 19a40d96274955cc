//! Locks among machines, in the sample world: two engines with a state folder each are two machines at one remote.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command as Program, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use windlass::config::Config;
use windlass::demo::{World, WorldOptions};
use windlass::domain::{Exit, HeldLock, LockNote, LockSubject, Plan, WriteAccess};
use windlass::engine::{self, Command, Engine, Event, Happening, Run, Secrets};
use windlass::git::GitRepository;

fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

async fn world() -> World {
    let options = WorldOptions {
        folder: None,
        now: Timestamp::now(),
    };
    World::open(options, access()).await.unwrap()
}

/// The engine of another machine: its state is its own, the remote is everybody's.
fn machine(world: &World, name: &str) -> Arc<Engine> {
    let config = Arc::new(Config::load(&world.repository().join("windlass.toml")).unwrap());
    let state = world.folder().join(name).join("windlass");
    let registries = engine::registries(&config, &state).unwrap();
    let repository = GitRepository::discover(&world.repository()).unwrap();
    Arc::new(Engine::new(config, Some(Arc::new(repository)), registries, state))
}

/// Adds to `[git]` of the world's configuration, which engines made afterwards read.
fn configure(world: &World, git: &str) {
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("[git]\n{git}\n\n{text}")).unwrap();
}

fn promote() -> Command {
    Command::Promote {
        service: "payment-svc".parse().unwrap(),
        candidate: "develop".to_owned(),
        to: "stage".parse().unwrap(),
        from: None,
        reason: None,
        hotfix: false,
    }
}

fn unlock(reason: &str, held: bool) -> Command {
    Command::Unlock {
        service: "payment-svc".parse().unwrap(),
        part: "stage".parse().unwrap(),
        reason: reason.to_owned(),
        held,
    }
}

fn begin(engine: &Arc<Engine>, plan: Plan) -> Run {
    engine.start(plan, access(), Secrets::default()).unwrap()
}

/// Follows a run to its end; one that should be refused and waits in its deployer instead fails the test.
async fn end(mut run: Run) -> (Exit, Vec<Event>) {
    let following = async {
        let mut events = Vec::new();
        while let Some(event) = run.events.recv().await {
            events.push(event);
        }
        (run.task.await.unwrap(), events)
    };
    tokio::time::timeout(Duration::from_mins(2), following)
        .await
        .unwrap()
}

async fn carry_out(engine: &Arc<Engine>, command: &Command) -> (Exit, Vec<Event>) {
    let plan = engine.plan(command).await.unwrap();
    end(begin(engine, plan)).await
}

/// What the end of a run says, with its hint.
fn last(events: &[Event]) -> String {
    match &events.last().unwrap().happening {
        Happening::RunEnded { summary, hint, .. } => {
            format!("{summary}\n{}", hint.as_deref().unwrap_or_default())
        }
        other => panic!("a run ends with its end, not with {other:?}"),
    }
}

fn logged(events: &[Event]) -> String {
    let lines = events.iter().filter_map(|event| match &event.happening {
        Happening::Log { line, .. } => Some(format!("{line}\n")),
        _ => None,
    });
    lines.collect()
}

fn has_begun_a_step(events: &[Event]) -> bool {
    let is_step = |event: &Event| matches!(event.happening, Happening::StepStarted { .. });
    events.iter().any(is_step)
}

async fn locks(engine: &Engine) -> Vec<HeldLock> {
    let found = engine.locks().await.unwrap();
    found.into_iter().map(|found| found.lock).collect()
}

fn stage() -> LockSubject {
    LockSubject {
        service: "payment-svc".parse().unwrap(),
        part: "stage".parse().unwrap(),
    }
}

/// Leaves a lock of Omar's on another host at the remote, taken so long ago, for an hour.
async fn left_by_omar(engine: &Engine, ago: SignedDuration) {
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
fn hold(world: &World) {
    let (waiting, go) = (world.folder().join("waiting"), world.folder().join("go"));
    let script = format!(
        "touch '{}'\nwhile [ ! -e '{}' ]; do sleep 0.05; done\n",
        waiting.display(),
        go.display()
    );
    std::fs::write(world.folder().join("deploy.sh"), script).unwrap();
}

fn let_go(world: &World) {
    std::fs::write(world.folder().join("go"), "").unwrap();
}

/// Waits for a file; the test as a whole fails if it never comes.
async fn appears(path: &Path) {
    let waiting = async {
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting)
        .await
        .unwrap();
}

fn hook(world: &World, name: &str, text: &str) {
    let hook = world.folder().join("origin.git/hooks").join(name);
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Program::new("git");
    command.args(arguments).current_dir(folder).env_remove("GIT_DIR");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

/// The program on the machine `name`, as the same user of the same host.
fn program(world: &World, name: &str, args: &[&str]) -> Program {
    let mut program = Program::new(env!("CARGO_BIN_EXE_windlass"));
    program
        .args(args)
        .current_dir(world.repository())
        .env("XDG_STATE_HOME", world.folder().join(name))
        .env_remove("COSIGN_PASSWORD")
        .env_remove("GITHUB_ACTOR")
        .env("USER", "ana");
    program
}

async fn windlass(world: &World, args: &[&str]) -> (Option<i32>, String) {
    let mut program = program(world, "ana", args);
    let output: Output = tokio::task::spawn_blocking(move || program.output())
        .await
        .unwrap()
        .unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_machine_learns_who_is_at_work_and_gets_its_turn() {
    let world = world().await;
    let (ana, omar) = (machine(&world, "ana"), machine(&world, "omar"));
    hold(&world);
    let plan = ana.plan(&promote()).await.unwrap();
    let first = begin(&ana, plan);
    let id = first.id.clone();
    appears(&world.folder().join("waiting")).await;

    let held = locks(&omar).await;
    let [HeldLock { note: Some(note), .. }] = held.as_slice() else {
        panic!("{held:?}");
    };
    assert_eq!((note.run(), note.purpose()), (id.as_str(), "promote to stage"));
    let (exit, events) = carry_out(&omar, &promote()).await;
    assert_eq!(exit, Exit::Conflict);
    assert!(!has_begun_a_step(&events), "{events:?}");
    let told = last(&events);
    for word in [
        "payment-svc in stage is locked on origin: held by",
        &format!("{}@{}, run {}", note.owner(), note.host(), id.short()),
        "since",
        "until",
        "wait for that run to end",
    ] {
        assert!(told.contains(word), "`{word}` is missing: {told}");
    }
    // The attempt is kept, as every other.
    let kept = omar.journals().runs().unwrap();
    assert_eq!(last(&omar.journals().read(&kept[0]).unwrap()), told);

    let_go(&world);
    assert_eq!(end(first).await.0, Exit::Done);
    assert_eq!(locks(&omar).await, []);
    assert_eq!(carry_out(&omar, &promote()).await.0, Exit::Done);
    assert_eq!(locks(&omar).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_begin_at_once_exactly_one_goes_on() {
    let world = world().await;
    let (ana, omar) = (machine(&world, "ana"), machine(&world, "omar"));
    hold(&world);
    let plan = ana.plan(&promote()).await.unwrap();
    let (mut one, mut other) = (
        tokio::spawn(end(begin(&ana, plan.clone()))),
        tokio::spawn(end(begin(&omar, plan))),
    );
    // Whoever has the lock waits in its deployer, so the first to end is the one that was refused.
    let (refused, goes_on) = tokio::select! {
        ended = &mut one => (ended, other),
        ended = &mut other => (ended, one),
    };
    let (exit, events) = refused.unwrap();
    assert_eq!(exit, Exit::Conflict, "{}", last(&events));
    assert!(!has_begun_a_step(&events));
    let_go(&world);
    assert_eq!(goes_on.await.unwrap().0, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_is_refused_or_is_interrupted_gives_its_lock_back() {
    let world = world().await;
    let ana = machine(&world, "ana");
    std::fs::write(world.folder().join("deploy.sh"), "exit 1\n").unwrap();
    let (exit, _) = carry_out(&ana, &promote()).await;
    assert_ne!(exit, Exit::Done);
    assert_eq!(locks(&ana).await, []);

    let Command::Promote {
        service, to, from, ..
    } = promote()
    else {
        unreachable!()
    };
    let critical = Command::Promote {
        candidate: "develop~4".to_owned(),
        service,
        to,
        from,
        reason: None,
        hotfix: false,
    };
    assert_eq!(carry_out(&ana, &critical).await.0, Exit::Refused);
    assert_eq!(locks(&ana).await, []);

    hold(&world);
    let plan = ana.plan(&promote()).await.unwrap();
    let run = begin(&ana, plan);
    appears(&world.folder().join("waiting")).await;
    assert_eq!(locks(&ana).await.len(), 1);
    run.cancel.cancel();
    assert_eq!(end(run).await.0, Exit::Interrupted);
    assert_eq!(locks(&ana).await, []);

    // One that is interrupted before it has begun.
    let plan = ana.plan(&promote()).await.unwrap();
    let run = begin(&ana, plan);
    run.cancel.cancel();
    let (exit, events) = end(run).await;
    assert_eq!((exit, has_begun_a_step(&events)), (Exit::Interrupted, false));
    assert_eq!(locks(&ana).await, []);
    let_go(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_lock_of_another_host_is_broken_with_a_reason_and_not_by_itself() {
    let world = world().await;
    let ana = machine(&world, "ana");
    left_by_omar(&ana, SignedDuration::from_hours(4)).await;
    let (exit, events) = carry_out(&ana, &promote()).await;
    assert_eq!(exit, Exit::Conflict);
    let told = last(&events);
    for word in [
        "omar@elsewhere, run 1f9a2b3c",
        "expired 3h ago",
        "windlass unlock stage --reason",
    ] {
        assert!(told.contains(word), "`{word}` is missing: {told}");
    }
    let (_, listed) = windlass(&world, &["locks"]).await;
    assert!(
        listed.contains("~ stale") && listed.contains("omar@elsewhere"),
        "{listed}"
    );

    let without_reason = ana.plan(&unlock(" \u{202e}", false)).await.unwrap_err();
    assert_eq!(without_reason.exit(), Exit::Usage);
    let read_only = windlass(
        &world,
        &["--read-only", "unlock", "stage", "--reason", "x", "--yes"],
    )
    .await;
    assert_eq!(read_only.0, Some(2), "{}", read_only.1);
    assert_eq!(locks(&ana).await.len(), 1);

    let broken = windlass(
        &world,
        &[
            "unlock",
            "stage",
            "--reason",
            "the runner of omar's job was lost",
            "--yes",
        ],
    )
    .await;
    assert_eq!(broken.0, Some(0), "{}", broken.1);
    assert_eq!(locks(&ana).await, []);
    let (_, runs) = windlass(&world, &["runs"]).await;
    let line = runs.lines().next().unwrap();
    assert!(
        line.contains("unlock stage, locked by omar@elsewhere, run 1f9a2b3c")
            && line.contains("(the runner of omar's job was lost)")
            && line.contains("by ana@"),
        "{runs}"
    );
    let (_, refused) = windlass(&world, &["runs", &ana.journals().runs().unwrap()[1].to_string()]).await;
    assert!(
        refused.contains("stale: omar@elsewhere"),
        "the history says that it was stale: {refused}"
    );
    let again = windlass(&world, &["unlock", "stage", "--reason", "again", "--yes"]).await;
    assert_eq!(again.0, Some(7), "{}", again.1);
    assert_eq!(carry_out(&ana, &promote()).await.0, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_held_is_only_taken_by_who_says_so() {
    let world = world().await;
    let ana = machine(&world, "ana");
    left_by_omar(&ana, SignedDuration::from_mins(2)).await;
    let plan = ana.plan(&unlock("omar is on holiday", false)).await.unwrap();
    assert!(!plan.allowed());
    let (exit, events) = end(begin(&ana, plan)).await;
    assert_eq!(exit, Exit::Refused);
    assert!(
        last(&events).contains("may be taken from its holder"),
        "{}",
        last(&events)
    );
    let listed = windlass(&world, &["locks", "--json"]).await.1;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let lock = &listed["locks"][0];
    assert_eq!(
        (&lock["service"], &lock["what"], &lock["owner"], &lock["state"]),
        (
            &"payment-svc".into(),
            &"stage".into(),
            &"omar".into(),
            &"held".into()
        )
    );

    let plan = ana.plan(&unlock("omar is on holiday", true)).await.unwrap();
    assert!(plan.allowed(), "{:?}", plan.gates);
    assert!(plan.steps[1].what.contains("omar@elsewhere"), "{:?}", plan.steps);
    // Omar renews it meanwhile, or another takes it: that is another lock.
    let reference = stage().reference();
    git(
        &world.folder().join("origin.git"),
        &["update-ref", "-d", &reference],
    );
    left_by_omar(&ana, SignedDuration::from_mins(1)).await;
    let (exit, events) = end(begin(&ana, plan)).await;
    assert_eq!(exit, Exit::Conflict, "{}", last(&events));
    assert_eq!(locks(&ana).await.len(), 1);

    let plan = ana.plan(&unlock("omar is on holiday", true)).await.unwrap();
    assert_eq!(end(begin(&ana, plan.clone())).await.0, Exit::Done);
    assert_eq!(locks(&ana).await, []);
    // The same plan again finds nothing to do.
    assert_eq!(end(begin(&ana, plan)).await.0, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_the_same_machine_goes_on_and_another_does_not() {
    let world = world().await;
    hold(&world);
    let args = ["promote", "develop", "--to", "stage", "--yes"];
    let mut run = program(&world, "ana", &args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    appears(&world.folder().join("waiting")).await;
    run.kill().unwrap();
    run.wait().unwrap();
    let omar = machine(&world, "omar");
    assert_eq!(locks(&omar).await.len(), 1);
    assert_eq!(carry_out(&omar, &promote()).await.0, Exit::Conflict);

    let_go(&world);
    let (exit, told) = windlass(&world, &args).await;
    assert_eq!(exit, Some(0), "{told}");
    assert!(
        told.contains("took over the lock on payment-svc in stage that ana@"),
        "{told}"
    );
    assert_eq!(locks(&omar).await, []);
    assert_eq!(carry_out(&omar, &promote()).await.0, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_renewed_while_its_run_lives() {
    let world = world().await;
    configure(&world, "lock_for = \"1ms\"");
    let pushes = world.folder().join("pushes");
    // A push that takes its time, so that the clock has moved on by the next step.
    let at = pushes.display();
    let noting = format!("cat >> '{at}'\nif [ $(wc -l < '{at}') -lt 3 ]; then sleep 1.1; fi");
    hook(&world, "post-receive", &noting);
    assert_eq!(carry_out(&machine(&world, "ana"), &promote()).await.0, Exit::Done);
    let pushes = std::fs::read_to_string(pushes).unwrap();
    let moves: Vec<Vec<_>> = pushes
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>())
        .collect();
    let is_none = |object: &str| object.bytes().all(|digit| digit == b'0');
    assert!(moves.len() > 2, "created, renewed, deleted: {pushes}");
    assert!(is_none(moves[0][0]) && is_none(moves.last().unwrap()[1]));
    for pair in moves.windows(2) {
        assert_eq!(pair[0][1], pair[1][0], "{pushes}");
        assert_eq!(pair[0][2], stage().reference());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_renewed_in_a_step_that_takes_longer_than_it_lasts() {
    let world = world().await;
    configure(&world, "lock_for = \"2s\"");
    hold(&world);
    let ana = machine(&world, "ana");
    let plan = ana.plan(&promote()).await.unwrap();
    let run = begin(&ana, plan);
    appears(&world.folder().join("waiting")).await;
    let expires = || async { locks(&ana).await[0].note.as_ref().unwrap().expires() };
    let first = expires().await;
    // More than it lasts, all of it in one step.
    let later = async {
        while expires().await < first + SignedDuration::from_secs(3) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), later).await.unwrap();
    let_go(&world);
    assert_eq!(end(run).await.0, Exit::Done);
    assert!(locks(&ana).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_stops_once_somebody_broke_its_lock() {
    let world = world().await;
    configure(&world, "lock_for = \"2s\"");
    hold(&world);
    let ana = machine(&world, "ana");
    let plan = ana.plan(&promote()).await.unwrap();
    let run = begin(&ana, plan);
    appears(&world.folder().join("waiting")).await;
    // Nobody lets the deployer go: it ends because the lock is gone.
    let broken = carry_out(&machine(&world, "omar"), &unlock("ana is on leave", true)).await;
    assert_eq!(broken.0, Exit::Done);
    let (exit, events) = end(run).await;
    assert_eq!(exit, Exit::Conflict);
    assert!(last(&events).contains("somebody broke it"), "{}", last(&events));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_lock_was_broken_does_not_go_on_beside_another() {
    let world = world().await;
    configure(&world, "lock_for = \"1ms\"");
    // As soon as it is renewed, somebody breaks it; the clock moves on meanwhile.
    hook(
        &world,
        "post-receive",
        "read old new name\ncase $old in *[!0]*) git update-ref -d \"$name\" ;; esac\nsleep 1.1",
    );
    let (exit, events) = carry_out(&machine(&world, "ana"), &promote()).await;
    assert_eq!(exit, Exit::Conflict);
    assert!(last(&events).contains("somebody broke it"), "{}", last(&events));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_that_takes_no_locks_stops_the_run_until_locks_are_off() {
    let world = world().await;
    hook(
        &world,
        "update",
        "case $1 in refs/windlass/*) echo 'contents are read-only' >&2; exit 1;; esac",
    );
    let (exit, events) = carry_out(&machine(&world, "ana"), &promote()).await;
    assert_eq!(exit, Exit::Failed);
    let told = last(&events);
    assert!(
        told.contains("contents are read-only") && told.contains("`lock = false`"),
        "{told}"
    );
    assert!(!has_begun_a_step(&events));

    configure(&world, "lock = false");
    let (exit, events) = carry_out(&machine(&world, "ana"), &promote()).await;
    assert_eq!(exit, Exit::Done);
    assert!(logged(&events).contains("locks are off"), "{}", logged(&events));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_remote_there_is_nothing_to_lock_with_and_the_log_says_so() {
    let world = world().await;
    git(&world.repository(), &["remote", "remove", "origin"]);
    let (exit, events) = carry_out(&machine(&world, "ana"), &promote()).await;
    assert_eq!(exit, Exit::Done);
    let told = logged(&events);
    let line = "there is no git remote `origin`: only the runs of this machine are kept apart\n";
    assert_eq!(told.matches(line).count(), 1, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_in_a_lock_is_an_unknown_owner_and_harmless() {
    let world = world().await;
    let ana = machine(&world, "ana");
    let work = world.repository();
    let tree = git(&work, &["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let file = world.folder().join("message");
    let message = format!(
        "\u{1b}]0;owned\u{7}\u{202e}\n\nwindlass-lock: 1\nowner: \u{1b}[2Jana\nhost: h\nrun: ../../x\ntaken: now\n{}",
        "x".repeat(1_000_000)
    );
    std::fs::write(&file, message).unwrap();
    let identity = ["-c", "user.name=x", "-c", "user.email=x"];
    let commit = ["commit-tree", &tree, "-F", file.to_str().unwrap()];
    let commit = git(&work, &[&identity[..], &commit].concat());
    let refspec = format!("{commit}:{}", stage().reference());
    git(&work, &["push", "-q", "origin", &refspec]);

    let (exit, events) = carry_out(&ana, &promote()).await;
    assert_eq!(exit, Exit::Conflict);
    assert!(
        last(&events).contains("held by an unknown owner"),
        "{}",
        last(&events)
    );
    let (exit, listed) = windlass(&world, &["locks"]).await;
    assert_eq!(exit, Some(0));
    assert!(
        listed.contains("an unknown owner") && listed.len() < 300,
        "{listed}"
    );
    let is_harmless = |text: &str| !text.contains(['\u{1b}', '\u{202e}', '\u{7}']);
    assert!(is_harmless(&listed) && is_harmless(&last(&events)));
    assert!(!ana.plan(&unlock("whose is it", false)).await.unwrap().allowed());
    assert_eq!(carry_out(&ana, &unlock("whose is it", true)).await.0, Exit::Done);
    assert_eq!(locks(&ana).await, []);
}
