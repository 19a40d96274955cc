//! The end of a release: what is written, what is refused before anything is, and what a refused push leaves behind.

use std::os::unix::fs::PermissionsExt as _;

use windlass::domain::{DebtState, Exit};

use crate::world::{Stage, cut, debt, finish, introduce};

/// A release with one fix on it, whose image is there.
async fn with_a_fix(stage: &Stage) -> String {
    introduce(stage);
    assert_eq!(stage.run(&cut("develop", Some("1.5.0"))).await.0, Exit::Done);
    let branch = stage.release("v1.5.0").await.branch.to_string();
    let fix = stage.commit(&branch, "src/fix.txt", "fixed\n", "fix: rounding of refunds");
    stage.world.build_image(&fix).await.unwrap();
    branch
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_goes_into_main_and_develop_with_its_tag_and_nothing_of_the_user_changes() {
    let stage = Stage::set().await;
    let branch = with_a_fix(&stage).await;
    let (main, develop, head) = (stage.at("main"), stage.at("develop"), stage.at(&branch));
    let before = stage.untouched();
    let (exit, summary) = stage.run(&finish("v1.5.0", &[])).await;
    assert_eq!(exit, Exit::Done, "{summary}");
    assert_eq!(stage.untouched(), before);
    for (name, was) in [("main", &main), ("develop", &develop)] {
        let parents = stage.remote(&["log", "-1", "--format=%P %an", name]);
        assert_eq!(parents, format!("{was} {head} Ana Ruiz"), "{name}");
    }
    assert_eq!(stage.remote(&["cat-file", "-t", "v1.5.0"]), "tag");
    assert_eq!(
        stage.at("v1.5.0^{}"),
        head,
        "the tag is on what the image was built from"
    );
    let words = stage.remote(&["tag", "-l", "--format=%(contents)", "v1.5.0"]);
    assert!(words.contains("rounding of refunds"), "{words}");
    stage.remote(&["fsck", "--strict", "--no-dangling"]);
    let release = stage.release("v1.5.0").await;
    assert!(release.is_finished(), "{release:?}");
    // Its next step is the promotion, so that nobody loses sight of it.
    assert_eq!(
        release.waits_for.as_ref().map(ToString::to_string),
        Some("prod".into())
    );
    // Given again, there is nothing to do.
    let references = stage.references();
    let (exit, summary) = stage.run(&finish(&branch, &[])).await;
    assert_eq!(exit, Exit::Done, "{summary}");
    assert_eq!(stage.references(), references);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_known_before_anything_is_written_and_the_rest_can_go_on_without_it() {
    let stage = Stage::set().await;
    let branch = with_a_fix(&stage).await;
    stage.commit(
        "develop",
        "src/fix.txt",
        "otherwise\n",
        "fix: rounding, another way",
    );
    let references = stage.references();
    let plan = stage.plan(&finish("v1.5.0", &[])).await.unwrap();
    let refusals: Vec<_> = plan.refusals().collect();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(refusals[0].kind.name(), "into develop");
    let why = refusals[0].verdict.reason();
    assert!(why.contains("src/fix.txt: both added it"), "{why}");
    assert_eq!(stage.carry_out(plan).await.0, Exit::Refused);
    assert_eq!(stage.references(), references);
    // At three in the morning main must not wait for develop.
    let (exit, summary) = stage.run(&finish("v1.5.0", &["main"])).await;
    assert_eq!(exit, Exit::Done, "{summary}");
    assert_eq!(stage.at("v1.5.0^{}"), stage.at(&branch));
    let release = stage.release("v1.5.0").await;
    assert!(!debt(&release, "into develop").state.is_paid());
    // Resolved manually, it is paid.
    stage.colleague(&["fetch", "-q"]);
    stage.colleague(&["checkout", "-q", "develop"]);
    stage.colleague(&[
        "merge",
        "-q",
        "-X",
        "ours",
        "--no-edit",
        &format!("origin/{branch}"),
    ]);
    stage.colleague(&["push", "-q", "origin", "develop"]);
    let release = stage.release("v1.5.0").await;
    assert_eq!(
        debt(&release, "into develop").state,
        DebtState::Paid("merged".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_refused_leaves_nothing_half_done_and_the_same_command_works_later() {
    let stage = Stage::set().await;
    with_a_fix(&stage).await;
    // The remote takes main, and refuses develop.
    let hook = stage.world.origin().join("hooks/update");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(
        &hook,
        "#!/bin/sh\n[ \"$1\" != refs/heads/develop ] || { echo develop is frozen until Monday >&2; exit 1; }\n",
    )
    .unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let references = stage.references();
    let (exit, summary) = stage.run(&finish("v1.5.0", &[])).await;
    assert_eq!(exit, Exit::Failed, "{summary}");
    assert!(summary.contains("develop is frozen until Monday"), "{summary}");
    assert_eq!(stage.references(), references);
    assert_eq!(
        stage.here(&["tag", "-l", "v1.5.0"]),
        "",
        "the local tag went with it"
    );
    std::fs::remove_file(hook).unwrap();
    let (exit, summary) = stage.run(&finish("v1.5.0", &[])).await;
    assert_eq!(exit, Exit::Done, "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_moves_after_the_plan_is_a_conflict_that_names_it() {
    let stage = Stage::set().await;
    with_a_fix(&stage).await;
    let plan = stage.plan(&finish("v1.5.0", &[])).await.unwrap();
    stage.commit("develop", "src/more.txt", "more\n", "feat: more");
    let references = stage.references();
    let (exit, summary) = stage.carry_out(plan).await;
    assert_eq!(exit, Exit::Conflict, "{summary}");
    assert!(summary.contains("develop on origin was at"), "{summary}");
    assert_eq!(stage.references(), references);
    assert_eq!(stage.run(&finish("v1.5.0", &[])).await.0, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_an_image_and_a_tag_that_is_elsewhere_stop_the_end() {
    let stage = Stage::set().await;
    let branch = with_a_fix(&stage).await;
    stage.commit(&branch, "src/late.txt", "late\n", "fix: late");
    stage.remote(&["tag", "-a", "-m", "manually", "v1.5.0", "main"]);
    let plan = stage.plan(&finish("v1.5.0", &[])).await.unwrap();
    let refusals: Vec<_> = plan.refusals().map(|gate| gate.kind.name()).collect();
    assert_eq!(refusals, ["candidate", "tag"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_not_there_is_named_with_those_that_are() {
    let stage = Stage::set().await;
    let error = stage.plan(&finish("v9.9.9", &[])).await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound);
    assert!(error.to_string().contains("v1.4.0, v1.3.2"), "{error}");
    let error = stage.plan(&finish("v1.4.0", &["trunk"])).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Usage, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_that_went_away_stops_it_before_anything_is_done() {
    let stage = Stage::set().await;
    with_a_fix(&stage).await;
    let plan = stage.plan(&finish("v1.5.0", &[])).await.unwrap();
    let origin = stage.world.origin();
    let away = origin.with_extension("away");
    std::fs::rename(&origin, &away).unwrap();
    let (exit, summary) = stage.carry_out(plan.clone()).await;
    assert_eq!(exit, Exit::Failed, "{summary}");
    assert!(summary.contains("could not reach"), "{summary}");
    assert_eq!(stage.here(&["tag", "-l", "v1.5.0"]), "");
    std::fs::rename(&away, &origin).unwrap();
    assert_eq!(stage.carry_out(plan).await.0, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn trunk_based_teams_cut_from_main_and_end_there() {
    let stage = Stage::set().await;
    introduce(&stage);
    let path = stage.world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("[git]\nmain = \"develop\"\n\n{text}")).unwrap();
    let stage = stage.reopened();
    assert_eq!(stage.run(&cut("develop", Some("1.5.0"))).await.0, Exit::Done);
    let branch = stage.release("v1.5.0").await.branch.to_string();
    let fix = stage.commit(&branch, "src/fix.txt", "fixed\n", "fix: x");
    stage.world.build_image(&fix).await.unwrap();
    let plan = stage.plan(&finish("v1.5.0", &[])).await.unwrap();
    let gates: Vec<_> = plan.gates.iter().map(|gate| gate.kind.name()).collect();
    assert_eq!(gates, ["candidate", "tag", "into develop"]);
    assert_eq!(stage.carry_out(plan).await.0, Exit::Done);
    assert!(stage.release("v1.5.0").await.is_finished());
}
