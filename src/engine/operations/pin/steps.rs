//! The steps of a pin, and of its end.

use jiff::Timestamp;

use super::hold::{Attribution, hold, let_go};
use super::reads::pins;
use crate::domain::operation::{Pin, Unpin};
use crate::domain::{Digest, Environment, EnvironmentName, ImageReference, LockPart, StepKind};
use crate::engine::error::EngineError;
use crate::engine::gates::{self, Moment, PinQuestion, PresentQuestion, Question};
use crate::engine::operations::operation::{Operation, OperationRun, Work};
use crate::engine::present::present;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::registry::Writer;

impl Operation for Pin {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Environment(self.environment.clone()))
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let held = Held::new(context, &self.environment, &self.image)?;
        Ok(Box::new(Pinning { pin: self, held }))
    }
}

impl Operation for Unpin {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Environment(self.environment.clone()))
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let held = Held::new(context, &self.environment, &self.image)?;
        Ok(Box::new(Unpinning { unpin: self, held }))
    }
}

/// What is held, and where its records go.
struct Held<'a> {
    environment: &'a Environment,
    digest: &'a Digest,
    writer: Writer,
}

impl<'a> Held<'a> {
    fn new(
        context: &'a Context<'a>,
        environment: &EnvironmentName,
        image: &ImageReference,
    ) -> Result<Self, EngineError> {
        let engine = context.engine;
        Ok(Self {
            environment: engine.environment(environment)?,
            digest: context.digest()?,
            writer: engine.registries().writer(&image.repository, context.access),
        })
    }
}

/// A run that pins.
struct Pinning<'a> {
    pin: &'a Pin,
    held: Held<'a>,
}

impl OperationRun for Pinning<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.gate(step)),
            StepKind::Pin => Work::new(self.hold(step)),
            _ => return None,
        })
    }
}

impl Pinning<'_> {
    async fn gate(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let name = &self.pin.environment;
        let there = step.context.service.environment(self.held.environment);
        let present = present(there, &self.held.writer).await?;
        let present = present.ok_or_else(|| EngineError::NothingDeployed(name.clone()))?;
        if present.current.digest != *self.held.digest {
            return Err(EngineError::RunsAnother {
                environment: name.clone(),
                planned: self.held.digest.short(),
                found: present.current.digest.short(),
            });
        }
        let subject = PresentQuestion {
            environment: name,
            present: &present,
        };
        let (engine, environment) = (step.context.engine, self.held.environment);
        let question = Question::of_environment(engine, environment, Moment::PinRun, vec![subject.into()])?;
        step.judge(gates::ask(&question).await.gates)
    }

    async fn hold(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let Held {
            environment,
            digest,
            writer,
        } = &self.held;
        let records = pins(writer, environment).await?;
        let actor = step.context.engine.actor();
        let by = Attribution {
            reason: &self.pin.reason,
            actor: &actor,
        };
        hold(
            writer,
            environment,
            digest,
            &records,
            by,
            self.pin.until.as_ref(),
            None,
        )
        .await
    }
}

/// A run that lets go.
struct Unpinning<'a> {
    unpin: &'a Unpin,
    held: Held<'a>,
}

impl OperationRun for Unpinning<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.gate(step)),
            StepKind::Pin => Work::new(self.let_go(step)),
            _ => return None,
        })
    }
}

impl Unpinning<'_> {
    async fn gate(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let records = pins(&self.held.writer, self.held.environment).await?;
        let subject = PinQuestion {
            environment: &self.unpin.environment,
            records: &records,
            now: Timestamp::now(),
        };
        let (engine, environment) = (step.context.engine, self.held.environment);
        let question = Question::of_environment(engine, environment, Moment::Unpin, vec![subject.into()])?;
        step.judge(gates::ask(&question).await.gates)
    }

    async fn let_go(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let Held {
            environment, writer, ..
        } = &self.held;
        let records = pins(writer, environment).await?;
        let actor = step.context.engine.actor();
        let by = Attribution {
            reason: &self.unpin.reason,
            actor: &actor,
        };
        let_go(writer, environment, &records, by, &self.unpin.pin).await
    }
}
