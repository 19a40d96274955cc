//! Pins: holding an environment at what runs there, letting it go again, and what pins say to promotions.

use std::collections::BTreeSet;

use futures_util::future::{join_all, try_join_all};
use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Clean, Costs, Digest, Environment, EnvironmentName, Operation, PinRecord, Plan, PlannedStep, ServiceName,
    StepKind, Target, Term, newest_pin, pin_state,
};
use crate::engine::error::EngineError;
use crate::engine::gates::{self, Moment, Question};
use crate::engine::operations::place;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Actor, Context};
use crate::engine::{Engine, records};
use crate::registry::{Reader, Writer};

/// How many of the newest deployments are asked for pins: one that holds lets nothing but rollbacks pass, and these bring
/// their own.
const LOOKED_AT: usize = 5;
/// By how much two terms may differ that are the same: of a run that was broken off and is given again.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

impl Engine {
    /// The pin that holds `environment` now.
    pub async fn pin(
        &self,
        service: &ServiceName,
        environment: &EnvironmentName,
    ) -> Result<Option<PinRecord>, EngineError> {
        let environment = self.environment(environment)?;
        let reader = self
            .registries()
            .reader(&self.repository_of(service, environment)?);
        let records = pins(&reader, environment).await?;
        Ok(pin_state(&records, &environment.name, Timestamp::now()).cloned())
    }

    /// The pins of all environments that promotions reach, in the order of the graph; one that cannot be asked says why.
    pub async fn pins(
        &self,
        service: &ServiceName,
    ) -> Vec<(EnvironmentName, Result<Option<PinRecord>, EngineError>)> {
        let environments = self.config().graph.all().iter();
        let asking = environments
            .filter(|environment| !environment.from.is_empty())
            .map(|environment| async {
                let name = environment.name.clone();
                let pin = self.pin(service, &name).await;
                (name, pin)
            });
        join_all(asking).await
    }
}

/// All records of pins of `environment` that its newest deployments have.
pub(in crate::engine) async fn pins(
    reader: &Reader,
    environment: &Environment,
) -> Result<Vec<PinRecord>, EngineError> {
    let history = reader.deployments(LOOKED_AT).await?;
    let digests = history.into_iter().map(|deployed| deployed.digest);
    pins_of(reader, environment, digests).await
}

/// All records of pins of `environment` that these digests have.
pub(in crate::engine) async fn pins_of(
    reader: &Reader,
    environment: &Environment,
    digests: impl IntoIterator<Item = Digest>,
) -> Result<Vec<PinRecord>, EngineError> {
    let digests: BTreeSet<_> = digests.into_iter().collect();
    let asking = digests
        .iter()
        .map(|digest| records::all(reader, digest, &environment.name));
    let found: Vec<Vec<PinRecord>> = try_join_all(asking).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The environment, if it is one that promotions reach.
pub(in crate::engine) fn reached<'a>(
    engine: &'a Engine,
    environment: &EnvironmentName,
) -> Result<&'a Environment, EngineError> {
    let environment = engine.environment(environment)?;
    if environment.from.is_empty() {
        return Err(EngineError::BuiltInto(environment.name.clone()));
    }
    Ok(environment)
}

/// A term as it was given, if it is not over already.
pub(in crate::engine) fn term(until: Option<&str>, now: Timestamp) -> Result<Option<Term>, EngineError> {
    let term: Option<Term> = until.map(str::parse).transpose()?;
    match term {
        Some(term) if term.end(now) <= now => Err(EngineError::TermOver(term.to_string())),
        term => Ok(term),
    }
}

const fn step(kind: StepKind, what: String) -> PlannedStep {
    PlannedStep { kind, what }
}

