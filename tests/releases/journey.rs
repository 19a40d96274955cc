//! The whole way as one story: a feature, a release with a fix, stage, its end, production, a hotfix, the way back, and on.

use windlass::domain::{DebtState, Digest, Exit, Operation};
use windlass::engine::{Request, ReviewRequest, RollbackRequest, UnpinRequest};

use crate::world::{Stage, cut, debt, finish, hotfix, introduce, promote, short_way};

fn rollback(reason: &str) -> Request {
    RollbackRequest {
        environment: "prod".parse().unwrap(),
        to: None,
        reason: reason.to_owned(),
        until: None,
        accept_findings: false,
    }
    .into()
}

fn unpin(reason: &str) -> Request {
    UnpinRequest {
        environment: "prod".parse().unwrap(),
        reason: reason.to_owned(),
    }
    .into()
}

fn review(note: &str) -> Request {
    ReviewRequest {
        of: "prod".to_owned(),
        note: note.to_owned(),
    }
    .into()
}

async fn done(stage: &Stage, command: &Request) {
    let (exit, summary) = stage.run(command).await;
    assert_eq!(exit, Exit::Done, "{command:?}: {summary}");
}

async fn runs(stage: &Stage, environment: &str) -> Digest {
    stage.deployed(environment).await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_feature_to_a_hotfix_and_back() {
    let stage = Stage::set().await;
    introduce(&stage);
    let before = stage.untouched();

    // A feature comes into develop, gets its image, and is released.
    let feature = stage.commit("develop", "src/wallets.txt", "wallets\n", "feat: wallets (#499)");
    stage.here(&["fetch", "-q"]);
    stage.world.build_image(&feature).await.unwrap();
    done(&stage, &cut(feature.as_str(), Some("1.5.0"))).await;
    let branch = stage.release("v1.5.0").await.branch.to_string();
    assert_eq!(stage.at(&branch), feature);

    // A fix on the branch makes another candidate, and the release is bound to that one.
    let fix = stage.commit(&branch, "src/rounding.txt", "even\n", "fix: rounding");
    let fixed = stage.world.build_image(&fix).await.unwrap();
    stage.here(&["fetch", "-q"]);
    let older = stage.plan(&promote(feature.as_str(), "stage")).await.unwrap();
    let refusal = older.refusals().next().unwrap();
    assert_eq!(refusal.kind.name(), "release");
    assert!(refusal.verdict.reason().contains(fix.short()), "{refusal:?}");
    done(&stage, &promote(fix.as_str(), "stage")).await;
    assert_eq!(runs(&stage, "stage").await, fixed);

    // Its end comes first, then production: by the digest that stage runs, never from the merge.
    done(&stage, &finish("v1.5.0", &[])).await;
    assert_ne!(stage.at("main"), fix);
    done(&stage, &promote(fix.as_str(), "prod")).await;
    assert_eq!(runs(&stage, "prod").await, fixed);
    let release = stage.release("v1.5.0").await;
    assert!(release.is_finished() && !release.is_at_work(), "{release:?}");

    // At night production breaks. The hotfix begins at what it runs, and takes the short way.
    let plan = stage.plan(&hotfix(None)).await.unwrap();
    assert_eq!(plan.commit.as_ref(), Some(&fix));
    assert_eq!(stage.carry_out(plan).await.0, Exit::Done);
    let night = stage.commit("hotfix/v1.5.1", "src/night.txt", "hot\n", "fix: paid out twice");
    let hot = stage.world.build_image(&night).await.unwrap();
    stage.here(&["fetch", "-q"]);
    done(&stage, &short_way(night.as_str(), "prod", "paid out twice")).await;
    assert_eq!(runs(&stage, "prod").await, hot);
    let owing = stage.release("v1.5.1").await;
    let words: Vec<_> = owing.open_debts().map(|debt| debt.what.words()).collect();
    let open = stage.release("v1.4.0").await.branch;
    for wanted in [
        "into main".to_owned(),
        "into develop".to_owned(),
        format!("into {open}"),
        "tag v1.5.1".to_owned(),
        "review of prod".to_owned(),
    ] {
        assert!(words.contains(&wanted), "{wanted} is not among {words:?}");
    }
    done(&stage, &finish("v1.5.1", &[])).await;
    done(&stage, &review("read the change with Li Wei")).await;
    let paid = stage.release("v1.5.1").await;
    assert!(paid.open_debts().next().is_none(), "{paid:?}");
    assert_eq!(
        debt(&paid, "into develop").state,
        DebtState::Paid("merged".to_owned())
    );

    // It was no good. Production goes back, and is held there until somebody lifts it.
    let plan = stage.plan(&rollback("the ledger does not add up")).await.unwrap();
    assert!(matches!(&plan.operation, Operation::Rollback(_)));
    assert_eq!(plan.digest.as_ref(), Some(&fixed));
    assert_eq!(stage.carry_out(plan).await.0, Exit::Done);
    assert_eq!(runs(&stage, "prod").await, fixed);
    let held = stage
        .plan(&short_way(night.as_str(), "prod", "it is good after all"))
        .await
        .unwrap();
    let refusal = held.refusals().next().unwrap();
    assert_eq!(refusal.kind.name(), "pin");
    assert!(
        refusal.verdict.reason().contains("the ledger does not add up"),
        "{refusal:?}"
    );
    done(&stage, &unpin("the ledger was right")).await;
    done(&stage, &short_way(night.as_str(), "prod", "it is good after all")).await;
    assert_eq!(runs(&stage, "prod").await, hot);

    // Whoever looks at the remote tomorrow sees what a careful person would have left.
    stage.remote(&["fsck", "--strict", "--no-dangling"]);
    assert_eq!(
        stage.remote(&["for-each-ref", "refs/windlass"]),
        "",
        "no lock is left"
    );
    let line = stage.remote(&["log", "--first-parent", "--format=%s", "-2", "main"]);
    assert_eq!(
        line,
        "Merge hotfix v1.5.1 into main\nMerge release v1.5.0 into main"
    );
    assert_eq!(stage.at("v1.5.0^{}"), fix);
    assert_eq!(stage.at("v1.5.1^{}"), night);
    assert_eq!(stage.untouched(), before);
}
