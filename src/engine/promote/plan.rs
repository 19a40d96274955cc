//! The plan of a promotion: reads only, pins the digest, asks every gate, counts what the copy will cost.

use crate::config::EnvironmentSettings;
use crate::deploy::Deployer;
use crate::domain::{
    Confirmation, Costs, Environment, EnvironmentName, Gate, Operation, Plan, PlannedStep, Repository,
    ServiceName, StepKind, Target, bytes, count,
};
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::scan::Admission;
use crate::engine::{Engine, TagState};
use crate::registry::copy::{self, BlobState, CopyOptions, CopyPlan};

use super::gates;

/// Plans the promotion of `candidate` to `to`.
pub(in crate::engine) async fn plan(
    engine: &Engine,
    service: &ServiceName,
    candidate: &str,
    to: &EnvironmentName,
    from: Option<&EnvironmentName>,
) -> Result<Plan, EngineError> {
    let target = engine.environment(to)?;
    let source = source_of(engine, target, from)?;
    let candidate = engine.candidate(service, candidate, source).await?;
    let digest = candidate.image.digest.clone();
    let repository = engine.repository_of(service, target)?;
    let reader = engine.registries().reader(&repository);
    let root = Target::Digest(digest.clone());
    let source_reader = engine.registries().reader(&candidate.repository);

    let (tag_state, current, copying, mut evaluation) = tokio::try_join!(
        engine.tag_state(&reader, &candidate.tag, &digest),
        async { Ok(reader.running(target.from.is_empty()).await?) },
        async { Ok(copy::plan(&source_reader, &reader, &root, &CopyOptions::default()).await?) },
        gates::evaluate(engine, &candidate, source, target, Admission::Scan),
    )?;
    untaken(tag_state, &repository, &candidate)?;
    let running = current.as_ref().map(|running| &running.digest);
    evaluation.compare(engine, &candidate, target, running).await;
    let settings = engine.settings(to)?;
    let deployer = engine.deployer(&target.name)?;
    let steps = steps(&copying, &candidate, target, settings, deployer.as_ref());
    Ok(Plan {
        operation: Operation::Promote {
            from: source.name.clone(),
            to: target.name.clone(),
            source: candidate.repository.at(digest.clone()),
            target: repository.tagged(candidate.tag.clone()),
            replaces: current.map(|running| running.digest),
            reason: None,
            hotfix: false,
        },
        service: service.clone(),
        commit: candidate.commit,
        tag: Some(candidate.tag),
        gates: evaluation.gates,
        steps,
        costs: Costs {
            requests: copying.requests,
            bytes: copying.bytes,
        },
        confirmation: if target.protected {
            Confirmation::Typed(format!("{} {}", target.name, digest.prefix(6)))
        } else {
            Confirmation::Plain
        },
        digest: Some(digest),
    })
}

/// What every gate of that promotion says now, for somebody who only looks: nothing is scanned for it.
pub(in crate::engine) async fn preview(
    engine: &Engine,
    service: &ServiceName,
    candidate: &str,
    to: &EnvironmentName,
    from: Option<&EnvironmentName>,
) -> Result<Vec<Gate>, EngineError> {
    let target = engine.environment(to)?;
    let source = source_of(engine, target, from)?;
    let candidate = engine.candidate(service, candidate, source).await?;
    let repository = engine.repository_of(service, target)?;
    let reader = engine.registries().reader(&repository);
    let (tag_state, evaluation) = tokio::try_join!(
        engine.tag_state(&reader, &candidate.tag, &candidate.image.digest),
        gates::evaluate(engine, &candidate, source, target, Admission::Preview),
    )?;
    untaken(tag_state, &repository, &candidate)?;
    Ok(evaluation.gates)
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

/// Which environment the promotion leaves: the one given, or the only one that the target takes from.
fn source_of<'a>(
    engine: &'a Engine,
    target: &Environment,
    from: Option<&EnvironmentName>,
) -> Result<&'a Environment, EngineError> {
    let sources = || {
        let names: Vec<_> = target.from.iter().map(EnvironmentName::as_str).collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    let refused = |from: &EnvironmentName| EngineError::NoSuchPromotion {
        from: from.clone(),
        to: target.name.clone(),
        sources: sources(),
    };
    let name = match (from, target.from.first()) {
        (Some(from), _) if !target.from.contains(from) => return Err(refused(from)),
        (Some(from), _) => from,
        (None, Some(first)) => first,
        (None, None) => return Err(refused(&target.name)),
    };
    engine.environment(name)
}

fn steps(
    copying: &CopyPlan,
    candidate: &Candidate,
    target: &Environment,
    settings: &EnvironmentSettings,
    deployer: Option<&Deployer>,
) -> Vec<PlannedStep> {
    let step = |kind, what: String| PlannedStep { kind, what };
    let present = copying
        .blobs
        .iter()
        .filter(|blob| blob.state == BlobState::Present)
        .count();
    let mut steps = vec![
        step(StepKind::Gate, "every gate again, at that moment".to_owned()),
        step(
            StepKind::Copy,
            format!(
                "{} and {}, {} to move ({present} are there)",
                count(copying.blobs.len(), "blob"),
                count(copying.referrers.len(), "referrer"),
                bytes(copying.bytes),
            ),
        ),
    ];
    if let Some(sign) = &settings.sign {
        steps.push(step(StepKind::Sign, format!("with {}", sign.key.display())));
    }
    steps.push(step(StepKind::Verify, verify_words(settings)));
    steps.push(step(
        StepKind::Tag,
        format!("{}, which never moves", candidate.tag),
    ));
    let deploy = deployer.map_or_else(
        || format!("no deployer in {}: marks what should run there", target.name),
        Deployer::describe,
    );
    steps.push(step(StepKind::Deploy, deploy));
    steps
}

fn verify_words(settings: &EnvironmentSettings) -> String {
    if settings.sign.is_some() {
        "the digest at the target and its signature, by public key".to_owned()
    } else {
        "the digest at the target".to_owned()
    }
}
