//! Remotes that take no locks, and none at all.

use windlass::domain::Exit;

use crate::git::git;
use crate::world::{carry_out, configure, has_begun_a_step, hook, last, logged, machine, promote, world};

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
    assert!(
        logged(&events).contains("remote locks are turned off"),
        "{}",
        logged(&events)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_remote_there_is_nothing_to_lock_with_and_the_log_says_so() {
    let world = world().await;
    git(&world.repository(), &["remote", "remove", "origin"]);
    let (exit, events) = carry_out(&machine(&world, "ana"), &promote()).await;
    assert_eq!(exit, Exit::Done);
    let told = logged(&events);
    let line = "no git remote `origin`: only runs on this machine exclude each other\n";
    assert_eq!(told.matches(line).count(), 1, "{told}");
}
