//! What was deployed, and what a promotion take back: the gates about the history of an environment.

use crate::plan::planned;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use windlass::domain::ExceptionKind;

/// An engine whose stage has another deployer.
fn deploying_by(world: &World, program: &str) -> Arc<Engine> {
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replacen("/bin/sh", program, 1);
    std::fs::write(path, text).unwrap();
    world.engine().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_whose_deployment_failed_in_stage_does_not_reach_prod_without_a_reason() {
    let (world, _) = world().await;
    let engine = deploying_by(&world, "/bin/false");
    let plan = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    assert!(plan.allowed(), "{:?}", plan.gates);
    assert_ne!(carry_out(&engine, plan).await.0, Exit::Done);

    let plan = planned(&engine, &promote("develop", "prod", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&plan, "deployed-in-source");
    assert_eq!(verdict, "refused");
    assert!(why.contains("was never deployed to stage"), "{why}");
    let how = "the last deployment failed at ";
    assert!(
        why.contains(how) && why.contains("`/bin/false` failed with exit code 1"),
        "{why}"
    );
    assert_eq!(way_out(&plan, "deployed-in-source"), Some(&Override::Reason));
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);

    let command = promote("develop", "prod", Some("stage is being rebuilt"), false);
    done(&engine, &command).await;
    let (service, prod) = (payment(&engine), "prod".parse().unwrap());
    let owed = engine.owed_reviews(&service, &prod).await.unwrap();
    assert_eq!(owed.len(), 1);
    assert_eq!(owed[0].kind, ExceptionKind::NotDeployed);
}

/// A deployer of stage that runs these lines.
fn deploying_with(world: &World, lines: &str) -> Arc<Engine> {
    let script = world.folder().join("deploy-stage.sh");
    std::fs::write(&script, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    deploying_by(world, script.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployer_that_leaves_a_program_in_the_background_ends_and_the_run_says_so() {
    let (world, _) = world().await;
    let left = world.folder().join("left");
    let lines = format!(
        "setsid sleep 600 & echo $! > '{}'; echo started; exit 0",
        left.display()
    );
    let engine = deploying_with(&world, &lines);
    let plan = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    let (exit, events) = carry_out(&engine, plan).await;
    let pid: i32 = std::fs::read_to_string(left).unwrap().trim().parse().unwrap();
    let _ = rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    );
    assert_eq!(exit, Exit::Done);
    let said = format!("{events:?}");
    for words in ["started", "left running in the background"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_names_how_the_last_failed_deployment_ended_until_one_succeeds() {
    let (world, _) = world().await;
    let to_stage = promote("develop", "stage", None, false);
    for code in [7, 9] {
        let engine = deploying_with(&world, &format!("exit {code}"));
        let plan = planned(&engine, &to_stage).await.unwrap();
        assert_ne!(carry_out(&engine, plan).await.0, Exit::Done);
    }
    let to_prod = promote("develop", "prod", None, false);
    let engine = deploying_with(&world, "exit 0");
    let plan = planned(&engine, &to_prod).await.unwrap();
    let (verdict, why) = reason(&plan, "deployed-in-source");
    assert_eq!(verdict, "refused");
    assert!(
        why.contains("exit code 9") && !why.contains("exit code 7"),
        "{why}"
    );
    done(&engine, &to_stage).await;
    let plan = planned(&engine, &to_prod).await.unwrap();
    let (verdict, why) = reason(&plan, "deployed-in-source");
    assert!(
        verdict == "allowed" && why.contains("deployed to stage since"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_was_stopped_is_recorded_and_named_as_that() {
    let (world, _) = world().await;
    let engine = deploying_with(&world, "echo waiting; sleep 600");
    let plan = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    let mut run = begin(&engine, plan);
    while let Some(event) = run.events.recv().await {
        if matches!(&event.happening, EventKind::Log { line, .. } if line == "waiting") {
            run.cancel.cancel();
        }
    }
    assert_eq!(run.task.await.unwrap(), Exit::Interrupted);
    let plan = planned(&engine, &promote("develop", "prod", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&plan, "deployed-in-source");
    assert_eq!(verdict, "refused");
    assert!(why.contains("the last deployment was stopped at "), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_stage_has_run_once_may_go_on() {
    let (_world, engine) = world().await;
    done(&engine, &promote("develop~3", "stage", None, false)).await;
    done(&engine, &promote("develop", "stage", None, false)).await;
    let plan = planned(&engine, &promote("develop~3", "prod", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&plan, "deployed-in-source");
    assert!(
        verdict == "allowed" && why.contains("was deployed to stage"),
        "{why}"
    );
    let plan = planned(&engine, &promote("develop", "prod", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&plan, "deployed-in-source");
    assert!(
        verdict == "allowed" && why.contains("deployed to stage since"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_candidate_than_what_production_runs_needs_a_reason_and_stage_only_notes_it() {
    let (_world, engine) = world().await;
    done(&engine, &promote("develop~3", "prod", None, false)).await;
    let command = |why| promote("develop~15", "prod", why, false);
    let plan = planned(&engine, &command(None)).await.unwrap();
    let (verdict, why) = reason(&plan, "downgrade");
    assert_eq!(verdict, "refused");
    for words in [
        "this would take back 14 commits, 4 fixes",
        "`windlass rollback prod`",
    ] {
        assert!(why.contains(words), "{why}");
    }
    assert_eq!(way_out(&plan, "downgrade"), Some(&Override::Reason));
    let plan = planned(&engine, &command(Some("payouts fail"))).await.unwrap();
    let (verdict, why) = reason(&plan, "downgrade");
    assert!(verdict == "allowed" && why.contains("payouts fail"), "{why}");
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Done);
    let (service, prod) = (payment(&engine), "prod".parse().unwrap());
    let owed = engine.owed_reviews(&service, &prod).await.unwrap();
    assert_eq!(owed[0].kind, ExceptionKind::Downgrade);

    done(&engine, &promote("develop", "stage", None, false)).await;
    let plan = planned(&engine, &promote("develop~3", "stage", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&plan, "downgrade");
    assert!(verdict == "allowed" && why.contains("take back"), "{why}");
}
