//! What an environment deployed, and when: the one place that says it. A deployment tag is left only by a deployment that
//! succeeded; one that failed or was stopped leaves a record with the image instead.

use jiff::Timestamp;

use crate::deploy::DeployError;
use crate::domain::{
    Clean, Deployed, DeploymentFailure, DeploymentRecord, DeploymentTag, Digest, Environment,
};
use crate::engine::error::EngineError;
use crate::engine::run::Context;
use crate::engine::run::recorder::StepLog;
use crate::engine::{Engine, records};
use crate::project::Service;
use crate::registry::{TagRule, Writer};

/// Whether an environment deployed a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deployment {
    /// It was the last to be deployed, at this time.
    Current(Timestamp),
    /// It was deployed at this time, and something else since.
    Earlier(Timestamp),
    /// No deployment of it has succeeded; how the last one ended, where one was tried.
    Never(Option<DeploymentFailure>),
}

impl Engine {
    /// Whether `environment` deployed `digest`, still or once.
    pub(super) async fn deployment(
        &self,
        service: &Service,
        environment: &Environment,
        digest: &Digest,
    ) -> Result<Deployment, EngineError> {
        let there = service.environment(environment);
        let reader = there.reader()?;
        let Some(last) = reader.last_deployed(digest).await? else {
            let failures = records::all(&reader, digest, &environment.name).await?;
            return Ok(Deployment::Never(failures.into_iter().next()));
        };
        let deployed = there.deployed(&reader).await?;
        let is_deployed = deployed.is_some_and(|deployed| deployed.digest == *digest);
        Ok(if is_deployed {
            Deployment::Current(last.at)
        } else {
            Deployment::Earlier(last.at)
        })
    }
}

impl Engine {
    /// What `environment` deployed, newest first, down to the one before the last time that it had `digest` without a break.
    pub(super) async fn last_period(
        &self,
        service: &Service,
        environment: &Environment,
        digest: &Digest,
    ) -> Result<Vec<Deployed>, EngineError> {
        let reader = service.environment(environment).reader()?;
        Ok(reader.deployments_down_to(digest).await?)
    }
}

/// Records that a run deployed `digest`: a tag says since when, a record beside it by which run. The tag comes after all that are
/// there, also after one of a clock that runs ahead: the last one is what is deployed. It comes last; without the record
/// the digest is deployed all the same.
pub(super) async fn record(
    context: &Context<'_>,
    log: StepLog<'_>,
    writer: &Writer,
    digest: &Digest,
    environment: &Environment,
) -> Result<(), EngineError> {
    let tags = writer.tags_after(DeploymentTag::PREFIX).await?;
    let last = DeploymentTag::newest(&tags).map(|(last, _)| last.time());
    let at = records::moment(Timestamp::now(), last);
    let tag = DeploymentTag::at(at)
        .tag()
        .ok_or_else(|| EngineError::Internal("the current time does not make a valid tag".to_owned()))?;
    let record = DeploymentRecord {
        digest: digest.clone(),
        environment: environment.name.clone(),
        run: Clean::line(context.recorder.run().as_str()),
        by: Clean::line(&context.engine.actor().to_string()),
        at,
    };
    if let Err(why) = records::leave(writer, &record).await {
        log.warning(format!(
            "by which run it was deployed is not recorded: {}",
            why.brief()
        ));
    }
    writer.tag(digest, &tag, TagRule::Immutable).await?;
    Ok(())
}

/// Records how a deployment ended that did not succeed, for the gate of the next environment.
pub(super) async fn leave_failure(
    context: &Context<'_>,
    writer: &Writer,
    digest: &Digest,
    environment: &Environment,
    error: &DeployError,
) -> Result<(), EngineError> {
    let leave = async {
        let known: Vec<DeploymentFailure> = records::all(writer, digest, &environment.name).await?;
        let record = DeploymentFailure {
            digest: digest.clone(),
            environment: environment.name.clone(),
            outcome: error.outcome(),
            why: Clean::line(&error.to_string()),
            by: Clean::line(&context.engine.actor().to_string()),
            at: records::moment(Timestamp::now(), known.iter().map(|failure| failure.at)),
        };
        records::leave(writer, &record).await
    };
    records::in_time(leave).await
}
