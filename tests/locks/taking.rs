//! A lock is taken, kept from others, and given back.

use jiff::SignedDuration;
use windlass::domain::{Exit, HeldLock};
use windlass::engine::{PromoteRequest, Request};

use crate::plan::planned;
use crate::run::{begin, end};
use crate::world::{
    appears, carry_out, has_begun_a_step, hold, last, left_by_omar, let_go, locks, logged, machine, promote,
    windlass, world,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_second_machine_learns_who_is_at_work_and_gets_its_turn() {
    let world = world().await;
    let (ana, omar) = (machine(&world, "ana"), machine(&world, "omar"));
    hold(&world);
    let plan = planned(&ana, &promote()).await.unwrap();
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
    let plan = planned(&ana, &promote()).await.unwrap();
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
async fn a_refused_plan_takes_no_lock_and_asks_no_gate_again_but_keeps_its_journal() {
    let world = world().await;
    let ana = machine(&world, "ana");
    let refused = critical();
    let plan = planned(&ana, &refused).await.unwrap();
    // Whoever has the lock is not in its way: it is not run. Nor does it matter what the gates would say by now.
    left_by_omar(&ana, SignedDuration::from_mins(1)).await;
    let asked = plan.gates.clone();
    let (exit, events) = end(begin(&ana, plan)).await;
    assert_eq!(exit, Exit::Refused, "{}", last(&events));
    let told = logged(&events);
    for gate in &asked {
        let line = format!(
            "{}: {}, {}\n",
            gate.kind,
            gate.verdict.word(),
            gate.verdict.reason()
        );
        assert!(told.contains(&line), "{line}{told}");
    }
    let kept = ana.journals().runs().unwrap();
    assert_eq!(last(&ana.journals().read(&kept[0]).unwrap()), last(&events));

    let (exit, told) = windlass(&world, &["promote", "develop~4", "--to", "stage", "--yes"]).await;
    assert_eq!(exit, Some(3), "{told}");
    assert!(told.contains("scan: refused"), "{told}");
    assert_eq!(locks(&ana).await.len(), 1);
}

/// A promotion that the scan gate refuses.
fn critical() -> Request {
    PromoteRequest {
        candidate: "develop~4".to_owned(),
        to: "stage".parse().unwrap(),
        from: None,
        reason: None,
        hotfix: false,
    }
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_is_refused_or_is_interrupted_gives_its_lock_back() {
    let world = world().await;
    let ana = machine(&world, "ana");
    std::fs::write(world.folder().join("deploy.sh"), "exit 1\n").unwrap();
    let (exit, _) = carry_out(&ana, &promote()).await;
    assert_ne!(exit, Exit::Done);
    assert_eq!(locks(&ana).await, []);

    assert_eq!(carry_out(&ana, &critical()).await.0, Exit::Refused);
    assert_eq!(locks(&ana).await, []);

    hold(&world);
    let plan = planned(&ana, &promote()).await.unwrap();
    let run = begin(&ana, plan);
    appears(&world.folder().join("waiting")).await;
    assert_eq!(locks(&ana).await.len(), 1);
    run.cancel.cancel();
    assert_eq!(end(run).await.0, Exit::Interrupted);
    assert_eq!(locks(&ana).await, []);

    // One that is interrupted before it has begun.
    let plan = planned(&ana, &promote()).await.unwrap();
    let run = begin(&ana, plan);
    run.cancel.cancel();
    let (exit, events) = end(run).await;
    assert_eq!((exit, has_begun_a_step(&events)), (Exit::Interrupted, false));
    assert_eq!(locks(&ana).await, []);
    let_go(&world);
}
