//! What is done with a digest where it is: proving it, and telling its environment to run it.

use jiff::{SignedDuration, Timestamp};

use crate::deploy::{Deployer, Deployment};
use crate::domain::{Clean, DeploymentTag, Digest, Environment, StepKind, StepList, StepTarget, Target};
use crate::engine::deployments;
use crate::engine::error::EngineError;
use crate::engine::operations::sign;
use crate::engine::run::Step;
use crate::engine::run::event::StepOutcome;
use crate::registry::{TagRule, Writer};

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

/// Runs the deployer of `environment` and marks the digest as what is deployed there, unless it is deployed there already.
pub(in crate::engine) async fn deploy(
    step: &Step<'_>,
    writer: &Writer,
    digest: &Digest,
    environment: &Environment,
) -> Result<StepOutcome, EngineError> {
    let (context, log) = (step.context, step.log());
    let current = writer.deployed(environment.from.is_empty()).await?;
    if current.is_some_and(|current| current.digest == *digest) {
        return Ok(StepOutcome::Nothing(format!(
            "already deployed to {}",
            environment.name
        )));
    }
    let deployer = context.engine.deployer(&environment.name)?;
    if let Some(deployer) = &deployer {
        let plan = context.plan;
        let deployment = Deployment {
            service: plan.service.clone(),
            environment: environment.name.clone(),
            image: writer.repository().at(digest.clone()),
            digest: digest.clone(),
            tag: plan.tag.clone(),
            commit: plan.commit.clone(),
        };
        log.info(deployer.describe());
        let outcome = deployer
            .deploy(&deployment, &|line| log.info(line), context.cancel)
            .await;
        if let Err(error) = outcome {
            // The deployment has failed either way; that its record is missing must not hide why.
            if let Err(why) = deployments::leave_failure(context, writer, digest, environment, &error).await {
                log.info(format!("the failure could not be recorded: {}", why.brief()));
            }
            return Err(error.into());
        }
    }
    mark(writer, digest).await?;
    let name = &environment.name;
    Ok(StepOutcome::Done(match deployer {
        Some(_) => format!("deployed to {name}"),
        None => format!("no deployer configured for {name}; recorded as deployed"),
    }))
}

/// Leaves the tag behind that tells what is deployed to an environment since when. It comes after all that are there, also after
/// one of a clock that runs ahead: the last one is what is deployed.
pub(in crate::engine) async fn mark(writer: &Writer, digest: &Digest) -> Result<(), EngineError> {
    let tags = writer.tags_after(DeploymentTag::PREFIX).await?;
    let last = DeploymentTag::newest(&tags).map(|(last, _)| last.time());
    let next = last.and_then(|last| last.checked_add(SignedDuration::from_secs(1)).ok());
    let now = Timestamp::now();
    let tag = DeploymentTag::at(next.map_or(now, |next| next.max(now)))
        .tag()
        .ok_or_else(|| EngineError::Internal("the current time does not make a valid tag".to_owned()))?;
    writer.tag(digest, &tag, TagRule::Immutable).await?;
    Ok(())
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

/// Adds the deploy step of `environment` to a plan.
pub(in crate::engine) fn add_deploy(
    steps: &mut StepList,
    environment: &Environment,
    deployer: Option<&Deployer>,
) {
    let described = deployer.map(Deployer::describe);
    let title = described.clone().unwrap_or_else(|| {
        format!(
            "no deployer configured for {}; only records this digest as deployed",
            environment.name
        )
    });
    let target = StepTarget::Deployment {
        environment: environment.name.clone(),
        deployer: described,
    };
    steps.add_on(StepKind::Deploy, title, target);
}
