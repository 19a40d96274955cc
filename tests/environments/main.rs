//! What happens to environments in the sample world: pins, rollbacks, older candidates, the hotfix path, and the reviews
//! that exceptions owe.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/call.rs"]
mod call;
#[path = "../support/document.rs"]
mod document;
#[path = "../support/git.rs"]
mod git;
#[path = "../support/idle.rs"]
mod idle;
#[path = "../support/older.rs"]
mod older;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/plan.rs"]
mod plan;
#[path = "../support/receiver.rs"]
mod receiver;
#[path = "../support/run.rs"]
mod run;
#[path = "../support/runs.rs"]
mod runs;
#[path = "../support/sample.rs"]
mod sample;

mod admission;
mod after;
mod approvals;
mod attempts;
mod audit;
mod by_run;
mod chain;
mod changes;
mod completeness;
mod exceptions;
mod gitops;
mod history;
mod notifications;
mod older_signatures;
mod pins;
mod present;
mod program;
mod revisions;
mod rollbacks;
mod running;
mod soak;

use std::sync::Arc;

use jiff::Timestamp;
use plan::planned;
use windlass::demo::World;
use windlass::domain::{Digest, Exit, Override, Plan, Target};
use windlass::engine::{
    Engine, Event, EventKind, HotfixRequest, PinRequest, PromoteRequest, Request, RollbackRequest,
    UnpinRequest,
};
use windlass::project::Service;
use windlass::registry::{Reader, Writer};

use idle::idle;
use place::reader;
use run::{begin, carry_out, end};
use sample::{access, world_at};

async fn world() -> (World, Arc<Engine>) {
    let world = world_at(Timestamp::now()).await;
    let engine = world.engine().unwrap();
    (world, engine)
}

/// An engine on the same world, after `from` in its configuration has become `to`.
fn changed(world: &World, from: &str, to: &str) -> Arc<Engine> {
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
    world.engine().unwrap()
}

fn promote(candidate: &str, to: &str, reason: Option<&str>, hotfix: bool) -> Request {
    PromoteRequest {
        candidate: candidate.to_owned(),
        to: to.parse().unwrap(),
        from: None,
        reason: reason.map(str::to_owned),
        hotfix,
    }
    .into()
}

fn pin(environment: &str, reason: &str, until: Option<&str>) -> Request {
    PinRequest {
        environment: environment.parse().unwrap(),
        reason: reason.to_owned(),
        until: until.map(str::to_owned),
    }
    .into()
}

fn unpin(environment: &str) -> Request {
    UnpinRequest {
        environment: environment.parse().unwrap(),
        reason: "it is fixed".to_owned(),
    }
    .into()
}

fn rollback(environment: &str, to: Option<&str>, accept_findings: bool) -> Request {
    RollbackRequest {
        environment: environment.parse().unwrap(),
        to: to.map(str::to_owned),
        reason: "payouts fail".to_owned(),
        until: None,
        accept_findings,
    }
    .into()
}

async fn done(engine: &Arc<Engine>, command: &Request) -> Vec<Event> {
    let plan = planned(engine, command).await.unwrap();
    assert!(plan.allowed(), "{:#?}", plan.gates);
    let (exit, events) = carry_out(engine, plan).await;
    assert_eq!(exit, Exit::Done, "{:?}", events.last());
    events
}

fn kinds(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().map(|step| step.kind.word()).collect()
}

fn reason(plan: &Plan, gate: &str) -> (&'static str, String) {
    let gate = plan.gates.iter().find(|known| known.kind.name() == gate).unwrap();
    (gate.verdict.word(), gate.verdict.reason().to_owned())
}

/// What the gate of that name says may be asked for instead.
fn way_out<'a>(plan: &'a Plan, gate: &str) -> Option<&'a Override> {
    let gate = plan.gates.iter().find(|known| known.kind.name() == gate).unwrap();
    gate.way_out.as_ref()
}

fn payment(engine: &Engine) -> Service {
    engine.service(&"payment-svc".parse().unwrap()).unwrap()
}

fn writer(engine: &Engine, environment: &str) -> Writer {
    let repository = reader(engine, environment).repository().clone();
    engine.registries().writer(&repository, access())
}

async fn deployed(engine: &Engine, environment: &str) -> Digest {
    let found = reader(engine, environment).deployed(false).await;
    found.unwrap().unwrap().digest
}

async fn digest_of(engine: &Engine, environment: &str, commit: &str) -> Digest {
    let commit = engine.resolve(commit).await.unwrap().sha;
    let tag = engine.tag_of(&commit).unwrap();
    let found = reader(engine, environment).resolve(&Target::Tag(tag)).await;
    found.unwrap().unwrap().digest
}

async fn held_at(engine: &Engine, environment: &str) -> Option<Digest> {
    let service = payment(engine);
    let pin = engine.pin(&service, &environment.parse().unwrap()).await;
    pin.unwrap().map(|pin| pin.digest)
}

async fn first_image(reader: &Reader, index: &Digest) -> Digest {
    let manifest = reader.manifest(&Target::Digest(index.clone())).await.unwrap();
    manifest.children()[0].digest.clone()
}
