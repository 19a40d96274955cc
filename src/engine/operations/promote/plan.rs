//! The plan of a promotion: reads only, pins the digest, asks every gate, counts what the copy will cost.

use crate::config::EnvironmentSettings;
use crate::domain::operation::Promote;
use crate::domain::{
    Costs, Digest, Environment, Gate, GateKind, ImageReference, Plan, PlannedStep, Repository, StepKind,
    StepList, StepTarget, Target, bytes, count,
};
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::gates::{Evaluation, Moment};
use crate::engine::operations::deploy::{self, Asker};
use crate::engine::operations::operation::PlanRequest;
use crate::engine::operations::{place, sign};
use crate::engine::remote;
use crate::engine::{Engine, TagState};
use crate::project::Service;
use crate::registry::copy::{self, BlobState, CopyOptions, CopyPlan};

use super::gates;
use super::promotion_path::{PromoteRequest, PromotionPath};

impl PlanRequest for PromoteRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        plan(engine, service, self).await
    }
}

async fn plan(engine: &Engine, service: &Service, request: &PromoteRequest) -> Result<Plan, EngineError> {
    let way = PromotionPath::of(engine, request)?;
    let (source, target) = (way.source, way.target);
    engine.catch_up().await;
    let candidate = engine.candidate(service, &request.candidate, source).await?;
    let digest = candidate.image.digest.clone();
    let reader = service.environment(target).reader()?;
    let root = Target::Digest(digest.clone());
    let source_reader = engine.registries().reader(&candidate.repository);

    let (tag_state, current, copying, mut evaluation) = tokio::try_join!(
        engine.tag_state(&reader, &candidate.tag, &digest),
        async { Ok(way.deployed(&reader).await?) },
        async {
            let options = CopyOptions {
                deep: true,
                ..CopyOptions::default()
            };
            Ok(copy::plan(&source_reader, &reader, &root, &options).await?)
        },
        gates::ask(&way, engine, &candidate, Moment::Plan),
    )?;
    untaken(tag_state, reader.repository(), &candidate)?;
    let current = current.map(|current| &current.digest);
    compare(engine, &mut evaluation, &candidate, target, current).await;
    let settings = engine.settings(&target.name)?;
    let runner = remote::runner_of(engine, target, way.hotfix.is_some())?;
    let asker = if runner.is_some() {
        Asker::Runner
    } else {
        Asker::Planner
    };
    let targets = deploy::targets(service, target, asker).await?;
    let is_exception = way.exception(engine, evaluation.skipped).is_some();
    let target_image = reader.repository().tagged(candidate.tag.clone());
    let steps = steps(
        &copying,
        &candidate,
        (target, &target_image),
        settings,
        is_exception,
        targets,
    );
    Ok(Plan {
        operation: Promote {
            from: source.name.clone(),
            to: target.name.clone(),
            source: candidate.repository.at(digest.clone()),
            target: target_image,
            replaces: current.cloned(),
            reason: way.reason,
            hotfix: way.hotfix.is_some(),
            runner,
        }
        .into(),
        service: service.name().clone(),
        commit: candidate.commit,
        tag: Some(candidate.tag),
        gates: evaluation.gates,
        steps,
        costs: Costs {
            requests: copying.requests,
            bytes: copying.bytes,
        },
        confirmation: place::confirmation(target, &digest),
        digest: Some(digest),
    })
}

/// What every gate of that promotion says now, for somebody who only looks: nothing is scanned for it.
pub(in crate::engine) async fn preview(
    engine: &Engine,
    service: &Service,
    request: &PromoteRequest,
) -> Result<Vec<Gate>, EngineError> {
    let way = PromotionPath::of(engine, request)?;
    let candidate = engine.candidate(service, &request.candidate, way.source).await?;
    let reader = service.environment(way.target).reader()?;
    let (tag_state, evaluation) = tokio::try_join!(
        engine.tag_state(&reader, &candidate.tag, &candidate.image.digest),
        gates::ask(&way, engine, &candidate, Moment::Preview),
    )?;
    untaken(tag_state, reader.repository(), &candidate)?;
    Ok(evaluation.gates)
}

/// Adds what changed since the last gate and against what is deployed to `target` to the notes of the scan gate.
async fn compare(
    engine: &Engine,
    evaluation: &mut Evaluation,
    candidate: &Candidate,
    target: &Environment,
    deployed: Option<&Digest>,
) {
    let gate = evaluation
        .gates
        .iter_mut()
        .find(|gate| gate.kind == GateKind::Scan);
    if let (Some(record), Some(gate)) = (&evaluation.record, gate) {
        let mut lines = engine.compared(record, candidate, target, deployed).await;
        gate.notes.append(&mut lines);
    }
}

/// An immutable tag that belongs to another digest already cannot be given to this one.
fn untaken(state: TagState, repository: &Repository, candidate: &Candidate) -> Result<(), EngineError> {
    match state {
        TagState::Free | TagState::Same => Ok(()),
        TagState::Taken(found) => Err(EngineError::TagTaken {
            target: repository.tagged(candidate.tag.clone()),
            found,
            wanted: candidate.image.digest.clone(),
        }),
    }
}

fn steps(
    copying: &CopyPlan,
    candidate: &Candidate,
    (target, target_image): (&Environment, &ImageReference),
    settings: &EnvironmentSettings,
    is_exception: bool,
    targets: deploy::Targets,
) -> Vec<PlannedStep> {
    let present = copying
        .blobs
        .iter()
        .filter(|blob| blob.state == BlobState::Present)
        .count();
    let mut steps = StepList::default();
    steps.add(StepKind::Gate, "re-check all gates");
    let image = || StepTarget::Image(target_image.repository.at(candidate.image.digest.clone()));
    steps.add_on(
        StepKind::Copy,
        format!(
            "{} and {}, {} to copy ({present} already present)",
            count(copying.blobs.len(), "blob"),
            count(copying.referrers.len(), "referrer"),
            bytes(copying.bytes),
        ),
        image(),
    );
    if let Some(sign) = &settings.sign {
        steps.add_on(StepKind::Sign, sign.words(), image());
    }
    steps.add_on(StepKind::Verify, verify_words(settings), image());
    if is_exception {
        steps.add_on(StepKind::Attach, "the exception record, with its reason", image());
    }
    steps.add_on(
        StepKind::Tag,
        format!("{}, which never moves", candidate.tag),
        StepTarget::Image(target_image.clone()),
    );
    deploy::add(&mut steps, target, targets);
    steps.into()
}

fn verify_words(settings: &EnvironmentSettings) -> String {
    if settings.sign.is_some() {
        format!(
            "the digest at the target and its signature, {}",
            sign::verified_by(settings)
        )
    } else {
        "the digest at the target".to_owned()
    }
}
