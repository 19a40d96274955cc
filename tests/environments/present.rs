//! What an environment has now counts: what runs there, where that can be observed, and not what was deployed there last.

use super::running::observed;
use super::*;
use windlass::domain::StepKind;

/// An engine whose stage is observed by reading a file, in which `digest` stands.
fn runs(world: &World, digest: &Digest) -> (Arc<Engine>, std::path::PathBuf) {
    let deploy = format!(
        "echo $WINDLASS_DIGEST > {}",
        world.folder().join("running").display()
    );
    let (engine, file) = observed(world, "1s", &deploy);
    std::fs::write(&file, digest.to_string()).unwrap();
    (engine, file)
}

fn hotfix() -> Request {
    HotfixRequest {
        environment: Some("stage".parse().unwrap()),
        version: None,
    }
    .into()
}

fn notes(plan: &Plan, gate: &str) -> String {
    let gate = plan.gates.iter().find(|known| known.kind.name() == gate).unwrap();
    gate.notes.join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hotfix_and_a_pin_are_of_what_runs_and_say_so_where_another_is_deployed() {
    let (world, engine) = world().await;
    let (last, before) = (
        digest_of(&engine, "stage", "develop~3").await,
        digest_of(&engine, "stage", "develop~15").await,
    );
    assert_eq!(deployed(&engine, "stage").await, last);
    // The platform names the image of one platform.
    let image = first_image(&reader(&engine, "stage"), &before).await;
    let (engine, file) = runs(&world, &image);
    let note = format!(
        "stage runs {}, not {}, which is deployed",
        image.short(),
        last.short()
    );
    for request in [hotfix(), pin("stage", "keep", None)] {
        let plan = planned(&engine, &request).await.unwrap();
        assert_eq!(plan.digest.as_ref(), Some(&before), "{request:?}");
        let (_, why) = reason(&plan, "deployed");
        assert!(
            why.starts_with(&format!("{} runs in stage", before.short())),
            "{why}"
        );
        assert_eq!(notes(&plan, "deployed"), note);
    }
    done(&engine, &pin("stage", "keep", None)).await;
    assert_eq!(held_at(&engine, "stage").await, Some(before));

    // What is not known here, and what nobody can say, leave what is deployed.
    let foreign = Digest::of(b"foreign");
    std::fs::write(&file, foreign.to_string()).unwrap();
    let plan = planned(&engine, &hotfix()).await.unwrap();
    assert_eq!(plan.digest.as_ref(), Some(&last));
    assert!(notes(&plan, "deployed").contains("so this goes by what is deployed"));
    std::fs::remove_file(&file).unwrap();
    let plan = planned(&engine, &hotfix()).await.unwrap();
    assert_eq!(plan.digest.as_ref(), Some(&last));
    assert!(notes(&plan, "deployed").starts_with("what runs in stage is unknown"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_went_back_to_by_hand_is_what_a_rollback_deploys_and_pins() {
    let (world, engine) = world().await;
    let (last, before) = (
        digest_of(&engine, "stage", "develop~3").await,
        digest_of(&engine, "stage", "develop~15").await,
    );
    let (engine, _) = runs(&world, &before);
    let plan = planned(&engine, &rollback("stage", None, false)).await.unwrap();
    assert_eq!(plan.digest.as_ref(), Some(&before));
    assert!(notes(&plan, "history").contains("which is deployed"));
    done(&engine, &rollback("stage", None, false)).await;
    assert_eq!(deployed(&engine, "stage").await, before);
    assert_eq!(held_at(&engine, "stage").await, Some(before));
    let past = engine
        .past(&payment(&engine), &"stage".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(past.note, None);
    assert_eq!(past.earlier[0].digest, last);
    assert!(past.earlier[0].was_left());
}

#[tokio::test(flavor = "multi_thread")]
async fn from_what_was_never_deployed_a_rollback_leads_to_what_was_deployed_last() {
    let (world, engine) = world().await;
    let last = digest_of(&engine, "stage", "develop~3").await;
    let never = digest_of(&engine, "dev", "develop").await;
    let to_stage = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    assert_eq!(to_stage.digest.as_ref(), Some(&never));
    // It comes to the registry of stage, and its deployment fails.
    let (broken, deploy) = (world.folder().join("broken"), world.folder().join("running"));
    std::fs::write(&broken, "").unwrap();
    let deploy = format!(
        "[ ! -e {} ] && echo $WINDLASS_DIGEST > {}",
        broken.display(),
        deploy.display()
    );
    let (engine, file) = observed(&world, "1s", &deploy);
    std::fs::write(&file, last.to_string()).unwrap();
    let plan = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Incomplete);
    std::fs::remove_file(&broken).unwrap();
    // Somebody starts it by hand.
    std::fs::write(&file, never.to_string()).unwrap();
    let plan = planned(&engine, &rollback("stage", None, false)).await.unwrap();
    assert_eq!(plan.digest.as_ref(), Some(&last));
    assert_eq!(plan.operation.replaces(), Some(Some(&never)));
    let events = done(&engine, &rollback("stage", None, false)).await;
    assert!(!idle(&events).contains(&"deploy"), "{:?}", idle(&events));
    assert!(plan.steps.iter().any(|step| step.kind == StepKind::Deploy));
    assert_eq!(deployed(&engine, "stage").await, last);
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_promotion_takes_commits_back_is_judged_by_what_runs() {
    let (world, engine) = world().await;
    let newer = digest_of(&engine, "stage", "develop~3").await;
    let older = digest_of(&engine, "stage", "develop~15").await;
    done(
        &engine,
        &promote("develop~15", "stage", Some("an older one"), false),
    )
    .await;
    assert_eq!(deployed(&engine, "stage").await, older);
    let plan = planned(&engine, &promote("develop~15", "stage", None, false))
        .await
        .unwrap();
    assert!(plan.gates.iter().all(|gate| gate.kind.name() != "downgrade"));
    let (engine, _) = runs(&world, &newer);
    let plan = planned(&engine, &promote("develop~15", "stage", None, false))
        .await
        .unwrap();
    let (_, why) = reason(&plan, "downgrade");
    assert!(why.contains("take back"), "{why}");
    assert!(notes(&plan, "downgrade").contains("which is deployed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_asks_the_platform_once_what_runs() {
    let (world, engine) = world().await;
    let last = digest_of(&engine, "stage", "develop~3").await;
    let (engine, file) = runs(&world, &last);
    // Given to the program as its input, each question leaves a line.
    let calls = world.folder().join("calls");
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let quiet = format!("[\"/bin/cat\", \"{}\"]", file.display());
    let counted = format!(
        "[\"/bin/sh\", \"-c\", \"echo asked >> {}; cat {}\"]",
        calls.display(),
        file.display()
    );
    assert!(text.contains(&quiet), "{text}");
    std::fs::write(&path, text.replace(&quiet, &counted)).unwrap();
    drop(engine);
    let engine = world.engine().unwrap();
    for request in [
        promote("develop", "stage", None, false),
        rollback("stage", None, true),
        pin("stage", "keep", None),
        hotfix(),
    ] {
        let _ = std::fs::remove_file(&calls);
        planned(&engine, &request).await.unwrap();
        let asked = std::fs::read_to_string(&calls).unwrap_or_default();
        assert_eq!(asked, "asked\n", "{request:?}");
    }
}