/// Plans to hold `environment` at what runs there.
pub(in crate::engine) async fn plan_pin(
    engine: &Engine,
    service: &ServiceName,
    environment: &EnvironmentName,
    reason: &str,
    until: Option<&str>,
) -> Result<Plan, EngineError> {
    let now = Timestamp::now();
    let environment = reached(engine, environment)?;
    let reason = place::reason(reason, "a pin")?;
    let until = term(until, now)?;
    let repository = engine.repository_of(service, environment)?;
    let reader = engine.registries().reader(&repository);
    let (running, records) = tokio::try_join!(
        async { Ok(reader.running(false).await?) },
        pins(&reader, environment)
    )?;
    let running = running.ok_or_else(|| EngineError::NothingRuns(environment.name.clone()))?;
    let digest = running.digest.clone();
    let commit = reader.image(&digest).await?.commit();
    let held = pin_state(&records, &environment.name, now);
    let kept = format!("keeps what is deployed there: {}", digest.short());
    Ok(Plan {
        operation: Operation::Pin {
            environment: environment.name.clone(),
            image: repository.at(digest.clone()),
            reason,
            until,
        },
        service: service.clone(),
        tag: commit.as_ref().and_then(|commit| engine.tag_of(commit).ok()),
        commit,
        gates: vec![
            gates::running(&environment.name, &running),
            gates::replacing(&environment.name, held),
        ],
        steps: vec![
            step(StepKind::Gate, "that it is still deployed there".to_owned()),
            step(StepKind::Pin, format!("the pin record; {kept}")),
        ],
        costs: Costs::default(),
        confirmation: place::confirmation(environment, &digest),
        digest: Some(digest),
    })
}

/// Plans to lift the pin of `environment`, and tells what would come then.
pub(in crate::engine) async fn plan_unpin(
    engine: &Engine,
    service: &ServiceName,
    environment: &EnvironmentName,
    reason: &str,
) -> Result<Plan, EngineError> {
    let now = Timestamp::now();
    let environment = reached(engine, environment)?;
    let reason = place::reason(reason, "lifting a pin")?;
    let repository = engine.repository_of(service, environment)?;
    let reader = engine.registries().reader(&repository);
    let records = pins(&reader, environment).await?;
    // Given again when it is done, the same command finds the pin that it lifted.
    let pin = newest_pin(records.iter().filter(|record| record.held), &environment.name)
        .cloned()
        .ok_or_else(|| EngineError::NotPinned(environment.name.clone()))?;
    let digest = pin.digest.clone();
    let next = what_comes_next(engine, service, environment, &digest).await;
    let gate = gates::lifting(&environment.name, &records, now).with_notes(next);
    Ok(Plan {
        operation: Operation::Unpin {
            environment: environment.name.clone(),
            image: repository.at(digest.clone()),
            reason,
            pin: Box::new(pin),
        },
        service: service.clone(),
        commit: None,
        tag: None,
        gates: vec![gate],
        steps: vec![
            step(StepKind::Gate, "that the pin has not changed".to_owned()),
            step(
                StepKind::Pin,
                "the record that lifts it; nothing is deployed".to_owned(),
            ),
        ],
        costs: Costs::default(),
        confirmation: place::confirmation(environment, &digest),
        digest: Some(digest),
    })
}

/// For each source of `environment`: what could be promoted from it once nothing holds, in one line. It decides nothing, so
/// what cannot be found out stops nothing.
async fn what_comes_next(
    engine: &Engine,
    service: &ServiceName,
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
    service: &ServiceName,
    source: &EnvironmentName,
    environment: &Environment,
    held_at: &Digest,
) -> Result<String, EngineError> {
    let source = engine.environment(source)?;
    let reader = engine
        .registries()
        .reader(&engine.repository_of(service, source)?);
    let Some(running) = reader.running(source.from.is_empty()).await? else {
        return Ok(format!("next from {}: nothing is deployed there", source.name));
    };
    if running.digest == *held_at {
        return Ok(format!(
            "next from {}: nothing, the same digest is deployed there",
            source.name
        ));
    }
    let named = running.digest.to_string();
    let candidate = engine.candidate(service, &named, source).await?;
    let question = Question::of_candidate(engine, &candidate, source, Some(environment), Moment::Unpin)?;
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
        running.digest.short()
    ))
}

