//! A lock is renewed while its run lives, and its run stops once someone broke it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use windlass::demo::World;
use windlass::domain::Exit;
use windlass::engine::{Engine, Run};

use crate::plan::planned;
use crate::run::{begin, end};
use crate::world::{
    appears, carry_out, configure, hold, hook, last, let_go, locks, machine, promote, stage, unlock, world,
};

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

/// A run of Ana's under a lock that lasts two seconds, once it waits in its deployer.
async fn in_a_long_step(world: &World) -> (Arc<Engine>, Run) {
    configure(world, "lock_for = \"2s\"");
    hold(world);
    let ana = machine(world, "ana");
    let plan = planned(&ana, &promote()).await.unwrap();
    let run = begin(&ana, plan);
    appears(&world.folder().join("waiting")).await;
    (ana, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_renewed_in_a_step_that_takes_longer_than_it_lasts() {
    let world = world().await;
    let (ana, run) = in_a_long_step(&world).await;
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
    let (_, run) = in_a_long_step(&world).await;
    // Nobody lets the deployer go: it ends because the lock is gone.
    let broken = carry_out(&machine(&world, "omar"), &unlock("ana is on leave", true)).await;
    assert_eq!(broken.0, Exit::Done);
    let (exit, events) = end(run).await;
    assert_eq!(exit, Exit::Conflict);
    assert!(last(&events).contains("someone broke it"), "{}", last(&events));
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
    assert!(last(&events).contains("someone broke it"), "{}", last(&events));
}
