//! The steps of a rollback. Each looks before it acts, so that a run can be killed anywhere and given again.

use std::sync::OnceLock;

use super::{past, plan, record};
use crate::config::SignerSettings;
use crate::domain::operation::Rollback;
use crate::domain::{Digest, Environment, Gate, LockPart, Plan, StepKind, Target};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::exception::SkippedGates;
use crate::engine::gates;
use crate::engine::operations::operation::{Operation, OperationRun, Work};
use crate::engine::operations::{exception_record, pin, place};
use crate::engine::present::present;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::registry::Writer;
use crate::sign::TokenSource;

impl Operation for Rollback {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Environment(self.environment.clone()))
    }

    fn signs_with(&self, engine: &Engine, _plan: &Plan) -> Option<SignerSettings> {
        // Who has no key, or no identity, takes the environment back all the same, and is not asked for a password.
        let settings = engine.sign_settings(&self.environment)?;
        match &settings {
            SignerSettings::Key(sign) if !sign.key.exists() => None,
            SignerSettings::Keyless(_) if TokenSource::ambient().is_err() => None,
            SignerSettings::Key(_) | SignerSettings::Keyless(_) => Some(settings),
        }
    }

    fn is_read_back(&self) -> bool {
        true
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let engine = context.engine;
        Ok(Box::new(RollingBack {
            context,
            rollback: self,
            digest: context.digest()?,
            environment: engine.environment(&self.environment)?,
            writer: engine.registries().writer(&self.image.repository, context.access),
            skipped: OnceLock::new(),
            gates: OnceLock::new(),
        }))
    }
}

/// A run that rolls back.
struct RollingBack<'a> {
    context: &'a Context<'a>,
    rollback: &'a Rollback,
    digest: &'a Digest,
    environment: &'a Environment,
    writer: Writer,
    /// The gates that were overridden, for the record.
    skipped: OnceLock<SkippedGates>,
    /// What every gate said, for the record.
    gates: OnceLock<Vec<Gate>>,
}

impl OperationRun for RollingBack<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        let (writer, digest, environment) = (&self.writer, self.digest, self.environment);
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.gate(step)),
            StepKind::Verify => Work::new(place::verify(step, writer, digest, environment)),
            StepKind::Attach => Work::new(exception_record::leave(self.context, writer, self.skipped.get())),
            StepKind::Sign => Work::new(self.record(step)),
            StepKind::Deploy => Work::stopping_itself(place::deploy(step, writer, digest, environment)),
            StepKind::Pin => Work::new(self.pin()),
            _ => return None,
        })
    }
}

impl RollingBack<'_> {
    async fn gate(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let Rollback {
            environment: name,
            replaces,
            reason,
            accept_findings,
            ..
        } = self.rollback;
        let there = step.context.service.environment(self.environment);
        let present = present(there, &self.writer).await?;
        let found = present
            .ok_or_else(|| EngineError::NothingDeployed(name.clone()))?
            .current;
        if !plan::is_as_planned(&found.digest, self.digest, replaces.as_ref()) {
            return Err(EngineError::RunsAnother {
                environment: name.clone(),
                planned: replaces.as_ref().map_or_else(String::new, Digest::short),
                found: found.digest.short(),
            });
        }
        let (engine, service) = (self.context.engine, self.context.service);
        let mut gates = past::readiness(engine, service, self.environment, &self.writer, self.digest).await?;
        let skipped = gates::accept_findings(&mut gates, *accept_findings, name, reason);
        let image = self.writer.resolve(&Target::Digest(self.digest.clone())).await?;
        if let (Some(_), Some(skipped)) = (image, skipped) {
            let _ = self.skipped.set(skipped);
        }
        let _ = self.gates.set(gates.clone());
        step.judge(gates)
    }

    async fn record(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let gates = self.gates.get().map_or(&[][..], Vec::as_slice);
        record::leave(step, self.rollback, &self.writer, gates).await
    }

    async fn pin(&self) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let Rollback {
            reason, until, from, ..
        } = self.rollback;
        let history = past::read(engine, self.context.service, self.environment).await?;
        let actor = engine.actor();
        let by = pin::Attribution {
            reason,
            actor: &actor,
        };
        pin::hold(
            &self.writer,
            self.environment,
            self.digest,
            &history.pins,
            by,
            until.as_ref(),
            from.as_ref(),
        )
        .await
    }
}
