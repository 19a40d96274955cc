//! Exceptions: the record that a shortened way leaves with its digest, and the review that it owes.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use jiff::Timestamp;

use crate::domain::{
    Clean, Confirmation, Costs, Digest, Environment, EnvironmentName, ExceptionKind, ExceptionRecord, Gate,
    GateKind, Operation, Plan, PlannedStep, ReviewRecord, ServiceName, StepKind, Target, Verdict,
    owed_reviews,
};
use crate::engine::error::EngineError;
use crate::engine::operations::place;
use crate::engine::run::Context;
use crate::engine::run::event::StepOutcome;
use crate::engine::{Engine, records};
use crate::registry::{Reader, Writer};

/// How many of the newest deployments are asked for exceptions.
const LOOKED_AT: usize = 20;

/// A gate that was overridden or skipped, and what it said.
#[derive(Debug, Clone)]
pub(super) struct SkippedGate {
    kind: GateKind,
    said: String,
}

impl SkippedGate {
    pub(super) fn new(kind: &GateKind, said: &str) -> Self {
        Self {
            kind: kind.clone(),
            said: said.to_owned(),
        }
    }
}

/// What an exception is called that overrides these gates with a reason; none where there are none.
pub(super) fn gravest(skipped: &[SkippedGate]) -> Option<ExceptionKind> {
    skipped.iter().filter_map(|gate| gate.kind.by_reason()).min()
}

/// That gates were passed over, as the run found it.
#[derive(Debug, Clone)]
pub(super) struct SkippedGates {
    pub(super) kind: ExceptionKind,
    pub(super) environment: EnvironmentName,
    pub(super) skipped: Vec<SkippedGate>,
    /// The environments that it does not come through.
    pub(super) environments: Vec<EnvironmentName>,
    pub(super) reason: Clean,
}

impl Engine {
    /// The exceptions among the newest deployments of `environment` that still owe a review, oldest first.
    pub async fn owed_reviews(
        &self,
        service: &ServiceName,
        environment: &EnvironmentName,
    ) -> Result<Vec<ExceptionRecord>, EngineError> {
        let environment = self.environment(environment)?;
        let reader = self
            .registries()
            .reader(&self.repository_of(service, environment)?);
        let history = reader.deployments(LOOKED_AT).await?;
        let digests: BTreeSet<_> = history.into_iter().map(|deployed| deployed.digest).collect();
        let asking = digests.iter().map(|digest| owed(&reader, digest, environment));
        let mut found: Vec<_> = try_join_all(asking).await?.into_iter().flatten().collect();
        found.sort_by_key(|exception| exception.at);
        Ok(found)
    }
}

/// The exceptions of `digest` in `environment` that still owe a review, oldest first.
async fn owed(
    reader: &Reader,
    digest: &Digest,
    environment: &Environment,
) -> Result<Vec<ExceptionRecord>, EngineError> {
    let exceptions = records::all(reader, digest, &environment.name).await?;
    if exceptions.is_empty() {
        return Ok(Vec::new());
    }
    let reviews: Vec<ReviewRecord> = records::all(reader, digest, &environment.name).await?;
    Ok(owed_reviews(&exceptions, &reviews).into_iter().cloned().collect())
}

/// Leaves the record of what was passed over in this run, unless one that says the same is there.
pub(super) async fn leave(context: &Context<'_>, writer: &Writer) -> Result<StepOutcome, EngineError> {
    let Some(passed) = context.proof.get().and_then(|proof| proof.exception.as_ref()) else {
        return Ok(StepOutcome::Nothing("no gate was skipped".to_owned()));
    };
    let digest = place::digest_of(context.plan)?;
    let known: Vec<ExceptionRecord> = records::all(writer, digest, &passed.environment).await?;
    let reviews: Vec<ReviewRecord> = records::all(writer, digest, &passed.environment).await?;
    let before = known.iter().map(|record| record.at);
    let record = ExceptionRecord {
        digest: digest.clone(),
        environment: passed.environment.clone(),
        kind: passed.kind,
        skipped: passed
            .skipped
            .iter()
            .map(|gate| Clean::line(&format!("{} {}", gate.kind, gate.said)))
            .collect(),
        passed_over: passed.environments.clone(),
        reason: passed.reason.clone(),
        by: Clean::line(&context.engine.actor().to_string()),
        at: records::moment(
            Timestamp::now(),
            before.chain(reviews.iter().map(|review| review.at)),
        ),
    };
    if known.iter().any(|other| other.says_the_same(&record)) {
        return Ok(StepOutcome::Nothing(
            "exception record already attached".to_owned(),
        ));
    }
    records::attach(writer, &subject(writer, digest).await?, &record).await?;
    let owes = if record.kind.owes_review() {
        "; a review is due"
    } else {
        ""
    };
    Ok(StepOutcome::Done(format!("attached the exception record{owes}")))
}

async fn subject(writer: &Writer, digest: &Digest) -> Result<crate::registry::Descriptor, EngineError> {
    let found = writer.resolve(&Target::Digest(digest.clone())).await?;
    found.ok_or_else(|| EngineError::NotProved {
        image: writer.repository().at(digest.clone()),
        why: "it does not exist".to_owned(),
    })
}

/// Plans the review of what came to an environment, or of a digest that came to one, by way of an exception.
pub(super) async fn plan_review(
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
pub(super) async fn review_step(context: &Context<'_>, step: StepKind) -> Result<StepOutcome, EngineError> {
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
    records::attach(&writer, &subject(&writer, digest).await?, &record).await?;
    Ok(StepOutcome::Done(
        "attached the review record; no review is due any more".to_owned(),
    ))
}
