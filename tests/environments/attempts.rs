//! Attempts that were refused or failed leave a signed record with the image, where it was to run or where it would have come from.

use windlass::demo::faults::{Effect, Fault};
use windlass::domain::{AttemptOutcome, AttemptRecord};
use windlass::sign::{PublicKey, TrustedSigner, attestations};

use super::*;
use crate::plan::planned;

/// The attempts at an image that production's key signed, as they are attached in an environment.
async fn attempts(world: &World, engine: &Engine, environment: &str, digest: &Digest) -> Vec<AttemptRecord> {
    let key = PublicKey::load(&world.folder().join("keys/cosign.pub")).unwrap();
    let key = TrustedSigner::Key(key);
    let reader = reader(engine, environment);
    let found = attestations(&reader, digest, AttemptRecord::TYPE, Some(&key))
        .await
        .unwrap();
    let read = |one: windlass::sign::Attestation| serde_json::from_str(one.predicate.get()).unwrap();
    found.into_iter().map(read).collect()
}

/// An engine whose production lets nothing in that is younger than a year.
fn refusing(world: &World) -> Arc<Engine> {
    changed(
        world,
        "protected = true\n",
        "protected = true\ngate.age = \"365d\"\n",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_that_is_refused_leaves_a_record_where_the_image_is_and_it_goes_along() {
    let (world, engine) = world().await;
    let digest = digest_of(&engine, "stage", "develop~3").await;
    let command = promote("develop~3", "prod", None, false);
    let strict = refusing(&world);
    for _ in 0..2 {
        let plan = planned(&strict, &command).await.unwrap();
        assert_eq!(carry_out(&strict, plan).await.0, Exit::Refused);
    }
    // The same attempt once more in the same hour adds nothing.
    let found = attempts(&world, &engine, "stage", &digest).await;
    let [attempt] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(attempt.outcome, AttemptOutcome::Refused);
    assert_eq!((attempt.environment.as_str(), &attempt.digest), ("prod", &digest));
    assert_eq!(attempt.gates.len(), 1, "those that refused: {attempt:?}");
    assert_eq!(attempt.gates[0].kind.name(), "age");
    assert!(attempt.why.as_str().contains("age"), "{attempt:?}");
    // Refused by more than that, it is another one.
    let age = "gate.age = \"365d\"\n";
    let soak = format!("{age}gate.soak = {{ in = \"stage\", time = \"300d\" }}\n");
    let strict = changed(&world, age, &soak);
    let plan = planned(&strict, &command).await.unwrap();
    assert_eq!(carry_out(&strict, plan).await.0, Exit::Refused);
    let found = attempts(&world, &engine, "stage", &digest).await;
    assert_eq!(found.len(), 2);
    // With a reason it succeeds, and takes them along.
    done(
        &strict,
        &promote("develop~3", "prod", Some("payouts fail"), false),
    )
    .await;
    assert_eq!(attempts(&world, &engine, "prod", &digest).await, found);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_that_fails_leaves_its_record_where_it_came_to() {
    let (world, _) = world().await;
    let deploy = world.folder().join("deploy.sh");
    std::fs::write(&deploy, "echo broken >&2; exit 7\n").unwrap();
    let engine = world.engine().unwrap();
    let digest = digest_of(&engine, "stage", "develop~3").await;
    let plan = planned(&engine, &promote("develop~3", "prod", None, false))
        .await
        .unwrap();
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Incomplete);
    let found = attempts(&world, &engine, "prod", &digest).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].outcome, AttemptOutcome::Failed);
    assert!(
        found[0].gates.is_empty() && found[0].why.as_str().contains('7'),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_sign_leaves_no_record_and_is_refused_all_the_same() {
    let (world, _) = world().await;
    std::fs::remove_file(world.folder().join("keys/password")).unwrap();
    let engine = refusing(&world);
    let digest = digest_of(&engine, "stage", "develop~3").await;
    let plan = planned(&engine, &promote("develop~3", "prod", None, false))
        .await
        .unwrap();
    let (exit, events) = carry_out(&engine, plan).await;
    assert_eq!(exit, Exit::Refused);
    assert!(attempts(&world, &engine, "stage", &digest).await.is_empty());
    let logged = format!("{events:?}");
    assert!(!logged.contains("not recorded"), "{logged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_left_changes_nothing_of_how_the_attempt_ended() {
    let (world, _) = world().await;
    let engine = refusing(&world);
    let plan = planned(&engine, &promote("develop~3", "prod", None, false))
        .await
        .unwrap();
    let refused = Effect::Answer {
        status: 403,
        retry_after: None,
    };
    let writes = Fault::new(refused).on_method("PUT");
    world.shared().inject(writes.clone().always());
    let (exit, events) = carry_out(&engine, plan).await;
    assert_eq!(exit, Exit::Refused);
    let logged = format!("{events:?}");
    assert!(
        logged.contains("the attempt is not recorded with its image"),
        "{logged}"
    );
}
