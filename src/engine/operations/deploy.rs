//! Deploying a digest: what the plan pins of it, and the step that has it done, sees it run, and records it.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::deploy::{Applied, DeployError, DeployProgress, Deployer, Deployment, Subject, Waited};
use crate::domain::{
    CommitSha, DeployOutcome, DeployTarget, DeploymentTag, Digest, Environment, EnvironmentName, Observed,
    Running, StepKind, StepList, StepTarget, Tag, age,
};
use crate::engine::error::EngineError;
use crate::engine::operations::sign;
use crate::engine::run::event::{EventKind, StepOutcome, Unit};
use crate::engine::run::recorder::StepLog;
use crate::engine::run::{Context, Step};
use crate::engine::{Engine, deployments};
use crate::project::{Service, ServiceEnvironment, release_names};
use crate::registry::{TagRule, Writer};

/// What is deployed, and where.
pub(in crate::engine) struct Job<'a> {
    pub(in crate::engine) writer: &'a Writer,
    pub(in crate::engine) digest: &'a Digest,
    pub(in crate::engine) environment: &'a Environment,
    pub(in crate::engine) tag: Option<&'a Tag>,
    pub(in crate::engine) commit: Option<&'a CommitSha>,
}

/// What the deployers of `environment` will change, one after the other, for a plan to pin.
pub(in crate::engine) async fn targets(
    service: &Service,
    environment: &Environment,
) -> Result<Vec<DeployTarget>, EngineError> {
    let there = service.environment(environment);
    let (deployers, subject, cancel) = (there.deployers(), there.subject(), CancellationToken::new());
    Ok(resolve_all(&deployers, &subject, &cancel).await?)
}

async fn resolve_all(
    deployers: &[Deployer],
    subject: &Subject,
    cancel: &CancellationToken,
) -> Result<Vec<DeployTarget>, DeployError> {
    try_join_all(deployers.iter().map(|deployer| deployer.resolve(subject, cancel))).await
}

/// Adds the step that deploys to `environment`.
pub(in crate::engine) fn add(steps: &mut StepList, environment: &Environment, targets: Vec<DeployTarget>) {
    let title = words(&environment.name, &targets);
    let target = StepTarget::Deployment {
        environment: environment.name.clone(),
        deployers: targets,
    };
    steps.add_on(StepKind::Deploy, title, target);
}

fn words(environment: &EnvironmentName, targets: &[DeployTarget]) -> String {
    if targets.is_empty() {
        return format!("no deployer configured for {environment}; only records this digest as deployed");
    }
    let all: Vec<_> = targets.iter().map(DeployTarget::words).collect();
    format!("to {environment}: {}", all.join("; then "))
}

/// Has the deployers of the environment deploy, one after the other, each until what was deployed is what runs where that can
/// be observed; then marks the digest as deployed. Where it is deployed and runs already, there is nothing to do.
pub(in crate::engine) async fn run(step: &Step<'_>, job: Job<'_>) -> Result<StepOutcome, EngineError> {
    let (context, log) = (step.context, step.log());
    let there = context.service.environment(job.environment);
    let deployers = there.deployers();
    let current = job.writer.deployed(false).await?.map(|current| current.digest);
    let accepted = if deployers.iter().any(Deployer::observes) {
        job.writer.image(job.digest).await?.identities(job.digest)
    } else {
        BTreeSet::new()
    };
    let name = &job.environment.name;
    if current.as_ref() == Some(job.digest)
        && let Some(why) = is_in_place(context, log, there, &accepted).await
    {
        return Ok(StepOutcome::Nothing(format!("already deployed to {name}{why}")));
    }
    // Whatever led here: what is not signed as its environment requires is not deployed.
    if let Some(verified) = sign::verify_at(context.engine, job.writer, job.digest, name).await? {
        log.info(verified);
    }
    let deployment = Deployment {
        service: context.plan.service.clone(),
        environment: name.clone(),
        image: job.writer.repository().at(job.digest.clone()),
        digest: job.digest.clone(),
        tag: job.tag.cloned(),
        commit: job.commit.cloned(),
        release: release_of(context.engine, job.commit).await,
        previous: current,
        key: format!("{} deploy {name}", context.plan.hash()),
        access: context.access,
    };
    let result = apply_all(step, &deployers, &deployment, &accepted).await;
    let ends = match result {
        Ok(ends) => ends,
        Err(error) => {
            // The deployment has failed either way; that its record is missing must not hide why.
            let left =
                deployments::leave_failure(context, job.writer, job.digest, job.environment, &error).await;
            if let Err(why) = left {
                log.info(format!("the failure could not be recorded: {}", why.brief()));
            }
            return Err(error.into());
        }
    };
    mark(job.writer, job.digest).await?;
    Ok(StepOutcome::Done(if ends.is_empty() {
        format!("no deployer configured for {name}; recorded as deployed")
    } else {
        format!("deployed to {name}, {}", summary(&ends))
    }))
}

