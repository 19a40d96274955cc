//! Promotions that run on GitHub: dispatched once, found by what names them, followed to their end.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use windlass::demo::World;
use windlass::domain::{Exit, Plan, StepKind};
use windlass::engine::{Engine, Event, EventKind, PromoteRequest, Run};

use super::actions::{Details, FIRST};
use super::call::{program, text};
use super::fake::{Fake, Fault};
use super::limit::within;
use super::plan::planned;
use super::run::{begin, carry_out, last};
use super::sample::world_at;
use super::world::{engine, engine_with_runner};

pub struct Started {
    pub world: World,
    pub fake: Fake,
    pub engine: Arc<Engine>,
    pub plan: Plan,
}

/// A world whose stage is promoted to on GitHub, and the plan of a promotion there.
pub async fn start() -> Started {
    let (world, fake) = (world_at(Timestamp::now()).await, Fake::start().await);
    let engine = engine_with_runner(&world, &fake);
    let plan = planned(&engine, &request()).await.unwrap();
    Started {
        world,
        fake,
        engine,
        plan,
    }
}

fn request() -> windlass::engine::Request {
    PromoteRequest {
        candidate: "develop".to_owned(),
        to: "stage".parse().unwrap(),
        from: None,
        reason: None,
        hotfix: false,
    }
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_a_promotion_on_github_needs_no_access_to_its_platform() {
    let started = start().await;
    let path = started.world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let stage = text.split("name = \"stage\"\n").nth(1).unwrap();
    let before = stage
        .split("deploy = ")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let kubernetes = "{ kind = \"kubernetes\", kubeconfig = \"nowhere\", namespace = \"shop\", workload = \"deployment/{service}\" }";
    let text = text.replace(&format!("deploy = {before}"), &format!("deploy = {kubernetes}"));
    std::fs::write(&path, text).unwrap();
    let engine = started.world.engine().unwrap();
    let plan = planned(&engine, &request()).await.unwrap();
    let deploy = plan
        .steps
        .iter()
        .find(|step| step.kind == StepKind::Deploy)
        .unwrap();
    assert_eq!(
        deploy.title,
        "to stage: set the image of deployment/payment-svc in namespace shop; only the runner asks what is there now"
    );
    assert_ne!(plan.hash(), started.plan.hash());
}

impl Started {
    pub fn begin(&self) -> Run {
        begin(&self.engine, self.plan.clone())
    }

    /// Begins, and ends each run of the workflow as soon as it is followed.
    async fn ended(&self, conclusion: &str) -> (Exit, Vec<Event>) {
        let mut run = self.begin();
        let mut events = Vec::new();
        while let Some(event) = within("the end of the promotion", run.events.recv()).await {
            if let EventKind::WorkflowRun { number, .. } = &event.happening {
                self.fake.end_run(*number, conclusion);
            }
            events.push(event);
        }
        (run.task.await.unwrap(), events)
    }
}

pub fn followed(events: &[Event]) -> Vec<u64> {
    let numbers = events.iter().filter_map(|event| match &event.happening {
        EventKind::WorkflowRun { number, .. } => Some(*number),
        _ => None,
    });
    numbers.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_on_github_pins_its_workflow_is_dispatched_once_and_followed_to_its_end() {
    let started = start().await;
    let target = started.plan.operation.runner().unwrap();
    assert_eq!(target.words(), "promote-stage.yml of acme/app at develop");
    let mut other = started.plan.clone();
    let windlass::domain::Operation::Promote(promote) = &mut other.operation else {
        panic!("a promotion");
    };
    promote.runner = None;
    assert_ne!(other.hash(), started.plan.hash());

    let (exit, events) = started.ended("success").await;
    assert_eq!(exit, Exit::Done, "{:?}", last(&events));
    assert_eq!(followed(&events), [FIRST]);
    let store = started.fake.store();
    let [body] = &store.actions.dispatched[..] else {
        panic!("dispatched once");
    };
    assert_eq!(body["ref"], "develop");
    let inputs = json!({
        "candidate": started.plan.digest.as_ref().unwrap().to_string(),
        "plan": started.plan.hash().to_string(),
        "correlation": events[0].run.as_str(),
    });
    assert_eq!(body["inputs"], inputs);
    drop(store);
    assert_eq!(
        started.fake.said(FIRST).correlation.as_deref(),
        Some(events[0].run.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_in_a_job_of_that_workflow_promotes_there_with_the_same_hash() {
    let started = start().await;
    let (folder, state) = (started.world.repository(), started.world.folder().join("ci"));
    let hash = started.plan.hash().to_string();
    let candidate = started.plan.digest.as_ref().unwrap().to_string();
    let job = |hash: &str| {
        let mut program = program(
            &folder,
            &state,
            &["promote", &candidate, "--to", "stage", "--plan", hash],
        );
        program
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", "workflow_dispatch")
            .env("GITHUB_RUN_ID", FIRST.to_string())
            .env(
                "GITHUB_WORKFLOW_REF",
                "acme/app/.github/workflows/promote-stage.yml@refs/heads/develop",
            );
        program
    };
    let refused = job("0000-0000").output().await.unwrap();
    assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
    let output = job(&hash).output().await.unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert!(out.contains("promote to stage is done"), "{out}");
    assert!(started.fake.store().actions.dispatched.is_empty());
    let service = started.engine.service(&"payment-svc".parse().unwrap()).unwrap();
    let places = started
        .engine
        .places(&service, started.plan.digest.as_ref().unwrap())
        .await
        .unwrap();
    assert!(places.iter().any(|place| place.environment.as_str() == "stage"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_run_is_the_one_with_the_correlation_id_however_many_begin_in_the_same_second() {
    for details in [Details::Ignored, Details::Unknown] {
        let started = start().await;
        {
            let mut store = started.fake.store();
            store.actions.foreign = true;
            store.actions.details = details;
        }
        let (exit, events) = started.ended("success").await;
        assert_eq!(exit, Exit::Done, "{:?}", last(&events));
        assert_eq!(followed(&events), [FIRST + 1]);
        assert_eq!(started.fake.store().actions.dispatched.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_one_run_and_not_two() {
    let started = start().await;
    started.fake.fault("POST", "/dispatches", 1, Fault::DoneBut(502));
    let (exit, events) = started.ended("success").await;
    assert_eq!(exit, Exit::Done, "{:?}", last(&events));
    assert_eq!(started.fake.store().actions.runs.len(), 1);
    assert_eq!(started.fake.count("POST", "/dispatches"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_run_began_that_nobody_can_find_is_left_open_and_the_same_command_finds_it() {
    let started = start().await;
    started.fake.fault("POST", "/dispatches", 1, Fault::status(503));
    let (exit, events) = carry_out(&started.engine, started.plan.clone()).await;
    let (_, summary, hint) = last(&events);
    assert_eq!(exit, Exit::Incomplete, "{summary}");
    assert!(hint.unwrap().contains(events[0].run.as_str()));
    assert_eq!(started.fake.count("POST", "/dispatches"), 1);

    // It began after all, later than anybody looked.
    let (digest, hash) = (started.plan.digest.as_ref().unwrap(), started.plan.hash());
    let late = format!("Promote {digest} to stage (plan {hash}, {})", events[0].run);
    let late = started.fake.store().actions.begin(&late);
    let (exit, events) = started.ended("success").await;
    assert_eq!((exit, followed(&events)), (Exit::Done, vec![late]));
    assert_eq!(started.fake.count("POST", "/dispatches"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_refuses_is_not_looked_for() {
    let started = start().await;
    for (status, exit) in [
        (401, Exit::NotAuthorised),
        (404, Exit::NotFound),
        (409, Exit::Conflict),
    ] {
        started
            .fake
            .fault("POST", "/dispatches", 1, Fault::status(status));
        let before = started.fake.count("GET", "created=");
        let (found, events) = started.ended("success").await;
        assert_eq!(found, exit, "{:?}", last(&events));
        assert_eq!(started.fake.count("GET", "created="), before);
    }
    assert!(started.fake.store().actions.runs.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn how_the_run_ended_is_how_the_promotion_ended() {
    let started = start().await;
    for (conclusion, exit) in [
        ("failure", Exit::Failed),
        ("timed_out", Exit::Failed),
        ("cancelled", Exit::Interrupted),
        ("skipped", Exit::Failed),
        ("neutral", Exit::Failed),
    ] {
        let (found, events) = started.ended(conclusion).await;
        assert_eq!(found, exit, "{conclusion}: {:?}", last(&events));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_not_on_github_starts_whatever_is_wrong_with_the_token() {
    let (world, fake) = (world_at(Timestamp::now()).await, Fake::start().await);
    let engine = engine(&world, &fake, "");
    std::fs::remove_file(world.folder().join("github.token")).unwrap();
    let plan = planned(&engine, &request()).await.unwrap();
    let (exit, events) = carry_out(&engine, plan).await;
    assert_eq!(exit, Exit::Done, "{:?}", last(&events));
}
