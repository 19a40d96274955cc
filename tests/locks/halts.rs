//! The line is stopped by a note on the remote, which every machine and every job obeys.

use std::path::Path;
use std::sync::Arc;

use windlass::domain::{EnvironmentName, Exit, HaltNote, HaltState};
use windlass::engine::{Engine, HaltRequest, Request, ResumeRequest};
use windlass::sign::SigningKey;

use crate::plan::planned;
use crate::run::begin;
use crate::sample::access;
use crate::world::{carry_out, configure, last, machine, program, promote, windlass, world};

fn stage() -> EnvironmentName {
    "stage".parse().unwrap()
}

fn halt(reason: &str) -> Request {
    HaltRequest {
        environment: stage(),
        reason: reason.to_owned(),
        key: None,
    }
    .into()
}

fn resume(key: Option<&Path>) -> Request {
    ResumeRequest {
        environment: stage(),
        reason: "fixed".to_owned(),
        key: key.map(Path::to_owned),
    }
    .into()
}

/// What the gate says of a promotion to stage; none where nothing is halted.
async fn gate(engine: &Arc<Engine>) -> Option<String> {
    let plan = planned(engine, &promote()).await.unwrap();
    let gate = plan.gates.iter().find(|gate| gate.kind.name() == "halt")?;
    Some(format!("{}: {}", gate.verdict.word(), gate.verdict.reason()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halted_environment_stops_two_machines_and_a_job_at_once_until_it_is_resumed() {
    let world = world().await;
    let (ana, omar) = (machine(&world, "ana"), machine(&world, "omar"));
    assert_eq!(gate(&omar).await, None);
    // This plan was made before, and is run afterwards.
    let before = planned(&omar, &promote()).await.unwrap();
    assert_eq!(carry_out(&ana, &halt("INC-42")).await.0, Exit::Done);

    for engine in [&ana, &omar] {
        let said = gate(engine).await.unwrap();
        assert!(
            said.starts_with("refused: stage is halted by ") && said.ends_with(": INC-42"),
            "{said}"
        );
    }
    let (exit, events) = crate::run::end(begin(&omar, before)).await;
    assert_eq!(exit, Exit::Refused, "{}", last(&events));
    let mut job = program(&world, "job", &["promote", "develop", "--to", "stage", "--yes"]);
    let output = job.env("GITHUB_ACTIONS", "true").output().await.unwrap();
    assert_eq!(output.status.code(), Some(3));
    let (_, list) = windlass(&world, &["halts"]).await;
    assert!(
        list.contains("stage  ✗ halted by") && list.contains("INC-42"),
        "{list}"
    );

    assert_eq!(carry_out(&omar, &resume(None)).await.0, Exit::Done);
    assert_eq!(gate(&ana).await, None);
    let (_, list) = windlass(&world, &["halts"]).await;
    assert!(
        list.contains("stage  ✓ resumed by") && list.contains("fixed"),
        "{list}"
    );
    assert_eq!(carry_out(&ana, &promote()).await.0, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_halt_given_again_leaves_one_note_and_a_second_resume_has_nothing_to_lift() {
    let world = world().await;
    let ana = machine(&world, "ana");
    let object = async || ana.halts().await.unwrap()[0].at.object.clone();
    carry_out(&ana, &halt("INC-42")).await;
    let first = object().await;
    let (exit, events) = carry_out(&ana, &halt("INC-42")).await;
    assert_eq!(
        (exit, object().await),
        (Exit::Done, first.clone()),
        "{}",
        last(&events)
    );
    carry_out(&ana, &halt("INC-43")).await;
    assert_ne!(object().await, first);
    assert_eq!(ana.halts().await.unwrap()[0].at.before, Some(first));
    assert_eq!(carry_out(&ana, &resume(None)).await.0, Exit::Done);
    let error = planned(&ana, &resume(None)).await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_nothing_is_promoted_to_cannot_be_halted() {
    let world = world().await;
    let (code, said) = windlass(&world, &["halt", "dev", "--reason", "INC-42", "--yes"]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("dev receives builds, so nothing is promoted there"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_to_resume_lifts_no_halt_that_came_later() {
    let world = world().await;
    let (ana, omar) = (machine(&world, "ana"), machine(&world, "omar"));
    carry_out(&ana, &halt("INC-42")).await;
    let plan = planned(&omar, &resume(None)).await.unwrap();
    carry_out(&ana, &halt("INC-43")).await;
    let (exit, events) = crate::run::end(begin(&omar, plan)).await;
    assert_eq!(exit, Exit::Conflict);
    assert!(last(&events).contains("the halt of stage changed on origin after the plan was made"));
    assert!(gate(&omar).await.unwrap().ends_with("INC-43"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ref_that_windlass_did_not_write_halts_and_can_be_lifted() {
    let world = world().await;
    let ana = machine(&world, "ana");
    crate::git::git(
        &world.repository(),
        &["push", "-q", "origin", "develop:refs/windlass/halts/stage"],
    );
    let said = gate(&ana).await.unwrap();
    assert!(
        said.contains("halted by a note that windlass did not write"),
        "{said}"
    );
    // A note of another environment is none here.
    let note = HaltNote::new(
        "prod".parse().unwrap(),
        HaltState::Halted,
        "x",
        ("a", "b"),
        "r",
        jiff::Timestamp::now(),
    );
    let repository = ana.repository().unwrap();
    let foreign = repository.write_halt(&note, None, access()).unwrap();
    let remote = repository.remote("origin").unwrap();
    let found = remote.halt(&stage(), repository).await.unwrap().unwrap();
    let moved = remote
        .put_halt(&stage(), &foreign, Some(&found.object), access())
        .await;
    moved.unwrap();
    assert!(gate(&ana).await.unwrap().contains("did not write"));
    assert_eq!(carry_out(&ana, &resume(None)).await.0, Exit::Done);
    assert_eq!(gate(&ana).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_keys_are_trusted_only_who_has_one_resumes() {
    let world = world().await;
    let password = secrecy::SecretString::from("anchors");
    for name in ["oncall", "other"] {
        let pair = SigningKey::generate(&password).unwrap();
        std::fs::write(world.repository().join(format!("{name}.key")), pair.private_pem).unwrap();
        std::fs::write(world.repository().join(format!("{name}.pub")), pair.public_pem).unwrap();
    }
    std::fs::write(world.repository().join("password"), "anchors").unwrap();
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let plain = machine(&world, "plain");
    let halted = "name = \"stage\"\nhalt = { key = \"oncall.key\", password_file = \"password\", trusted = \"oncall.pub\" }\n";
    std::fs::write(&path, text.replace("name = \"stage\"\n", halted)).unwrap();
    let ana = machine(&world, "ana");

    // Who halts needs no key that is trusted, nor any.
    carry_out(&plain, &halt("INC-42")).await;
    assert!(gate(&ana).await.unwrap().contains("INC-42"));
    // Whoever does not know of the keys leaves a note that nobody believes.
    carry_out(&plain, &resume(None)).await;
    let said = gate(&ana).await.unwrap();
    assert!(
        said.ends_with("but that is not signed with a trusted key"),
        "{said}"
    );
    let other = world.repository().join("other.key");
    let resume_with = ["resume", "stage", "--reason", "fixed", "--yes", "--key"];
    let mut by_another = program(
        &world,
        "ana",
        &[&resume_with[..], &[other.to_str().unwrap()]].concat(),
    );
    let output = by_another
        .env("COSIGN_PASSWORD", "anchors")
        .output()
        .await
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        crate::call::text(&output.stderr)
    );
    let (exit, events) = carry_out(&ana, &resume(None)).await;
    assert_eq!(exit, Exit::Done, "{}", last(&events));
    assert_eq!(gate(&ana).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_that_does_not_answer_is_no_permission() {
    let world = world().await;
    configure(&world, "lock = false");
    let ana = machine(&world, "ana");
    std::fs::rename(world.folder().join("origin.git"), world.folder().join("gone.git")).unwrap();
    let said = gate(&ana).await.unwrap();
    assert!(
        said.starts_with("unknown: cannot tell whether stage is halted: "),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hotfix_path_passes_a_halt_only_where_the_configuration_says_so() {
    let world = world().await;
    let ana = machine(&world, "ana");
    let plan = planned(&ana, &promote()).await.unwrap();
    assert!(plan.allowed());
    carry_out(&ana, &halt("INC-42")).await;
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let hotfix = |skip: &str| {
        let way = format!("name = \"stage\"\nhotfix = {{ from = \"dev\", skip = [{skip}] }}\n");
        std::fs::write(&path, text.replace("name = \"stage\"\n", &way)).unwrap();
        machine(&world, "ana")
    };
    let Request::Promote(mut request) = promote() else {
        unreachable!()
    };
    (request.hotfix, request.reason) = (true, Some("payouts fail".to_owned()));
    for (skip, expected) in [("\"scan\"", "refused"), ("\"halt\"", "allowed")] {
        let plan = planned(&hotfix(skip), &request.clone().into()).await.unwrap();
        let gate = plan.gates.iter().find(|gate| gate.kind.name() == "halt").unwrap();
        assert_eq!(gate.verdict.word(), expected, "{gate:?}");
    }
}
