//! Deploying a digest: what the plan pins of it, and the step that has it done, sees it run, and records it.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::deploy::{Applied, DeployError, DeployProgress, Deployer, Deployment, Probe, Subject, Waited};
use crate::domain::{
    CommitSha, DeployOutcome, DeployTarget, Digest, Environment, EnvironmentName, Observed, ProbeTarget,
    Running, StepKind, StepList, StepTarget, Tag, age,
};
use crate::engine::error::EngineError;
use crate::engine::operations::sign;
use crate::engine::run::event::{EventKind, StepOutcome, Unit};
use crate::engine::run::recorder::StepLog;
use crate::engine::run::{Context, Step};
use crate::engine::{deployments, must_be_trusted};
use crate::project::{Service, ServiceEnvironment};
use crate::registry::{RegistryError, Writer};

/// What is deployed, and where.
pub(in crate::engine) struct Job<'a> {
    pub(in crate::engine) writer: &'a Writer,
    pub(in crate::engine) digest: &'a Digest,
    pub(in crate::engine) environment: &'a Environment,
    pub(in crate::engine) tag: Option<&'a Tag>,
    pub(in crate::engine) commit: Option<&'a CommitSha>,
}

/// What a deployment will change and what is checked after it, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::engine) struct Targets {
    deployers: Vec<DeployTarget>,
    after: Vec<ProbeTarget>,
}

impl Targets {
    /// Whether nothing deploys.
    pub(in crate::engine) const fn is_empty(&self) -> bool {
        self.deployers.is_empty()
    }

    /// What `step` has of it.
    fn of_step(step: &Step<'_>) -> Self {
        match &step.planned.target {
            Some(StepTarget::Deployment { deployers, after, .. }) => Self {
                deployers: deployers.clone(),
                after: after.clone(),
            },
            _ => Self::default(),
        }
    }
}

/// What deploys to an environment, and what is checked after it.
struct Parts {
    deployers: Vec<Deployer>,
    probes: Vec<Probe>,
}

impl Parts {
    fn of(there: ServiceEnvironment<'_>) -> Self {
        Self {
            deployers: there.deployers(),
            probes: there.probes(),
        }
    }

    fn observes(&self) -> bool {
        self.deployers.iter().any(Deployer::observes)
    }

    fn declared(&self, subject: &Subject) -> Result<Targets, DeployError> {
        let deployers = self.deployers.iter().map(|deployer| deployer.declared(subject));
        let after = self.probes.iter().map(|probe| probe.resolve(subject));
        Ok(Targets {
            deployers: deployers.collect::<Result<_, _>>()?,
            after: after.collect::<Result<_, _>>()?,
        })
    }

    async fn resolve(&self, subject: &Subject, cancel: &CancellationToken) -> Result<Targets, DeployError> {
        let deployers = self
            .deployers
            .iter()
            .map(|deployer| deployer.resolve(subject, cancel));
        let after = self.probes.iter().map(|probe| probe.resolve(subject));
        Ok(Targets {
            after: after.collect::<Result<_, _>>()?,
            deployers: try_join_all(deployers).await?,
        })
    }
}

/// Who asks the platform what is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Asker {
    /// Whoever makes the plan.
    Planner,
    /// The workflow that carries the plan out; the one who plans has no access to the platform.
    Runner,
}

/// What the deployers of `environment` will change, one after the other, for a plan to pin.
pub(in crate::engine) async fn targets(
    service: &Service,
    environment: &Environment,
    asker: Asker,
) -> Result<Targets, EngineError> {
    let there = service.environment(environment);
    let parts = Parts::of(there);
    if asker == Asker::Runner {
        return Ok(parts.declared(&there.subject())?);
    }
    if parts.deployers.iter().any(Deployer::asks_platform) {
        // A file that nobody has trusted decides neither which platform is asked nor which programs give out credentials for it.
        must_be_trusted(service.config())?;
    }
    let (subject, cancel) = (there.subject(), CancellationToken::new());
    Ok(parts.resolve(&subject, &cancel).await?)
}

/// Adds the step that deploys to `environment`.
pub(in crate::engine) fn add(steps: &mut StepList, environment: &Environment, targets: Targets) {
    let title = words(&environment.name, &targets);
    let target = StepTarget::Deployment {
        environment: environment.name.clone(),
        deployers: targets.deployers,
        after: targets.after,
    };
    steps.add_on(StepKind::Deploy, title, target);
}

fn words(environment: &EnvironmentName, targets: &Targets) -> String {
    if targets.is_empty() {
        return format!("no deployer configured for {environment}; only records this digest as deployed");
    }
    let deployers = targets.deployers.iter().map(DeployTarget::words);
    let all: Vec<_> = deployers
        .chain(targets.after.iter().map(ProbeTarget::words))
        .collect();
    format!("to {environment}: {}", all.join("; then "))
}

