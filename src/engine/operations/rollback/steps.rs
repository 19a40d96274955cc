//! The steps of a rollback. Each looks before it acts, so that a run can be killed anywhere and given again.

use super::{past, plan};
use crate::domain::{Operation, StepKind, Target};
use crate::engine::error::EngineError;
use crate::engine::gates;
use crate::engine::operations::{exception_record, pin, place};
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Proof};

/// Carries out one step.
pub(in crate::engine) async fn step(
    context: &Context<'_>,
    step: StepKind,
) -> Result<StepOutcome, EngineError> {
    let Operation::Rollback {
        environment: name,
        image,
        replaces,
        from,
        reason,
        until,
        accept_findings,
    } = &context.plan.operation
    else {
        return Err(EngineError::Internal(
            "a rollback plan without a target".to_owned(),
        ));
    };
    let engine = context.engine;
    let digest = place::digest_of(context.plan)?;
    let environment = engine.environment(name)?;
    let writer = engine.registries().writer(&image.repository, context.access);
    match step {
        StepKind::Gate => {
            let running = writer.running(false).await?;
            let running = running.ok_or_else(|| EngineError::NothingRuns(name.clone()))?;
            if !plan::is_as_planned(&running.digest, digest, replaces.as_ref()) {
                return Err(EngineError::RunsAnother {
                    environment: name.clone(),
                    planned: replaces
                        .as_ref()
                        .map_or_else(String::new, crate::domain::Digest::short),
                    found: running.digest.short(),
                });
            }
            let service = &context.plan.service;
            let mut gates = past::readiness(engine, service, environment, &writer, digest).await;
            let passed = gates::accept_findings(&mut gates, *accept_findings, name, reason);
            if let Some(image) = writer.resolve(&Target::Digest(digest.clone())).await? {
                let _ = context.proof.set(Proof {
                    record: None,
                    fresh: None,
                    image,
                    promoted_before: true,
                    exception: passed,
                });
            }
            context.judge(gates)
        }
        StepKind::Verify => place::verify(context, &writer, digest, environment).await,
        StepKind::Attach => exception_record::leave(context, &writer).await,
        StepKind::Deploy => place::deploy(context, &writer, digest, environment).await,
        StepKind::Pin => {
            let history = past::read(engine, &context.plan.service, environment).await?;
            let (known, until, from) = (&history.pins, until.as_ref(), from.as_ref());
            let actor = engine.actor();
            let by = pin::Attribution {
                reason,
                actor: &actor,
            };
            pin::hold(&writer, environment, digest, known, by, until, from).await
        }
        _ => Err(EngineError::UnknownStep {
            operation: "rollback",
            step,
        }),
    }
}
