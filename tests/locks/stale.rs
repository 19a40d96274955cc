//! A lock that nobody gave back: who may break it, and who may take it over.

use std::process::Stdio;

use jiff::SignedDuration;
use windlass::domain::Exit;

use crate::git::git;
use crate::plan::planned;
use crate::run::{begin, end};
use crate::world::{
    appears, carry_out, hold, last, left_by_omar, let_go, locks, machine, program, promote, stage, unlock,
    windlass, world,
};

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

    let (_, examined) = windlass(&world, &["doctor"]).await;
    assert!(
        examined.contains("payment-svc in stage, stale: acquired by omar@elsewhere")
            && examined.contains("windlass unlock stage --service payment-svc"),
        "{examined}"
    );

    let without_reason = planned(&ana, &unlock(" \u{202e}", false)).await.unwrap_err();
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
        refused.contains("stale: acquired by omar@elsewhere"),
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
    let plan = planned(&ana, &unlock("omar is on holiday", false)).await.unwrap();
    assert!(!plan.allowed());
    let (exit, events) = end(begin(&ana, plan)).await;
    assert_eq!(exit, Exit::Refused);
    assert!(
        last(&events).contains("can be broken on request"),
        "{}",
        last(&events)
    );
    let listed = windlass(&world, &["locks", "--json"]).await.1;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let lock = &listed["locks"][0];
    assert_eq!(
        (&lock["service"], &lock["scope"], &lock["owner"], &lock["state"]),
        (
            &"payment-svc".into(),
            &"stage".into(),
            &"omar".into(),
            &"held".into()
        )
    );

    let plan = planned(&ana, &unlock("omar is on holiday", true)).await.unwrap();
    assert!(plan.allowed(), "{:?}", plan.gates);
    assert!(plan.steps[1].title.contains("omar@elsewhere"), "{:?}", plan.steps);
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

    let plan = planned(&ana, &unlock("omar is on holiday", true)).await.unwrap();
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
    run.kill().await.unwrap();
    let omar = machine(&world, "omar");
    assert_eq!(locks(&omar).await.len(), 1);
    assert_eq!(carry_out(&omar, &promote()).await.0, Exit::Conflict);

    let_go(&world);
    let (exit, told) = windlass(&world, &args).await;
    assert_eq!(exit, Some(0), "{told}");
    assert!(
        told.contains("took over the lock on payment-svc in stage left behind on this machine by ana@"),
        "{told}"
    );
    assert_eq!(locks(&omar).await, []);
    assert_eq!(carry_out(&omar, &promote()).await.0, Exit::Done);
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
    let commit = ["commit-tree", &tree, "-F", file.to_str().unwrap()];
    let commit = git(&work, &commit);
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
    assert!(
        !planned(&ana, &unlock("whose is it", false))
            .await
            .unwrap()
            .allowed()
    );
    assert_eq!(carry_out(&ana, &unlock("whose is it", true)).await.0, Exit::Done);
    assert_eq!(locks(&ana).await, []);
}
