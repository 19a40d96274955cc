//! The soak gate, held against what stage has deployed: the candidate that is there for a day, and the one that it replaced.

use super::*;
use crate::plan::planned;
use windlass::domain::ExceptionKind;

use super::exceptions::{build, commit_on};

/// An engine whose production asks for that time in stage.
fn soaking(world: &World, time: &str) -> Arc<Engine> {
    let gate = format!("protected = true\ngate.soak = {{ in = \"stage\", time = \"{time}\" }}\n");
    changed(world, "protected = true\n", &gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_soaks_in_stage_and_preview_plan_and_run_say_until_when() {
    let (world, _) = world().await;
    let engine = soaking(&world, "30h");
    let command = promote("develop~3", "prod", None, false);
    let plan = planned(&engine, &command).await.unwrap();
    let (verdict, why) = reason(&plan, "soak");
    assert_eq!(verdict, "refused");
    assert!(
        why.starts_with("soaks in stage until 2") && why.contains(" UTC (5 h 5"),
        "{why}"
    );
    assert_eq!(way_out(&plan, "soak"), Some(&Override::Reason));
    let shown = serde_json::to_value(&plan).unwrap();
    let gates = shown["gates"].as_array().unwrap();
    assert!(
        gates
            .iter()
            .any(|gate| gate["name"] == "soak" && gate["verdict"] == "refused")
    );

    let (service, prod) = (payment(&engine), "prod".parse().unwrap());
    let seen = engine.preview(&service, "develop~3", &prod).await.unwrap();
    let seen = seen.iter().find(|gate| gate.kind.name() == "soak").unwrap();
    assert!(
        seen.verdict.reason().starts_with("soaks in stage until "),
        "{seen:?}"
    );
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);

    let engine = changed(&world, "time = \"30h\"", "time = \"12h\"");
    let plan = planned(&engine, &command).await.unwrap();
    let (verdict, why) = reason(&plan, "soak");
    assert_eq!(
        (verdict, why.as_str()),
        ("allowed", "soaked in stage for 24 h (12 h required)")
    );
    // What soaked before it was replaced has soaked; only its age is left to be asked about.
    let plan = planned(&engine, &promote("develop~15", "prod", None, false))
        .await
        .unwrap();
    assert_eq!(
        reason(&plan, "soak"),
        ("allowed", "soaked in stage for 12 d (12 h required)".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_promotes_before_the_time_says_why_and_a_review_is_due() {
    let (world, _) = world().await;
    let engine = soaking(&world, "30h");
    done(
        &engine,
        &promote("develop~3", "prod", Some("payouts fail"), false),
    )
    .await;
    let (service, prod) = (payment(&engine), "prod".parse().unwrap());
    let owed = engine.owed_reviews(&service, &prod).await.unwrap();
    assert_eq!(owed.len(), 1);
    assert_eq!(owed[0].kind, ExceptionKind::NotSoaked);
    assert!(
        owed[0].skipped[0]
            .as_str()
            .starts_with("soak soaks in stage until "),
        "{owed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hotfix_path_asks_for_the_soak_time_unless_the_configuration_skips_it() {
    let (world, _) = world().await;
    let engine = soaking(&world, "30h");
    let runs = engine.resolve("develop~15").await.unwrap().sha;
    let fix = commit_on(&world, "hotfix/v1.3.3", runs.as_str(), "fix: payouts fail");
    build(&engine, &fix).await;
    let command = promote(fix.as_str(), "prod", Some("payouts fail"), true);
    let plan = planned(&engine, &command).await.unwrap();
    let (verdict, why) = reason(&plan, "soak");
    assert!(
        verdict == "refused" && why.contains("was never deployed to stage"),
        "{why}"
    );

    let skips = "hotfix = { from = \"dev\", skip = [\"soak\"] }";
    let engine = changed(&world, "hotfix = { from = \"dev\" }", skips);
    let plan = planned(&engine, &command).await.unwrap();
    let (verdict, why) = reason(&plan, "soak");
    assert!(
        verdict == "allowed" && why.starts_with("skipped by the hotfix path"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_cannot_be_read_is_no_soak_time() {
    let (world, _) = world().await;
    let prod = "[[environment]]\nname = \"prod\"\nfrom = \"stage\"\n";
    let unreachable = "[[environment]]\nname = \"qa\"\nfrom = \"dev\"\nimage = \"127.0.0.1:1/qa/{service}\"\n\n\
         [[environment]]\nname = \"prod\"\nfrom = [\"stage\", \"qa\"]\ngate.soak = { in = \"qa\", time = \"1h\" }\n";
    let engine = changed(&world, prod, unreachable);
    let plan = planned(&engine, &promote("develop~3", "prod", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&plan, "soak");
    assert_eq!(verdict, "unknown");
    assert!(
        why.starts_with("cannot tell how long it has been deployed to qa: "),
        "{why}"
    );
    assert!(!plan.allowed());
}
