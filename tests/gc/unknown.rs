//! What cannot be read is kept, and the plan says what it was.

use bytes::Bytes;
use windlass::demo::faults::{Effect, Fault};
use windlass::domain::{Exit, Plan, Target};

use crate::ground::{Ground, RULE, gc};
use crate::run::carry_out;

/// What the gate says that could not be read.
fn unknown(plan: &Plan) -> String {
    assert!(gc(plan).images.is_empty());
    let gate = plan
        .gates
        .iter()
        .find(|gate| gate.kind.name() == "state")
        .unwrap();
    assert_eq!(gate.verdict.word(), "unknown");
    gate.verdict.reason().to_owned()
}

fn denied(path: &str) -> Fault {
    let effect = Effect::Answer {
        status: 403,
        retry_after: None,
    };
    Fault::new(effect).on_path(path).always()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_where_an_environment_cannot_be_asked() {
    for (environment, says) in [
        ("stage", "what is deployed to stage is unknown"),
        ("prod", "what is deployed to prod is unknown"),
    ] {
        let ground = Ground::new().await;
        ground.build_all().await;
        ground.registry.inject(denied(&format!("/v2/{environment}/")));
        let why = unknown(&ground.plan("dev").await);
        assert!(why.contains(says), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_where_a_platform_does_not_say_what_it_runs() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let stage = "deploy = { kind = \"command\", program = \"true\", running = [\"false\"] }";
    ground.configure("", RULE, stage, "");
    let why = unknown(&ground.plan("dev").await);
    assert!(why.contains("what runs in stage is unknown"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_where_the_remote_does_not_say_what_is_released() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let origin = ground.folder.path().join("origin.git");
    std::fs::rename(&origin, ground.folder.path().join("gone.git")).unwrap();
    let plan = ground.plan("dev").await;
    let why = unknown(&plan);
    assert!(why.contains("the open releases are unknown"), "{why}");
    let (exit, _) = carry_out(&ground.engine(), plan).await;
    assert_eq!(exit, Exit::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_where_a_manifest_cannot_be_understood() {
    let ground = Ground::new().await;
    ground.build_all().await;
    // It might name any of the others.
    let odd = Bytes::from_static(br#"{"schemaVersion":2,"manifests":[],"config":{"mediaType":"x","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}}"#);
    let target: Target = "x".parse::<windlass::domain::Tag>().unwrap().into();
    let writer = ground.writer("dev");
    writer.put_blob(Bytes::from_static(b"{}")).await.unwrap();
    writer
        .put_manifest(&target, "application/vnd.oci.image.index.v1+json", odd)
        .await
        .unwrap();
    let why = unknown(&ground.plan("dev").await);
    assert!(why.contains("x cannot be read"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_deletes_nothing_is_found_out_before_anything_is_deleted() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let effect = Effect::Answer {
        status: 405,
        retry_after: None,
    };
    ground
        .registry
        .inject(Fault::new(effect).on_method("DELETE").always());
    let before = ground.tags("dev").await;
    let (exit, events) = ground.run("dev").await;
    assert_eq!(exit, Exit::Failed);
    let (_, said, hint) = crate::run::last(&events);
    assert!(said.contains("refused to delete manifests of"), "{said}");
    assert!(hint.unwrap().contains("storage.delete.enabled"));
    assert_eq!(ground.tags("dev").await, before);
    let asked = ground.registry.requests();
    let asked = asked
        .iter()
        .filter(|request| request.method == "DELETE" && request.path.contains("/manifests/"));
    assert_eq!(asked.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_unknown_after_the_plan_stops_the_run_before_anything_is_deleted() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let plan = ground.plan("dev").await;
    let before = ground.tags("dev").await;
    ground.registry.inject(denied("/v2/prod/"));
    let (exit, _) = carry_out(&ground.engine(), plan).await;
    assert_eq!(exit, Exit::Refused);
    assert_eq!(ground.tags("dev").await, before);
}
