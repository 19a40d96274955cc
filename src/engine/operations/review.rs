//! The review that is due after an exception: planned for what came to an environment that way, and left as a record.

use jiff::Timestamp;

use crate::domain::{
    Clean, Confirmation, Costs, Digest, Environment, ExceptionRecord, Gate, GateKind, Operation, Plan,
    PlannedStep, ReviewRecord, ServiceName, StepKind, Verdict,
};
use crate::engine::error::EngineError;
use crate::engine::exception::{LOOKED_AT, owed};
use crate::engine::operations::{exception_record, place};
use crate::engine::run::Context;
use crate::engine::run::event::StepOutcome;
use crate::engine::{Engine, records};

/// Plans the review of what came to an environment, or of a digest that came to one, by way of an exception.
pub(in crate::engine) async fn plan(
    engine: &Engine,
    service: &ServiceName,
    of: &str,
    note: &str,
) -> Result<Plan, EngineError> {
    let note = place::reason(note, "a review")?;
    let (environment, digest, exceptions) = reviewed(engine, service, of, &note).await?;
    let repository = engine.repository_of(service, environment)?;
    Ok(Plan {
        operation: Operation::Review {
            environment: environment.name.clone(),
            image: repository.at(digest.clone()),
            note,
            exceptions: exceptions.clone(),
        },
        service: service.clone(),
        commit: None,
        tag: None,
        digest: Some(digest),
        gates: vec![Gate::new(GateKind::Exception, waits(&exceptions))],
        steps: vec![PlannedStep {
            kind: StepKind::Attach,
            what: "the review record".to_owned(),
        }],
        costs: Costs::default(),
        confirmation: Confirmation::Plain,
    })
}

fn waits(exceptions: &[ExceptionRecord]) -> Verdict {
    let words: Vec<_> = exceptions.iter().map(ExceptionRecord::words).collect();
    Verdict::Allowed(words.join("; "))
}

/// What a text asks to review: of an environment the newest digest that owes one, else the digest in the first environment
/// where it owes one. Where nothing is owed any more, what this very note has settled: the command was given again.
async fn reviewed<'a>(
    engine: &'a Engine,
    service: &ServiceName,
    of: &str,
    note: &Clean,
) -> Result<(&'a Environment, Digest, Vec<ExceptionRecord>), EngineError> {
    let mut places = Vec::new();
    if let Ok(digest) = of.parse::<Digest>() {
        places.extend(
            engine
                .config()
                .graph
                .all()
                .iter()
                .map(|one| (one, digest.clone())),
        );
    } else {
        let nothing = || EngineError::NothingOwed(format!("`{}`", crate::domain::clean_line(of)));
        let environment = engine.environment(&of.parse().map_err(|_| nothing())?)?;
        let reader = engine
            .registries()
            .reader(&engine.repository_of(service, environment)?);
        let history = reader.deployments(LOOKED_AT).await?;
        places.extend(history.into_iter().map(|deployed| (environment, deployed.digest)));
    }
    let mut settled = None;
    for (environment, digest) in places {
        let reader = engine
            .registries()
            .reader(&engine.repository_of(service, environment)?);
        let owed = owed(&reader, &digest, environment).await?;
        if !owed.is_empty() {
            return Ok((environment, digest, owed));
        }
        let reviews: Vec<ReviewRecord> = records::all(&reader, &digest, &environment.name).await?;
        if settled.is_none() && reviews.iter().any(|review| review.note == *note) {
            let mut exceptions: Vec<ExceptionRecord> =
                records::all(&reader, &digest, &environment.name).await?;
            exceptions.retain(|exception| exception.kind.owes_review());
            settled = Some((environment, digest, exceptions));
        }
    }
    settled.ok_or_else(|| EngineError::NothingOwed(crate::domain::clean_line(of)))
}

/// Carries out the one step of a review.
pub(in crate::engine) async fn step(
    context: &Context<'_>,
    step: StepKind,
) -> Result<StepOutcome, EngineError> {
    let (
        Operation::Review {
            environment,
            image,
            note,
            ..
        },
        StepKind::Attach,
    ) = (&context.plan.operation, step)
    else {
        return Err(EngineError::UnknownStep {
            operation: "review",
            step,
        });
    };
    let digest = place::digest_of(context.plan)?;
    let environment = context.engine.environment(environment)?;
    let registries = context.engine.registries();
    let writer = registries.writer(&image.repository, context.access);
    let owed = owed(&writer, digest, environment).await?;
    if owed.is_empty() {
        return Ok(StepOutcome::Nothing("already reviewed".to_owned()));
    }
    // A review is not older than what it is of, whatever the clocks say.
    let at = owed.iter().map(|exception| exception.at).max();
    let now = records::moment(Timestamp::now(), []);
    let record = ReviewRecord {
        digest: digest.clone(),
        environment: environment.name.clone(),
        note: note.clone(),
        by: Clean::line(&context.engine.actor().to_string()),
        at: at.map_or(now, |at| at.max(now)),
    };
    records::attach(
        &writer,
        &exception_record::subject(&writer, digest).await?,
        &record,
    )
    .await?;
    Ok(StepOutcome::Done(
        "attached the review record; no review is due any more".to_owned(),
    ))
}
