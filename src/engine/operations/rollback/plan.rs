//! The plan of a rollback: which digest, whether it is ready, what it replaces.

use jiff::Timestamp;

use super::past::{self, Earlier, Past};
use crate::config::SignerSettings;
use crate::domain::operation::Rollback;
use crate::domain::{
    Clean, Costs, Digest, Environment, EnvironmentName, ImageReference, PinRecord, Plan, PlannedStep,
    StepKind, StepList, StepTarget, Target, clean_line, pin_state,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::gates::{self, DigestQuestion, EarlierQuestion, Moment, PinQuestion, Question};
use crate::engine::operations::operation::PlanRequest;
use crate::engine::operations::{
    deploy::{self, Asker},
    pin, place,
};
use crate::project::Service;
use crate::registry::Reader;

/// A request to take an environment back to what ran there before, and pin it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// A digest, a tag, a version, or the place in the list of what ran before; the last that was not rolled back from
    /// itself if none is given.
    pub to: Option<String>,
    /// Why.
    pub reason: String,
    /// How long it is pinned, as for a pin.
    pub until: Option<String>,
    /// Whether to go on in spite of findings.
    pub accept_findings: bool,
}

impl PlanRequest for RollbackRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        plan(engine, service, self).await
    }
}

async fn plan(engine: &Engine, service: &Service, request: &RollbackRequest) -> Result<Plan, EngineError> {
    let environment = pin::reached(engine, &request.environment)?;
    let reason = place::reason(&request.reason, "a rollback")?;
    let now = Timestamp::now();
    let until = pin::term(request.until.as_deref(), now)?;
    let reader = service.environment(environment).reader()?;
    let past = past::read(engine, service, environment).await?;
    let current = past.deployed.as_ref();
    let current = current.ok_or_else(|| EngineError::NothingDeployed(environment.name.clone()))?;
    let held = pin_state(&past.pins, &environment.name, now);
    let chosen = choose(&past, held, environment, &reader, &reason, request.to.as_deref()).await?;
    let replaces = current.digest.clone();
    let from = if chosen.digest == replaces {
        past.came_from().cloned()
    } else {
        Some(replaces.clone())
    };
    let is_back = chosen.digest == replaces;
    if is_back && from.is_none() {
        return Err(EngineError::NoWayBack {
            environment: environment.name.clone(),
            text: chosen.digest.short(),
            why: format!(
                "{0} already has this digest deployed; to keep it there, use `windlass pin {0}`",
                environment.name
            ),
        });
    }
    let subjects = vec![
        DigestQuestion {
            engine,
            service,
            environment,
            reader: &reader,
            digest: &chosen.digest,
        }
        .into(),
        EarlierQuestion {
            version: chosen.version.as_deref(),
            deployed: chosen.deployed,
            rolled_back: chosen.rolled_back,
            is_back,
            note: past.note.as_deref(),
        }
        .into(),
        PinQuestion {
            environment: &environment.name,
            records: &past.pins,
            now,
        }
        .into(),
    ];
    let question = Question::of_environment(engine, environment, Moment::Rollback, subjects)?;
    let mut gates = gates::ask(&question).await.gates;
    let _ = gates::accept_findings(&mut gates, request.accept_findings, &environment.name, &reason);
    let targets = deploy::targets(service, environment, Asker::Planner).await?;
    Ok(Plan {
        operation: Rollback {
            environment: environment.name.clone(),
            image: reader.repository().at(chosen.digest.clone()),
            replaces: Some(replaces),
            from,
            reason,
            until,
            accept_findings: request.accept_findings,
        }
        .into(),
        service: service.name().clone(),
        commit: chosen.commit.clone(),
        tag: chosen.tag.clone(),
        gates,
        steps: steps(
            environment,
            &reader.repository().at(chosen.digest.clone()),
            (
                request.accept_findings,
                engine.sign_settings(&environment.name).as_ref(),
            ),
            targets,
        ),
        costs: Costs::default(),
        confirmation: place::confirmation(environment, &chosen.digest),
        digest: Some(chosen.digest.clone()),
    })
}

fn steps(
    environment: &Environment,
    image: &ImageReference,
    (accept_findings, signs_with): (bool, Option<&SignerSettings>),
    targets: deploy::Targets,
) -> Vec<PlannedStep> {
    let target = || StepTarget::Image(image.clone());
    let mut steps = StepList::default();
    steps.add(StepKind::Gate, "re-check that it can be deployed");
    steps.add_on(
        StepKind::Verify,
        "the digest, in place; nothing is copied",
        target(),
    );
    if accept_findings {
        steps.add_on(
            StepKind::Attach,
            "the exception record, if findings were accepted",
            target(),
        );
    }
    if let Some(sign) = signs_with {
        let title = format!("the record of the rollback, {}", sign.words());
        steps.add_on(StepKind::Sign, title, target());
    }
    deploy::add(&mut steps, environment, targets);
    steps.add_on(
        StepKind::Pin,
        format!("{} is pinned to it; promotions are refused", environment.name),
        target(),
    );
    steps.into()
}

/// Which digest is meant. A place in the list, or nothing, means another digest once the rollback is done: then the same
/// command would go on to what ran even before. So it is the same rollback if what is deployed came back and is not pinned yet, or
/// is pinned by a rollback with this very reason.
async fn choose<'a>(
    past: &'a Past,
    held: Option<&PinRecord>,
    environment: &Environment,
    reader: &Reader,
    reason: &Clean,
    to: Option<&str>,
) -> Result<&'a Earlier, EngineError> {
    let no_way = |text: &str, why: &str| EngineError::NoWayBack {
        environment: environment.name.clone(),
        text: clean_line(text),
        why: why.to_owned(),
    };
    let place = match to {
        None => None,
        Some(text) if text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit()) => {
            let place = text.parse::<usize>().ok().filter(|place| *place > 0);
            Some(place.ok_or_else(|| no_way(text, "the list starts at 1"))?)
        }
        Some(text) => {
            return named(past, reader, text)
                .await?
                .ok_or_else(|| no_way(text, "it is not among the earlier deployments"));
        }
    };
    let deployed = past.deployed.as_ref();
    let is_same = |pin: &&PinRecord| {
        pin.from.is_some() && pin.reason == *reason && deployed.is_some_and(|now| now.digest == pin.digest)
    };
    if let Some(unfinished) = past.unfinished() {
        return Ok(unfinished);
    }
    if let (Some(_), Some(deployed)) = (held.filter(is_same), deployed) {
        return Ok(deployed);
    }
    match place {
        Some(place) => past
            .earlier
            .get(place - 1)
            .ok_or_else(|| no_way(&place.to_string(), "there are not that many earlier deployments")),
        None => past.earlier.iter().find(|one| !one.was_left()).ok_or_else(|| {
            no_way(
                "the deployment before",
                "every earlier deployment was itself rolled back",
            )
        }),
    }
}

async fn named<'a>(past: &'a Past, reader: &Reader, text: &str) -> Result<Option<&'a Earlier>, EngineError> {
    if let Some(found) = past.called(text) {
        return Ok(Some(found));
    }
    let Ok(tag) = text.parse() else { return Ok(None) };
    let found = reader.resolve(&Target::Tag(tag)).await?;
    Ok(found.and_then(|found| past.called(&found.digest.to_string())))
}

/// Whether what is deployed at the run is what ran when the plan was made, or what the rollback leads to.
pub(super) fn is_as_planned(found: &Digest, chosen: &Digest, replaces: Option<&Digest>) -> bool {
    found == chosen || Some(found) == replaces
}