/// Has the deployers of the environment deploy, one after the other, each until what was deployed is what runs where that can
/// be observed; then marks the digest as deployed. Where it is deployed and runs already, there is nothing to do.
pub(in crate::engine) async fn run(step: &Step<'_>, job: Job<'_>) -> Result<StepOutcome, EngineError> {
    let (context, log) = (step.context, step.log());
    let there = context.service.environment(job.environment);
    let parts = Parts::of(there);
    let current = job.writer.deployed(false).await?;
    // The same plan may be made again once something else was deployed; then it is another deployment.
    let since = current.as_ref().and_then(|current| current.since);
    let key = format!("{} deploy {}", context.plan.hash(), job.environment.name);
    let key = since.map_or_else(|| key.clone(), |since| format!("{key} after {since}"));
    let current = current.map(|current| current.digest);
    let accepted = identities(&parts, job.writer, job.digest).await?;
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
        release: context.engine.release_name(job.commit).await,
        previous: current,
        key,
        access: context.access,
    };
    let result = deploy_and_check(step, &parts, job.writer, &deployment, &accepted).await;
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
    deployments::record(context, log, job.writer, job.digest, job.environment).await?;
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

/// The digests by which a platform may name what is deployed; none are asked for where nothing observes it.
async fn identities(
    parts: &Parts,
    writer: &Writer,
    digest: &Digest,
) -> Result<BTreeSet<Digest>, RegistryError> {
    if parts.observes() {
        Ok(writer.image(digest).await?.identities(digest))
    } else {
        Ok(BTreeSet::new())
    }
}

async fn deploy_and_check(
    step: &Step<'_>,
    parts: &Parts,
    writer: &Writer,
    deployment: &Deployment,
    accepted: &BTreeSet<Digest>,
) -> Result<Vec<End>, DeployError> {
    let (log, cancel) = (step.log(), step.context.cancel);
    let planned = Targets::of_step(step);
    // Each deployer compares its own target before it changes anything.
    let after = parts
        .probes
        .iter()
        .map(|probe| probe.resolve(&deployment.subject()));
    let after: Vec<_> = after.collect::<Result<_, _>>()?;
    if parts.deployers.len() != planned.deployers.len() || after != planned.after {
        let found = parts.resolve(&deployment.subject(), cancel).await?;
        return Err(DeployError::Changed {
            planned: words(&deployment.environment, &planned),
            found: words(&deployment.environment, &found),
        });
    }
    let ends = apply_all(step, &parts.deployers, &planned.deployers, deployment, accepted).await?;
    for (probe, target) in parts.probes.iter().zip(&planned.after) {
        log.info(target.words());
        match probe
            .run(deployment, &|progress| tell(step, progress), cancel)
            .await
        {
            Ok(found) => log.info(found),
            Err(cause) if target.rollback && !matches!(cause, DeployError::Interrupted) => {
                return Err(roll_back(step, parts, writer, deployment, cause).await);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(ends)
}

/// Has the deployers deploy what was deployed before, because of `cause`; how all of it ended.
async fn roll_back(
    step: &Step<'_>,
    parts: &Parts,
    writer: &Writer,
    failed: &Deployment,
    cause: DeployError,
) -> DeployError {
    let log = step.log();
    let environment = failed.environment.clone();
    let not_rolled_back = |cause, why| DeployError::NotRolledBack {
        environment: environment.clone(),
        cause: Box::new(cause),
        why,
    };
    let Some(previous) = failed
        .previous
        .clone()
        .filter(|previous| *previous != failed.digest)
    else {
        return not_rolled_back(cause, "nothing else was deployed before".to_owned());
    };
    log.warning(format!("{cause}; rolling back to {previous}"));
    let accepted = match identities(parts, writer, &previous).await {
        Ok(accepted) => accepted,
        Err(error) => return not_rolled_back(cause, error.to_string()),
    };
    let back = Deployment {
        image: failed.image.repository.at(previous.clone()),
        digest: previous.clone(),
        tag: None,
        commit: None,
        release: None,
        previous: Some(failed.digest.clone()),
        key: format!("{} rolled back", failed.key),
        ..failed.clone()
    };
    let planned = Targets::of_step(step).deployers;
    match apply_all(step, &parts.deployers, &planned, &back, &accepted).await {
        Ok(_) => DeployError::CheckRolledBack {
            environment,
            back: previous,
            cause: Box::new(cause),
        },
        Err(error) => not_rolled_back(cause, error.to_string()),
    }
}

async fn apply_all(
    step: &Step<'_>,
    deployers: &[Deployer],
    targets: &[DeployTarget],
    deployment: &Deployment,
    accepted: &BTreeSet<Digest>,
) -> Result<Vec<End>, DeployError> {
    let (context, log) = (step.context, step.log());
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
