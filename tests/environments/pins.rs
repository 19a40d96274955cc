//! Pins: what they stop, and until when.

use crate::plan::planned;
use windlass::domain::Operation;
use windlass::domain::operation::Unpin;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_stops_promotions_until_it_is_lifted_and_the_very_digest_may_pass() {
    let (_world, engine) = world().await;
    let planned_before = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    assert!(planned_before.allowed());
    let command = pin("stage", "load test", Some("7d"));
    let first = planned(&engine, &command).await.unwrap();
    assert_eq!(first.hash(), planned(&engine, &command).await.unwrap().hash());
    assert_eq!(first.digest, Some(deployed(&engine, "stage").await));
    done(&engine, &command).await;
    assert_eq!(idle(&done(&engine, &command).await), ["pin"]);

    let refused = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&refused, "pin");
    assert_eq!(verdict, "refused");
    for word in ["load test", "until", "@"] {
        assert!(why.contains(word), "{why}");
    }
    let environment = "stage".parse().unwrap();
    assert_eq!(way_out(&refused, "pin"), Some(&Override::Unpin { environment }));
    // A plan that was made before the pin is stopped at its run.
    let (exit, _) = carry_out(&engine, planned_before).await;
    assert_eq!(exit, Exit::Refused);
    let same = planned(&engine, &promote("develop~3", "stage", None, false))
        .await
        .unwrap();
    assert_eq!(reason(&same, "pin").0, "allowed");

    let lifting = planned(&engine, &unpin("stage")).await.unwrap();
    let Operation::Unpin(Unpin { pin, .. }) = &lifting.operation else {
        panic!("{:?}", lifting.operation)
    };
    assert_eq!(pin.reason.as_str(), "load test");
    let next = lifting.gates[0].notes.join("\n");
    let newest = engine.resolve("develop").await.unwrap().sha;
    assert!(
        next.contains(newest.short()) && next.contains("its gates allow it"),
        "{next}"
    );
    done(&engine, &unpin("stage")).await;
    assert_eq!(idle(&done(&engine, &unpin("stage")).await), ["pin"]);
    done(&engine, &promote("develop", "stage", None, false)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_over_with_its_term_and_one_of_another_environment_is_nothing_here() {
    let (_world, engine) = world().await;
    done(&engine, &pin("stage", "a moment", Some("2s"))).await;
    let digest = deployed(&engine, "stage").await;
    // The digest goes on to prod with all that refers to it, the pin of stage among it.
    done(&engine, &promote("develop~3", "prod", None, false)).await;
    assert_eq!(deployed(&engine, "prod").await, digest);
    assert_eq!(held_at(&engine, "prod").await, None);
    while held_at(&engine, "stage").await.is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    done(&engine, &promote("develop", "stage", None, false)).await;
    for (command, exit) in [
        (pin("dev", "builds go there", None), Exit::Usage),
        (pin("stage", " ", None), Exit::Usage),
        (pin("stage", "late", Some("2020-01-01")), Exit::Usage),
        (pin("stage", "when", Some("soon")), Exit::Usage),
        (unpin("prod"), Exit::NotFound),
    ] {
        let error = planned(&engine, &command).await.unwrap_err();
        assert_eq!(error.exit(), exit, "{error}");
    }
}
