//! Rollbacks: what they choose, what they refuse, and what is left behind.

use crate::plan::planned;
use windlass::domain::operation::Rollback;
use windlass::domain::{Confirmation, DeploymentTag, Operation, StepKind, Tag};
use windlass::registry::TagRule;

use super::completeness::{last_layer, lose_blob, missing_layer};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_copies_nothing_deploys_pins_and_is_done_once() {
    let (world, engine) = world().await;
    let (bad, good) = (
        digest_of(&engine, "stage", "develop~3").await,
        digest_of(&engine, "stage", "develop~15").await,
    );
    let command = rollback("stage", None, false);
    let plan = planned(&engine, &command).await.unwrap();
    assert_eq!(plan.digest.as_ref(), Some(&good));
    assert_eq!(kinds(&plan), ["gate", "verify", "deploy", "pin"]);
    assert_eq!(plan.operation.replaces(), Some(Some(&bad)));
    let events = done(&engine, &command).await;
    let moved = events
        .iter()
        .any(|event| matches!(event.happening, EventKind::ItemStarted { .. }));
    assert!(!moved);
    assert_eq!(deployed(&engine, "stage").await, good);
    let written = std::fs::read_to_string(world.folder().join("deployed/stage")).unwrap();
    assert!(written.contains(good.hex()), "{written}");
    assert_eq!(held_at(&engine, "stage").await, Some(good.clone()));
    let refused = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&refused, "pin");
    assert!(verdict == "refused" && why.contains("payouts fail"), "{why}");

    // Given again, whether the digest is named or not, it is the same rollback and not one further back.
    for to in [None, Some("1"), Some("1.3.2")] {
        let events = done(&engine, &rollback("stage", to, false)).await;
        assert_eq!(idle(&events), ["deploy", "pin"], "{to:?}");
        assert_eq!(deployed(&engine, "stage").await, good);
    }
    // The next one, for another reason, does not go to what was rolled back from.
    let past = engine
        .past(&payment(&engine), &"stage".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(past.earlier[0].digest, bad);
    assert!(past.earlier[0].rolled_back.is_some() && past.earlier[1].rolled_back.is_none());
    let further = RollbackRequest {
        environment: "stage".parse().unwrap(),
        to: None,
        reason: "refunds fail as well".to_owned(),
        until: Some("2999-12-31".to_owned()),
        accept_findings: false,
    }
    .into();
    let plan = planned(&engine, &further).await.unwrap();
    assert_eq!(plan.digest, Some(digest_of(&engine, "stage", "develop~25").await));
    done(&engine, &unpin("stage")).await;

    // Promoted again, what was rolled back from is no rollback that waits to be completed.
    done(&engine, &promote("develop~3", "stage", None, false)).await;
    assert_eq!(deployed(&engine, "stage").await, bad);
    let plan = planned(&engine, &command).await.unwrap();
    assert_eq!(plan.digest.as_ref(), Some(&good));
    done(&engine, &promote("develop", "stage", None, false)).await;
    // Nor is it skipped any more: it ran well the second time.
    let plan = planned(&engine, &command).await.unwrap();
    assert_eq!(plan.digest.as_ref(), Some(&bad));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_was_killed_before_it_could_pin_pins_when_it_is_given_again() {
    let (_world, engine) = world().await;
    let (bad, good) = (
        digest_of(&engine, "stage", "develop~3").await,
        digest_of(&engine, "stage", "develop~15").await,
    );
    // What is left behind by a run that ends between the deployment and the pin.
    let stage = writer(&engine, "stage");
    let mark: Tag = DeploymentTag::at(Timestamp::now()).tag().unwrap();
    stage.tag(&good, &mark, TagRule::Immutable).await.unwrap();
    assert_eq!(held_at(&engine, "stage").await, None);
    let plan = planned(&engine, &rollback("stage", None, false)).await.unwrap();
    let Operation::Rollback(Rollback { from, .. }) = &plan.operation else {
        panic!("{:?}", plan.operation)
    };
    assert_eq!((plan.digest.as_ref(), from.as_ref()), (Some(&good), Some(&bad)));
    let events = done(&engine, &rollback("stage", None, false)).await;
    assert_eq!(idle(&events), ["deploy"]);
    assert_eq!(held_at(&engine, "stage").await, Some(good));
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_rollback_is_broken_off_the_same_command_completes_it() {
    for kind in [StepKind::Deploy, StepKind::Pin] {
        let (_world, engine) = world().await;
        let good = digest_of(&engine, "stage", "develop~15").await;
        let plan = planned(&engine, &rollback("stage", None, false)).await.unwrap();
        let step = plan.steps.iter().find(|step| step.kind == kind).unwrap().id;
        let mut run = begin(&engine, plan);
        while let Some(event) = run.events.recv().await {
            if event.happening == (EventKind::StepStarted { step }) {
                run.cancel.cancel();
            }
        }
        let _ = run.task.await.unwrap();
        done(&engine, &rollback("stage", None, false)).await;
        assert_eq!(deployed(&engine, "stage").await, good, "{kind}");
        assert_eq!(held_at(&engine, "stage").await, Some(good), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_whole_or_not_signed_any_more_is_not_ready_and_refused() {
    let (_world, engine) = world().await;
    let prod = writer(&engine, "prod");
    let (whole, torn, unsigned) = (
        digest_of(&engine, "prod", "develop~15").await,
        digest_of(&engine, "prod", "develop~25").await,
        digest_of(&engine, "prod", "develop~36").await,
    );
    assert_eq!(deployed(&engine, "prod").await, whole);
    let blob = &last_layer(&prod, &torn).await;
    lose_blob(&prod, blob);
    for bundle in prod.referrers(&unsigned, None).await.unwrap() {
        let kind = bundle.artifact_type.as_deref();
        if kind == Some("application/vnd.dev.sigstore.bundle.v0.3+json") {
            prod.delete_manifest(&bundle.digest).await.unwrap();
        }
    }

    let past = engine
        .past(&payment(&engine), &"prod".parse().unwrap())
        .await
        .unwrap();
    let digests: Vec<_> = past
        .earlier
        .iter()
        .map(|one| (&one.digest, one.is_ready()))
        .collect();
    assert_eq!(digests, [(&torn, false), (&unsigned, false)]);
    let versions: Vec<_> = past.earlier.iter().map(|one| one.version.as_deref()).collect();
    assert_eq!(versions, [Some("1.3.1"), Some("1.3.0")]);

    let plan = planned(&engine, &rollback("prod", Some("1.3.1"), true))
        .await
        .unwrap();
    let (verdict, why) = reason(&plan, "complete");
    assert!(
        verdict == "refused" && why.contains(&missing_layer(blob, &torn)),
        "{why}"
    );
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
    let plan = planned(&engine, &rollback("prod", Some(&unsigned.to_string()), true))
        .await
        .unwrap();
    assert_eq!(reason(&plan, "signature").0, "refused");
    assert_eq!(reason(&plan, "complete").0, "allowed");
    assert!(matches!(plan.confirmation, Confirmation::Typed(_)));
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
    assert_eq!(deployed(&engine, "prod").await, whole);

    let never = digest_of(&engine, "dev", "develop").await.to_string();
    for to in [never.as_str(), "9", "0", "9.9.9"] {
        let error = planned(&engine, &rollback("prod", Some(to), false))
            .await
            .unwrap_err();
        assert_eq!(error.exit(), Exit::NotFound, "{to}: {error}");
    }
}
