//! The record of a rollback, in the chain of promotion records of the digest that the environment is taken back to.

use crate::domain::operation::Rollback;
use crate::domain::{Gate, PromotionRecord, RecordDetails, RecordedOperation};
use crate::engine::chain::{self, RecordedImage};
use crate::engine::error::EngineError;
use crate::engine::operations::exception_record::subject;
use crate::engine::operations::sign;
use crate::engine::run::Step;
use crate::engine::run::event::StepOutcome;
use crate::engine::verifiers;
use crate::registry::Writer;

/// Leaves it, unless this very rollback has. Who has no key, or not its password, takes the environment back all the same: an emergency
/// is not held up by it, and the journal has the rollback in any case.
pub(super) async fn leave(
    step: &Step<'_>,
    rollback: &Rollback,
    writer: &Writer,
    gates: &[Gate],
) -> Result<StepOutcome, EngineError> {
    let (context, environment) = (step.context, &rollback.environment);
    let digest = context.digest()?;
    let signer = match sign::signer(context, environment).await {
        Ok(signer) => signer,
        Err(error) => {
            step.log()
                .warning(format!("the rollback is not recorded with its image: {error}"));
            return Ok(StepOutcome::Nothing(format!("not signed: {error}")));
        }
    };
    let known = chain::records(writer, digest, signer.trusted()).await?;
    let newest = known
        .into_iter()
        .map(|link| link.record)
        .filter(|record| record.windlass.environment == *environment)
        .max_by_key(|record| record.timestamp);
    if let Some(newest) = newest
        && is_of(&newest, rollback)
        && is_unfinished_or_done(writer, &newest).await?
    {
        return Ok(StepOutcome::Nothing("already recorded".to_owned()));
    }
    let image = RecordedImage {
        digest,
        source: None,
        destination: &rollback.image.repository,
        tags: context.plan.tag.as_slice(),
    };
    let details = RecordDetails {
        from: Some(environment.clone()),
        reason: Some(rollback.reason.clone()),
        previous_digest: rollback.from.clone(),
        ..chain::details(context, RecordedOperation::Rollback, environment, gates, None)
    };
    let record = context.engine.promotion_record(context, image, details).await?;
    let settings = context.engine.settings(environment)?;
    let forms = verifiers::signatures(settings, writer, writer, digest)
        .await?
        .forms;
    let new = (PromotionRecord::TYPE, &record);
    let subject = subject(writer, digest).await?;
    let left = sign::leave(writer, &subject, new, environment, (&signer, forms)).await?;
    Ok(StepOutcome::Done(format!("statement {}", left.short())))
}

/// Whether a record is of such a rollback.
fn is_of(record: &PromotionRecord, rollback: &Rollback) -> bool {
    let details = &record.windlass;
    details.operation == RecordedOperation::Rollback
        && details.previous_digest == rollback.from
        && details.reason.as_ref() == Some(&rollback.reason)
}

/// Whether a record is of the rollback that is carried out now, which was begun before: what it took back is deployed by now, or what
/// is deployed was there before it.
async fn is_unfinished_or_done(writer: &Writer, record: &PromotionRecord) -> Result<bool, EngineError> {
    let deployed = writer.deployed(false).await?;
    Ok(deployed.is_some_and(|deployed| {
        deployed.digest == record.digest
            || deployed
                .since
                .is_some_and(|since| since.as_second() <= record.timestamp.as_second())
    }))
}
