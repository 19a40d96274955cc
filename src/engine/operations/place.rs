//! What is done with a digest where it is: proving it, and telling its environment to run it.

use crate::domain::{Clean, Digest, Environment, Target};
use crate::engine::error::EngineError;
use crate::engine::operations::{deploy, sign};
use crate::engine::run::Step;
use crate::engine::run::event::StepOutcome;
use crate::registry::Writer;

/// Reads the digest back: by digest, and signed where `environment` asks for that.
pub(in crate::engine) async fn verify(
    step: &Step<'_>,
    writer: &Writer,
    digest: &Digest,
    environment: &Environment,
) -> Result<StepOutcome, EngineError> {
    let log = step.log();
    let image = writer.repository().at(digest.clone());
    let manifest = writer.manifest(&Target::Digest(digest.clone())).await?;
    if manifest.descriptor().digest != *digest {
        let why = format!("the registry returned {}", manifest.descriptor().digest);
        return Err(EngineError::NotProved { image, why });
    }
    log.info(format!("{image} is present and complete"));
    match sign::verify_at(step.context.engine, writer, digest, &environment.name).await? {
        Some(words) => {
            log.info(words);
            Ok(StepOutcome::Done("digest present and signed".to_owned()))
        }
        None => Ok(StepOutcome::Done(
            "digest present; no signature required".to_owned(),
        )),
    }
}

/// Deploys the digest of a plan to `environment`.
pub(in crate::engine) async fn deploy(
    step: &Step<'_>,
    writer: &Writer,
    digest: &Digest,
    environment: &Environment,
) -> Result<StepOutcome, EngineError> {
    let plan = step.context.plan;
    let job = deploy::Job {
        writer,
        digest,
        environment,
        tag: plan.tag.as_ref(),
        commit: plan.commit.as_ref(),
    };
    deploy::run(step, job).await
}

/// A reason as it is kept: one harmless line that says something.
pub(in crate::engine) fn reason(text: &str, of: &'static str) -> Result<Clean, EngineError> {
    const LONGEST: usize = 1_000;
    let line = Clean::line(text.trim());
    if line.as_str().trim().is_empty() {
        return Err(EngineError::NoReason(of));
    }
    Ok(Clean::line(
        &line.as_str().chars().take(LONGEST).collect::<String>(),
    ))
}

/// The text that confirms an operation on what is deployed to `environment`, where it is protected.
pub(in crate::engine) fn confirmation(
    environment: &Environment,
    digest: &Digest,
) -> crate::domain::Confirmation {
    if environment.protected {
        crate::domain::Confirmation::Typed(format!("{} {}", environment.name, digest.prefix(6)))
    } else {
        crate::domain::Confirmation::Plain
    }
}
