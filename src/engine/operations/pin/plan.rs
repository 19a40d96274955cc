//! Plans that hold an environment, and that let it go.

use futures_util::future::join_all;
use jiff::Timestamp;

use super::reads::{pins, reached, term};
use crate::domain::operation::{Pin, Unpin};
use crate::domain::{
    Costs, Digest, Environment, EnvironmentName, Plan, StepKind, StepList, StepTarget, newest_pin,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::gates::{self, Moment, PinQuestion, PresentQuestion, Question};
use crate::engine::operations::operation::PlanRequest;
use crate::engine::operations::place;
use crate::engine::present::present;
use crate::project::Service;

/// A request to hold an environment at what is deployed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// Why.
    pub reason: String,
    /// Until when: a day such as 2026-12-31, or a duration such as 7d; until it is lifted if none is given.
    pub until: Option<String>,
}

impl PlanRequest for PinRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let now = Timestamp::now();
        let environment = reached(engine, &self.environment)?;
        let reason = place::reason(&self.reason, "a pin")?;
        let until = term(self.until.as_deref(), now)?;
        let reader = service.environment(environment).reader()?;
        let (present, records) = tokio::try_join!(
            present(service.environment(environment), &reader),
            pins(&reader, environment)
        )?;
        let present = present.ok_or_else(|| EngineError::NothingDeployed(environment.name.clone()))?;
        let digest = present.current.digest.clone();
        let commit = reader.image(&digest).await?.commit();
        let subjects = vec![
            PresentQuestion {
                environment: &environment.name,
                present: &present,
            }
            .into(),
            PinQuestion {
                environment: &environment.name,
                records: &records,
                now,
            }
            .into(),
        ];
        let question = Question::of_environment(engine, environment, Moment::Pin, subjects)?;
        let kept = format!("keeps what is there: {}", digest.short());
        let mut steps = StepList::default();
        steps.add(StepKind::Gate, "that it is still there");
        let target = StepTarget::Image(reader.repository().at(digest.clone()));
        steps.add_on(StepKind::Pin, format!("the pin record; {kept}"), target);
        Ok(Plan {
            operation: Pin {
                environment: environment.name.clone(),
                image: reader.repository().at(digest.clone()),
                reason,
                until,
            }
            .into(),
            service: service.name().clone(),
            tag: commit.as_ref().and_then(|commit| engine.tag_of(commit).ok()),
            commit,
            gates: gates::ask(&question).await.gates,
            steps: steps.into(),
            costs: Costs::default(),
            confirmation: place::confirmation(environment, &digest),
            digest: Some(digest),
        })
    }
}

/// A request to lift the pin of an environment; its plan tells what would come then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpinRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// Why.
    pub reason: String,
}

impl PlanRequest for UnpinRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let now = Timestamp::now();
        let environment = reached(engine, &self.environment)?;
        let reason = place::reason(&self.reason, "lifting a pin")?;
        let reader = service.environment(environment).reader()?;
        let records = pins(&reader, environment).await?;
        // Given again when it is done, the same command finds the pin that it lifted.
        let pin = newest_pin(records.iter().filter(|record| record.held), &environment.name)
            .cloned()
            .ok_or_else(|| EngineError::NotPinned(environment.name.clone()))?;
        let digest = pin.digest.clone();
        let next = what_comes_next(engine, service, environment, &digest).await;
        let subject = PinQuestion {
            environment: &environment.name,
            records: &records,
            now,
        };
        let question = Question::of_environment(engine, environment, Moment::Unpin, vec![subject.into()])?;
        let lifting = gates::ask(&question).await.gates.into_iter();
        let gates = lifting.map(|gate| gate.with_notes(next.clone())).collect();
        let mut steps = StepList::default();
        steps.add(StepKind::Gate, "that the pin has not changed");
        let target = StepTarget::Image(reader.repository().at(digest.clone()));
        steps.add_on(
            StepKind::Pin,
            "the record that lifts it; nothing is deployed",
            target,
        );
        Ok(Plan {
            operation: Unpin {
                environment: environment.name.clone(),
                image: reader.repository().at(digest.clone()),
                reason,
                pin: Box::new(pin),
            }
            .into(),
            service: service.name().clone(),
            commit: None,
            tag: None,
            gates,
            steps: steps.into(),
            costs: Costs::default(),
            confirmation: place::confirmation(environment, &digest),
            digest: Some(digest),
        })
    }
}

/// For each source of `environment`: what could be promoted from it once nothing holds, in one line. It decides nothing, so
/// what cannot be found out stops nothing.
async fn what_comes_next(
    engine: &Engine,
    service: &Service,
    environment: &Environment,
    held_at: &Digest,
) -> Vec<String> {
    let asking = environment.from.iter().map(|source| async move {
        match comes_from(engine, service, source, environment, held_at).await {
            Ok(line) => line,
            Err(error) => format!("cannot tell what comes next from {source}: {}", error.brief()),
        }
    });
    join_all(asking).await
}

async fn comes_from(
    engine: &Engine,
    service: &Service,
    source: &EnvironmentName,
    environment: &Environment,
    held_at: &Digest,
) -> Result<String, EngineError> {
    let source = engine.environment(source)?;
    let there = service.environment(source);
    let reader = there.reader()?;
    let Some(deployed) = there.deployed(&reader).await? else {
        return Ok(format!("next from {}: nothing is deployed there", source.name));
    };
    if deployed.digest == *held_at {
        return Ok(format!(
            "next from {}: nothing, the same digest is deployed there",
            source.name
        ));
    }
    let named = deployed.digest.to_string();
    let candidate = engine.candidate(service, &named, source).await?;
    let question = Question::of_candidate(engine, &candidate, source, Some(environment), Moment::Next)?;
    let evaluation = gates::ask(&question).await;
    let stopped: Vec<_> = evaluation
        .gates
        .iter()
        .filter(|gate| !gate.verdict.allows())
        .map(|gate| format!("{}: {}", gate.kind, gate.verdict.reason()))
        .collect();
    let judged = if stopped.is_empty() {
        "its gates allow it".to_owned()
    } else {
        format!("blocked by {}", stopped.join("; "))
    };
    Ok(format!(
        "next from {}: {} ({}), deployed there; {judged}",
        source.name,
        candidate.tag,
        deployed.digest.short()
    ))
}
