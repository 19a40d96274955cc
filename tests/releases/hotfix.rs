//! Hotfixes: begun at what production runs, and owed to everyone until they have arrived.

use windlass::domain::{DebtState, Exit, Operation, Override, Plan};

use crate::world::{Stage, because, cut, debt, finish, hotfix, introduce, promote, short_way};

#[tokio::test(flavor = "multi_thread")]
async fn it_begins_at_what_production_runs_and_not_at_main() {
    let stage = Stage::set().await;
    let (main, deployed) = (stage.at("main"), stage.at("v1.3.2"));
    assert_ne!(main, deployed);
    let plan = stage.plan(&hotfix(None)).await.unwrap();
    assert!(plan.allowed(), "{:?}", plan.gates);
    assert_eq!(plan.commit.as_ref(), Some(&deployed));
    let Operation::Hotfix(windlass::domain::operation::Hotfix { branch, .. }) = &plan.operation else {
        panic!("{:?}", plan.operation)
    };
    assert_eq!(branch.as_str(), "hotfix/v1.3.3");
    let gate = plan.gates.iter().find(|gate| gate.kind.name() == "main").unwrap();
    assert!(
        gate.verdict.reason().contains("ahead of what is deployed"),
        "{gate:?}"
    );
    assert_eq!(stage.carry_out(plan).await.0, Exit::Done);
    assert_eq!(stage.at("hotfix/v1.3.3"), deployed);
    // Given again, it is the same hotfix.
    let again = stage.plan(&hotfix(None)).await.unwrap();
    assert_eq!(again.operation.title(), "start hotfix/v1.3.3");
    // Without a fix there is nothing to bring anywhere.
    assert!(stage.release("v1.3.3").await.is_only_begun());
    let end = stage.plan(&finish("v1.3.3", &[])).await.unwrap();
    let refusal = end.refusals().next().unwrap();
    assert_eq!(refusal.kind.name(), "fix");
    assert!(
        refusal.verdict.reason().contains("v1.3.2 is at the same commit"),
        "{refusal:?}"
    );
    // Once work has begun on it, the next one has the next version.
    stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: hot");
    let next = stage.plan(&hotfix(None)).await.unwrap();
    assert_eq!(next.operation.title(), "start hotfix/v1.3.4");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_into_main_develop_and_every_open_release_at_once() {
    let stage = Stage::set().await;
    introduce(&stage);
    assert_eq!(stage.run(&cut("develop", Some("1.5.0"))).await.0, Exit::Done);
    assert_eq!(stage.run(&hotfix(None)).await.0, Exit::Done);
    let fix = stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: hot");
    stage.world.build_image(&fix).await.unwrap();
    let release = stage.release("v1.3.3").await;
    let what: Vec<_> = release.debts.iter().map(|debt| debt.what.words()).collect();
    let open: Vec<_> = ["v1.5.0", "v1.4.0"].to_vec();
    for name in open {
        let branch = stage.release(name).await.branch;
        assert!(what.contains(&format!("into {branch}")), "{what:?}");
    }
    assert!(
        release.open_debts().next().is_none(),
        "production does not have it yet: {release:?}"
    );
    let (exit, summary) = stage.run(&finish("v1.3.3", &[])).await;
    assert_eq!(exit, Exit::Done, "{summary}");
    let release = stage.release("v1.3.3").await;
    assert!(
        release.debts.iter().all(|debt| debt.state.is_paid()),
        "{release:?}"
    );
    for name in ["main", "develop", "v1.3.3"] {
        stage.remote(&["merge-base", "--is-ancestor", fix.as_str(), name]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_that_was_picked_counts_as_there() {
    let stage = Stage::set().await;
    assert_eq!(stage.run(&hotfix(None)).await.0, Exit::Done);
    let fix = stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: hot");
    let missing = stage.release("v1.3.3").await;
    assert!(matches!(
        debt(&missing, "into develop").state,
        DebtState::NotYet(_)
    ));
    stage.colleague(&["fetch", "-q"]);
    stage.colleague(&["checkout", "-q", "-B", "develop", "origin/develop"]);
    stage.colleague(&["cherry-pick", "-x", fix.as_str()]);
    stage.colleague(&["push", "-q", "origin", "develop"]);
    let picked = stage.release("v1.3.3").await;
    assert_eq!(
        debt(&picked, "into develop").state,
        DebtState::Paid("merged by its patches".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_somebody_merged_into_develop_alone_is_still_missing_elsewhere() {
    let stage = Stage::set().await;
    assert_eq!(stage.run(&hotfix(None)).await.0, Exit::Done);
    stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: hot");
    stage.colleague(&["fetch", "-q"]);
    stage.colleague(&["checkout", "-q", "-B", "develop", "origin/develop"]);
    stage.colleague(&["merge", "-q", "--no-ff", "-m", "back", "origin/hotfix/v1.3.3"]);
    stage.colleague(&["push", "-q", "origin", "develop"]);
    let hotfix = stage.release("v1.3.3").await;
    assert_eq!(hotfix.fixes, 1, "{hotfix:?}");
    assert!(debt(&hotfix, "into develop").state.is_paid());
    let open = stage.release("v1.4.0").await.branch;
    for what in ["into main", &format!("into {open}")] {
        assert!(!debt(&hotfix, what).state.is_paid(), "{what}: {hotfix:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_develop_was_moved_on_to_is_still_missing_elsewhere() {
    let stage = Stage::set().await;
    assert_eq!(stage.run(&hotfix(None)).await.0, Exit::Done);
    let just_begun = stage.release("v1.3.3").await;
    assert_eq!(just_begun.fixes, 0, "{just_begun:?}");
    stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: hot");
    stage.colleague(&["push", "-q", "--force", "origin", "origin/hotfix/v1.3.3:develop"]);
    let hotfix = stage.release("v1.3.3").await;
    assert_eq!(hotfix.fixes, 1, "{hotfix:?}");
    assert_eq!(hotfix.origin, Some(stage.at("v1.3.2^{}")));
    assert!(debt(&hotfix, "into develop").state.is_paid());
    assert!(!debt(&hotfix, "into main").state.is_paid(), "{hotfix:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_went_into_main_by_a_squash_has_arrived() {
    let stage = Stage::set().await;
    assert_eq!(stage.run(&hotfix(None)).await.0, Exit::Done);
    let fix = stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: hot");
    stage.commit("hotfix/v1.3.3", "src/hot.txt", "hotter\n", "fix: hotter");
    stage.colleague(&["checkout", "-q", "-B", "main", "origin/main"]);
    stage.colleague(&["merge", "-q", "--squash", "origin/hotfix/v1.3.3"]);
    stage.colleague(&["commit", "-q", "-m", "fix: hot (#501)"]);
    stage.colleague(&["push", "-q", "origin", "main"]);
    let squash = stage.at("main");
    let hotfix = stage.release("v1.3.3").await;
    assert_eq!(
        debt(&hotfix, "into main").state,
        DebtState::Paid(format!("squashed into {}", squash.short())),
        "{fix}"
    );
    // Its end does not merge it there a second time.
    let plan = stage.plan(&finish("v1.3.3", &["main"])).await.unwrap();
    let gate = plan
        .gates
        .iter()
        .find(|gate| gate.kind.name() == "into main")
        .unwrap();
    assert!(gate.verdict.reason().contains("squashed into"), "{gate:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_release_undoes_a_fix_in_production_unless_somebody_says_why() {
    let stage = Stage::set().await;
    let release = stage.release("v1.4.0").await;
    let to_prod = promote(release.head.as_str(), "prod");
    let gate = |plan: &Plan| {
        plan.gates
            .iter()
            .find(|gate| gate.kind.name() == "fixes")
            .cloned()
    };
    let before = gate(&stage.plan(&to_prod).await.unwrap()).unwrap();
    assert!(before.verdict.allows(), "{before:?}");

    assert_eq!(stage.run(&hotfix(None)).await.0, Exit::Done);
    let fix = stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: paid out twice");
    stage.world.build_image(&fix).await.unwrap();
    stage.here(&["fetch", "-q"]);
    let (exit, summary) = stage
        .run(&short_way(fix.as_str(), "prod", "paid out twice"))
        .await;
    assert_eq!(exit, Exit::Done, "{summary}");

    let plan = stage.plan(&to_prod).await.unwrap();
    let refused = gate(&plan).unwrap();
    assert_eq!(refused.verdict.word(), "refused");
    for word in [fix.short(), "paid out twice", "would revert"] {
        assert!(refused.verdict.reason().contains(word), "{refused:?}");
    }
    assert_eq!(refused.way_out, Some(Override::Reason));
    assert_eq!(stage.carry_out(plan).await.0, Exit::Refused);
    // A reason lets it pass, and leaves a review that is owed.
    let said = stage.plan(&because(&to_prod, "the fix was wrong")).await.unwrap();
    assert!(said.allowed(), "{:?}", said.gates);
    assert!(
        gate(&said)
            .unwrap()
            .verdict
            .reason()
            .contains("because: the fix was wrong")
    );

    // Picked into the release, and built there, nothing is undone any more.
    let branch = release.branch.to_string();
    stage.colleague(&["fetch", "-q"]);
    stage.colleague(&["checkout", "-q", "-B", &branch, &format!("origin/{branch}")]);
    stage.colleague(&["cherry-pick", fix.as_str()]);
    stage.colleague(&["push", "-q", "origin", &branch]);
    let picked = stage.at(&branch);
    stage.world.build_image(&picked).await.unwrap();
    stage.here(&["fetch", "-q"]);
    assert_eq!(stage.run(&promote(picked.as_str(), "stage")).await.0, Exit::Done);
    let plan = stage.plan(&promote(picked.as_str(), "prod")).await.unwrap();
    assert!(plan.allowed(), "{:?}", plan.gates);
    // What ran there before the fix is older than it, and goes back by intent.
    let back = stage.plan(&promote("v1.3.2", "prod")).await.unwrap();
    assert!(gate(&back).unwrap().verdict.allows(), "{:?}", back.gates);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_picked_a_fix_of_production_and_reverted_it_would_undo_it() {
    let stage = Stage::set().await;
    assert_eq!(stage.run(&hotfix(None)).await.0, Exit::Done);
    let fix = stage.commit("hotfix/v1.3.3", "src/hot.txt", "hot\n", "fix: paid out twice");
    stage.world.build_image(&fix).await.unwrap();
    stage.here(&["fetch", "-q"]);
    let to_prod = short_way(fix.as_str(), "prod", "paid out twice");
    assert_eq!(stage.run(&to_prod).await.0, Exit::Done);

    let branch = stage.release("v1.4.0").await.branch.to_string();
    stage.colleague(&["fetch", "-q"]);
    stage.colleague(&["checkout", "-q", "-B", &branch, &format!("origin/{branch}")]);
    stage.colleague(&["cherry-pick", fix.as_str()]);
    stage.colleague(&["revert", "--no-edit", "HEAD"]);
    stage.colleague(&["push", "-q", "origin", &branch]);
    let reverted = stage.at(&branch);
    stage.world.build_image(&reverted).await.unwrap();
    stage.here(&["fetch", "-q"]);
    assert_eq!(
        stage.run(&promote(reverted.as_str(), "stage")).await.0,
        Exit::Done
    );
    let plan = stage.plan(&promote(reverted.as_str(), "prod")).await.unwrap();
    let gate = plan
        .gates
        .iter()
        .find(|gate| gate.kind.name() == "fixes")
        .unwrap();
    assert_eq!(gate.verdict.word(), "refused", "{gate:?}");
    for words in [
        reverted.short(),
        "paid out twice",
        "reverts what is deployed to prod",
    ] {
        assert!(gate.verdict.reason().contains(words), "{gate:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_where_nothing_runs_has_nothing_to_fix() {
    let stage = Stage::set().await;
    let path = stage.world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace(
        &format!("image = \"{}/{{service}}\"", stage.world.production_host()),
        &format!("image = \"{}/empty/{{service}}\"", stage.world.production_host()),
    );
    std::fs::write(path, text).unwrap();
    let stage = stage.reopened();
    let error = stage.plan(&hotfix(None)).await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound);
    assert!(
        error.to_string().contains("nothing has been deployed there yet"),
        "{error}"
    );
}
