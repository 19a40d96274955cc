//! Attempts that were refused or failed leave a signed record with the image, as promotions do that succeed. The journal has every
//! attempt; this is for those who do not have this machine.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    AttemptOutcome, AttemptRecord, Clean, EnvironmentName, Exit, Operation, RecordedOperation, Repository,
    Target,
};
use crate::engine::error::EngineError;
use crate::engine::operations::sign::{leave, signer};
use crate::engine::records::in_time;
use crate::engine::run::Context;
use crate::engine::verifiers;
use crate::registry::{Descriptor, Writer};
use crate::sign::{self, Signer};

/// More than an attempt has, in bytes.
const LIMIT: u64 = 1024 * 1024;
/// Attempts at one image that are kept; whoever tries more often is found in the journals.
const MOST: usize = 200;
/// The same attempt is recorded again after this time: a job that tries every five minutes until it may would fill the registry.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Where images of an environment are.
struct Place<'a> {
    environment: &'a EnvironmentName,
    repository: &'a Repository,
}

/// What was attempted.
struct Attempt<'a> {
    operation: RecordedOperation,
    /// Where the image was to run.
    target: Place<'a>,
    /// Where it was to come from.
    source: Option<Place<'a>>,
    reason: Option<&'a Clean>,
}

impl<'a> Attempt<'a> {
    /// None for an operation that changes nothing of what an environment runs.
    const fn of(operation: &'a Operation) -> Option<Self> {
        match operation {
            Operation::Promote(promote) => Some(Self {
                operation: RecordedOperation::Promote,
                target: Place {
                    environment: &promote.to,
                    repository: &promote.target.repository,
                },
                source: Some(Place {
                    environment: &promote.from,
                    repository: &promote.source.repository,
                }),
                reason: promote.reason.as_ref(),
            }),
            Operation::Rollback(rollback) => Some(Self {
                operation: RecordedOperation::Rollback,
                target: Place {
                    environment: &rollback.environment,
                    repository: &rollback.image.repository,
                },
                source: None,
                reason: Some(&rollback.reason),
            }),
            _ => None,
        }
    }
}

/// Leaves the record of an attempt that ended with `error`, signed with the key of its target: there, or where it would have come from.
/// In words why that could not be done, where it was to be.
pub(super) async fn record(context: &Context<'_>, error: &EngineError) -> Option<String> {
    let attempt = Attempt::of(&context.plan.operation)?;
    if matches!(error.exit(), Exit::Interrupted) {
        return None;
    }
    // Who cannot sign there leaves nothing, as with a promotion that succeeds.
    let signer = signer(context, attempt.target.environment).await.ok()?;
    let left = in_time(put(context, &attempt, error, &signer)).await;
    left.err()
        .map(|why| format!("the attempt is not recorded with its image: {why}"))
}

async fn put(
    context: &Context<'_>,
    attempt: &Attempt<'_>,
    error: &EngineError,
    signer: &Signer,
) -> Result<(), EngineError> {
    let Some((place, writer, subject)) = place(context, attempt).await? else {
        return Ok(());
    };
    let record = made(context, attempt, error)?;
    let trusted = [signer.trusted()];
    let known = sign::attestations_by(
        &writer,
        &subject.digest,
        AttemptRecord::TYPE,
        &trusted,
        (LIMIT, MOST),
    );
    let known = match known.await {
        Err(sign::SignError::TooMany { .. }) => return Ok(()),
        known => known?,
    };
    let is_known = known.signed.iter().any(|(_, attestation)| {
        let other: Result<AttemptRecord, _> = serde_json::from_str(attestation.predicate.get());
        other.is_ok_and(|other| {
            let passed = record.timestamp.duration_since(other.timestamp);
            passed < AGAIN_AFTER && record.says_the_same(&other)
        })
    });
    if is_known {
        return Ok(());
    }
    let settings = context.engine.settings(place)?;
    let forms = verifiers::signatures(settings, &writer, &writer, &subject.digest)
        .await?
        .forms;
    let new = (AttemptRecord::TYPE, &record);
    leave(
        &writer,
        &subject,
        new,
        attempt.target.environment,
        (signer, forms),
    )
    .await?;
    Ok(())
}

/// Where the image is: at the target, or else at the source.
async fn place<'a>(
    context: &Context<'_>,
    attempt: &'a Attempt<'_>,
) -> Result<Option<(&'a EnvironmentName, Writer, Descriptor)>, EngineError> {
    let target = Target::Digest(context.digest()?.clone());
    for place in std::iter::once(&attempt.target).chain(&attempt.source) {
        let writer = context
            .engine
            .registries()
            .writer(place.repository, context.access);
        if let Some(found) = writer.resolve(&target).await? {
            return Ok(Some((place.environment, writer, found)));
        }
    }
    Ok(None)
}

fn made(
    context: &Context<'_>,
    attempt: &Attempt<'_>,
    error: &EngineError,
) -> Result<AttemptRecord, EngineError> {
    let (outcome, gates) = match error {
        EngineError::Refused(gates) => (AttemptOutcome::Refused, gates.clone()),
        _ => (AttemptOutcome::Failed, Vec::new()),
    };
    let plan = context.plan;
    let now = Timestamp::now();
    Ok(AttemptRecord {
        operation: attempt.operation,
        service: plan.service.clone(),
        digest: context.digest()?.clone(),
        environment: attempt.target.environment.clone(),
        from: attempt.source.as_ref().map(|source| source.environment.clone()),
        commit: plan.commit.clone(),
        plan: Clean::line(plan.hash().as_str()),
        run: Clean::line(context.recorder.run().as_str()),
        by: Clean::line(&context.engine.actor().to_string()),
        reason: attempt.reason.cloned(),
        outcome,
        why: Clean::line(&error.to_string()),
        gates,
        timestamp: Timestamp::from_second(now.as_second()).unwrap_or(now),
    })
}