/// How a deployer ended, and what was seen to run.
struct End {
    applied: Applied,
    waited: Waited,
}

async fn apply_all(
    step: &Step<'_>,
    deployers: &[Deployer],
    deployment: &Deployment,
    accepted: &BTreeSet<Digest>,
) -> Result<Vec<End>, DeployError> {
    let (context, log) = (step.context, step.log());
    let targets = match &step.planned.target {
        Some(StepTarget::Deployment { deployers, .. }) => deployers.as_slice(),
        _ => &[],
    };
    if deployers.len() != targets.len() {
        let found = resolve_all(deployers, &deployment.subject(), context.cancel).await?;
        return Err(DeployError::Changed {
            planned: words(&deployment.environment, targets),
            found: words(&deployment.environment, &found),
        });
    }
    let tell = |progress| tell(step, progress);
    let mut ends = Vec::new();
    for (deployer, target) in deployers.iter().zip(targets) {
        log.info(target.words());
        let applied = deployer.apply(target, deployment, &tell, context.cancel).await?;
        let waited = deployer
            .wait_until_running(deployment, accepted, &tell, context.cancel)
            .await?;
        log.info(match &waited {
            Waited::Running(running) => seen(running),
            Waited::NotObserved => format!("{}; not observed", applied.summary),
        });
        ends.push(End { applied, waited });
    }
    Ok(ends)
}

/// Passes on how a deployment goes, as the events of its step.
fn tell(step: &Step<'_>, progress: DeployProgress) {
    let (log, id) = (step.log(), step.id());
    let record = |happening| step.context.recorder.record(happening);
    match progress {
        DeployProgress::Line(line) => log.info(line),
        DeployProgress::Warning(line) => log.warning(line),
        DeployProgress::Started { item, label, total } => record(EventKind::ItemStarted {
            step: id,
            item,
            label,
            unit: Unit::Replicas,
            total,
        }),
        DeployProgress::Moved { item, done } => record(EventKind::ItemMoved { step: id, item, done }),
        DeployProgress::Ended { item, result } => record(EventKind::ItemDone {
            step: id,
            item,
            result,
        }),
    }
}

/// What the platform said, in words.
fn seen(running: &Running) -> String {
    let health = running
        .health_words()
        .map_or_else(String::new, |words| format!(", {words}"));
    let since = running.since.map_or_else(String::new, |since| {
        let seconds = Timestamp::now().as_second() - since.as_second();
        format!(" since {}", age(seconds))
    });
    format!("{} runs{since}{health}", running.digest)
}

fn summary(ends: &[End]) -> String {
    let observed = ends
        .iter()
        .filter(|end| end.waited != Waited::NotObserved)
        .count();
    let unchanged = ends
        .iter()
        .all(|end| end.applied.outcome == DeployOutcome::Unchanged);
    let words = match observed {
        0 => "not observed".to_owned(),
        n if n == ends.len() => "and it runs there".to_owned(),
        n => format!(
            "and it runs there by {n} of {} deployers, the others are not observed",
            ends.len()
        ),
    };
    if unchanged {
        format!("unchanged, {words}")
    } else {
        words
    }
}

/// In which words nothing is to be done, where the digest is deployed by our record; none where it has to be deployed again,
/// because something else runs, or nobody can say.
async fn is_in_place(
    context: &Context<'_>,
    log: StepLog<'_>,
    there: ServiceEnvironment<'_>,
    accepted: &BTreeSet<Digest>,
) -> Option<&'static str> {
    let why = match there.running(accepted, context.cancel).await {
        None => return Some(""),
        Some(Observed::Running(running)) if running.is(accepted) => match running.health_words() {
            Some(words) if running.healthy == Some(false) => words,
            _ => return Some(", and it runs there"),
        },
        Some(Observed::Running(running)) => format!("{} runs there", running.digest),
        Some(Observed::Unknown(why)) => format!("what runs is unknown: {why}"),
    };
    log.warning(format!(
        "it is deployed by our record, but {why}; deploying it again"
    ));
    None
}

/// The release or hotfix that a commit belongs to, where that is known.
async fn release_of(engine: &Engine, commit: Option<&CommitSha>) -> Option<String> {
    let (commit, config) = (commit?.short().to_owned(), Arc::clone(engine.config()));
    engine.repository()?;
    let reading = engine.git(move |repository| Ok(release_names(&config, repository)));
    reading.await.ok()?.remove(&commit)
}

/// Leaves the tag behind that tells what is deployed to an environment since when. It comes after all that are there, also after
/// one of a clock that runs ahead: the last one is what is deployed.
async fn mark(writer: &Writer, digest: &Digest) -> Result<(), EngineError> {
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