/// Carries out one step of a pin or an unpin.
pub(in crate::engine) async fn run_step(
    context: &Context<'_>,
    step: StepKind,
) -> Result<StepOutcome, EngineError> {
    let digest = place::digest_of(context.plan)?;
    let (Operation::Pin {
        environment: name,
        image,
        ..
    }
    | Operation::Unpin {
        environment: name,
        image,
        ..
    }) = &context.plan.operation
    else {
        return Err(EngineError::Internal("a pin plan without a pin".to_owned()));
    };
    let environment = context.engine.environment(name)?;
    let registries = context.engine.registries();
    let writer = registries.writer(&image.repository, context.access);
    match (step, &context.plan.operation) {
        (StepKind::Gate, Operation::Pin { .. }) => {
            let running = writer.running(false).await?;
            let running = running.ok_or_else(|| EngineError::NothingRuns(name.clone()))?;
            if running.digest != *digest {
                return Err(EngineError::RunsAnother {
                    environment: name.clone(),
                    planned: digest.short(),
                    found: running.digest.short(),
                });
            }
            context.judge(vec![gates::running(name, &running)])
        }
        (StepKind::Gate, _) => {
            let records = pins(&writer, environment).await?;
            context.judge(vec![gates::lifting(name, &records, Timestamp::now())])
        }
        (StepKind::Pin, Operation::Pin { reason, until, .. }) => {
            let records = pins(&writer, environment).await?;
            let actor = context.engine.actor();
            let by = Attribution {
                reason,
                actor: &actor,
            };
            hold(&writer, environment, digest, &records, by, until.as_ref(), None).await
        }
        (StepKind::Pin, Operation::Unpin { reason, pin, .. }) => {
            let records = pins(&writer, environment).await?;
            let actor = context.engine.actor();
            let by = Attribution {
                reason,
                actor: &actor,
            };
            let_go(&writer, environment, &records, by, pin).await
        }
        _ => Err(EngineError::UnknownStep {
            operation: "pin",
            step,
        }),
    }
}

/// Who does it, and why.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Attribution<'a> {
    pub(in crate::engine) reason: &'a Clean,
    pub(in crate::engine) actor: &'a Actor,
}

/// Leaves the record that holds `environment` at `digest`, unless one like it does so already. `known` are the records that
/// it has to come after.
pub(in crate::engine) async fn hold(
    writer: &Writer,
    environment: &Environment,
    digest: &Digest,
    known: &[PinRecord],
    attribution: Attribution<'_>,
    until: Option<&Term>,
    from: Option<&Digest>,
) -> Result<StepOutcome, EngineError> {
    let at = records::moment(Timestamp::now(), known.iter().map(|record| record.at));
    let record = PinRecord {
        digest: digest.clone(),
        environment: environment.name.clone(),
        held: true,
        reason: attribution.reason.clone(),
        by: Clean::line(&attribution.actor.to_string()),
        at,
        until: until.map(|term| term.end(at)),
        from: from.cloned(),
    };
    if let Some(held) = pin_state(known, &environment.name, Timestamp::now())
        && is_the_same(held, &record)
    {
        return Ok(StepOutcome::Nothing(format!(
            "{} is {}",
            environment.name,
            held.words()
        )));
    }
    leave(writer, &record).await?;
    Ok(StepOutcome::Done(format!(
        "{} is {}",
        environment.name,
        record.words()
    )))
}

/// Whether the pin that holds says what `wanted` would say.
fn is_the_same(held: &PinRecord, wanted: &PinRecord) -> bool {
    let same_end = match (held.until, wanted.until) {
        (None, None) => true,
        (Some(one), Some(other)) => one.duration_until(other).abs() <= SLACK,
        _ => false,
    };
    let same_origin = wanted.from.is_none() || held.from == wanted.from;
    held.digest == wanted.digest && held.reason == wanted.reason && same_end && same_origin
}

async fn let_go(
    writer: &Writer,
    environment: &Environment,
    known: &[PinRecord],
    attribution: Attribution<'_>,
    planned: &PinRecord,
) -> Result<StepOutcome, EngineError> {
    let now = Timestamp::now();
    let Some(held) = pin_state(known, &environment.name, now) else {
        return Ok(StepOutcome::Nothing(format!(
            "{} is no longer pinned",
            environment.name
        )));
    };
    if held != planned {
        return Err(EngineError::RunsAnother {
            environment: environment.name.clone(),
            planned: planned.words(),
            found: held.words(),
        });
    }
    let record = PinRecord {
        held: false,
        reason: attribution.reason.clone(),
        by: Clean::line(&attribution.actor.to_string()),
        at: records::moment(now, known.iter().map(|record| record.at)),
        until: None,
        from: None,
        ..held.clone()
    };
    leave(writer, &record).await?;
    Ok(StepOutcome::Done(format!(
        "{} is no longer pinned",
        environment.name
    )))
}

async fn leave(writer: &Writer, record: &PinRecord) -> Result<(), EngineError> {
    let subject = writer.resolve(&Target::Digest(record.digest.clone())).await?;
    let subject = subject.ok_or_else(|| EngineError::NotProved {
        image: writer.repository().at(record.digest.clone()),
        why: "it does not exist".to_owned(),
    })?;
    records::attach(writer, &subject, record).await
}
