//! The record of an exception, left with its digest: a step of each operation that can override a gate.

use jiff::Timestamp;

use crate::domain::{Clean, Digest, ExceptionRecord, ReviewRecord, Target};
use crate::engine::error::EngineError;
use crate::engine::exception::SkippedGates;
use crate::engine::records;
use crate::engine::run::Context;
use crate::engine::run::event::StepOutcome;
use crate::registry::{Descriptor, Writer};

/// Leaves the record of what was passed over in this run, unless one that says the same is there.
pub(in crate::engine) async fn leave(
    context: &Context<'_>,
    writer: &Writer,
    skipped: Option<&SkippedGates>,
) -> Result<StepOutcome, EngineError> {
    let Some(passed) = skipped else {
        return Ok(StepOutcome::Nothing("no gate was skipped".to_owned()));
    };
    let digest = context.digest()?;
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

pub(in crate::engine) async fn subject(writer: &Writer, digest: &Digest) -> Result<Descriptor, EngineError> {
    let found = writer.resolve(&Target::Digest(digest.clone())).await?;
    found.ok_or_else(|| EngineError::NotProved {
        image: writer.repository().at(digest.clone()),
        why: "it does not exist".to_owned(),
    })
}
