//! The plan of a promotion: reads only, pins the digest, asks every gate, counts what the copy will cost.

use crate::config::EnvironmentSettings;
use crate::deploy::Deployer;
use crate::domain::{
    Confirmation, Costs, Environment, EnvironmentName, Operation, Plan, PlannedStep, ServiceName, StepKind,
    Target, bytes, count,
};
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
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

    let (tag_state, current, copying, gates) = tokio::try_join!(
        engine.tag_state(&reader, &candidate.tag, &digest),
        async { Ok(reader.running(target.from.is_empty()).await?) },
        async { Ok(copy::plan(&source_reader, &reader, &root, &CopyOptions::default()).await?) },
        gates::evaluate(engine, &candidate, source, target),
    )?;
    if let TagState::Taken(found) = tag_state {
        let target = repository.tagged(candidate.tag);
        return Err(EngineError::TagTaken {
            target,
            found,
            wanted: digest,
        });
    }
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
        },
        service: service.clone(),
        commit: candidate.commit,
        tag: Some(candidate.tag),
        gates,
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
