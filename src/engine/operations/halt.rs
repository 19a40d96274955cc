//! Stopping the line, and letting it go on: a note on a ref of the remote.

use std::path::PathBuf;

use jiff::Timestamp;

use super::operation::{Operation, OperationRun, PlanRequest, Work};
use super::place::reason;
use super::sign::{load_key, signing_password};
use crate::config::{SignSettings, SignerSettings};
use crate::domain::operation::{Halt, Resume};
use crate::domain::{
    Clean, Confirmation, Costs, EnvironmentName, HaltNote, HaltState, LockPart, Plan, StepKind, StepList,
    StepTarget, halt_reference,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::halt_error::HaltError;
use crate::engine::halts::put;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::git::{HaltAt, ObjectId, Remote};
use crate::project::Service;
use crate::sign::PublicKey;

/// A request to stop everything that would go to an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaltRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// Why.
    pub reason: String,
    /// The key that signs the note; that of `environment.halt` unless one is named.
    pub key: Option<PathBuf>,
}

/// A request to let promotions go to an environment again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// Why.
    pub reason: String,
    /// The key that signs the note; that of `environment.halt` unless one is named.
    pub key: Option<PathBuf>,
}

impl PlanRequest for HaltRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let reason = reason(&self.reason, "a halt")?;
        let (remote, found) = found(engine, &self.environment).await?;
        let remote = remote.name().to_owned();
        let note = found.as_ref().and_then(|found| found.note.as_ref());
        let title = match note.filter(|note| note.state == HaltState::Halted) {
            None => "halts it for every machine and every job".to_owned(),
            Some(note) => format!("halts it again; it is {}", note.words()),
        };
        let operation = Halt {
            environment: self.environment.clone(),
            before: found.as_ref().map(|found| found.object.to_string()),
            reason,
            key: key(engine, &self.environment, self.key.as_ref())?,
            remote: remote.clone(),
        };
        Ok(plan(service, operation.into(), &self.environment, remote, title))
    }
}

impl PlanRequest for ResumeRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let reason = reason(&self.reason, "lifting a halt")?;
        let environment = &self.environment;
        let (remote, found) = found(engine, environment).await?;
        let remote = remote.name().to_owned();
        let status = found.map(|at| engine.halt_status(at)).transpose()?;
        let Some((at, halted)) = status.and_then(|status| Some((status.at, status.halted?))) else {
            return Err(HaltError::NotHalted {
                environment: environment.clone(),
                remote,
            }
            .into());
        };
        let key = key(engine, environment, self.key.as_ref())?;
        if key.is_none() && !engine.settings(environment)?.halt.trusted.is_empty() {
            return Err(HaltError::NoKey(environment.clone()).into());
        }
        let operation = Resume {
            environment: environment.clone(),
            remote: remote.clone(),
            halt: at.object.to_string(),
            halted: Clean::line(&halted),
            reason,
            key,
        };
        let title = "lifts the halt, if it has not changed".to_owned();
        Ok(plan(service, operation.into(), environment, remote, title))
    }
}

/// The newest note about an environment, and the remote that has it. Nothing else is read: who stops the line is not to be
/// held up by a key that is missing.
async fn found(
    engine: &Engine,
    environment: &EnvironmentName,
) -> Result<(Remote, Option<HaltAt>), EngineError> {
    if engine.environment(environment)?.from.is_empty() {
        return Err(HaltError::Entrance(environment.clone()).into());
    }
    let (remote, repository) = engine.note_remote()?;
    let found = remote.halt(environment, &repository).await?;
    Ok((remote, found))
}

fn key(
    engine: &Engine,
    environment: &EnvironmentName,
    named: Option<&PathBuf>,
) -> Result<Option<PathBuf>, EngineError> {
    let configured = engine.settings(environment)?.halt.sign.as_ref();
    Ok(named.or_else(|| configured.map(|sign| &sign.key)).cloned())
}

fn plan(
    service: &Service,
    operation: crate::domain::Operation,
    environment: &EnvironmentName,
    remote: String,
    title: String,
) -> Plan {
    let mut steps = StepList::default();
    let target = StepTarget::References {
        remote: Some(remote),
        names: vec![halt_reference(environment)],
    };
    steps.add_on(StepKind::Halt, title, target);
    Plan {
        operation,
        service: service.name().clone(),
        commit: None,
        tag: None,
        digest: None,
        gates: Vec::new(),
        steps: steps.into(),
        costs: Costs::default(),
        confirmation: Confirmation::Plain,
    }
}

impl Operation for Halt {
    fn lock(&self) -> Option<LockPart> {
        None
    }

    fn signs_with(&self, engine: &Engine, _plan: &Plan) -> Option<SignerSettings> {
        sign_settings(engine, &self.environment, self.key.as_ref()).map(SignerSettings::Key)
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        Ok(Box::new(Putting {
            environment: &self.environment,
            state: HaltState::Halted,
            before: self.before.as_deref(),
            reason: &self.reason,
            key: sign_settings(context.engine, &self.environment, self.key.as_ref()),
        }))
    }
}

impl Operation for Resume {
    fn lock(&self) -> Option<LockPart> {
        None
    }

    fn signs_with(&self, engine: &Engine, _plan: &Plan) -> Option<SignerSettings> {
        sign_settings(engine, &self.environment, self.key.as_ref()).map(SignerSettings::Key)
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        Ok(Box::new(Putting {
            environment: &self.environment,
            state: HaltState::Resumed {
                lifts: self.halt.clone(),
            },
            before: Some(&self.halt),
            reason: &self.reason,
            key: sign_settings(context.engine, &self.environment, self.key.as_ref()),
        }))
    }
}

/// How the note is signed with `key`: the password file that the configuration has for that very key counts for it.
fn sign_settings(
    engine: &Engine,
    environment: &EnvironmentName,
    key: Option<&PathBuf>,
) -> Option<SignSettings> {
    let key = key?;
    let configured = engine
        .settings(environment)
        .ok()
        .and_then(|settings| settings.halt.sign.as_ref());
    let same = configured.filter(|sign| sign.key == *key).cloned();
    Some(same.unwrap_or_else(|| SignSettings {
        key: key.clone(),
        password_file: None,
    }))
}

/// A run that leaves a note.
struct Putting<'a> {
    environment: &'a EnvironmentName,
    state: HaltState,
    before: Option<&'a str>,
    reason: &'a Clean,
    key: Option<SignSettings>,
}

impl OperationRun for Putting<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        match step.kind() {
            StepKind::Halt => Some(Work::new(self.put(step))),
            _ => None,
        }
    }
}

impl Putting<'_> {
    async fn put(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let context = step.context;
        let engine = context.engine;
        let actor = engine.actor();
        let mut note = HaltNote::new(
            self.environment.clone(),
            self.state.clone(),
            self.reason.as_str(),
            (&actor.user, &actor.host),
            context.recorder.run().as_str(),
            Timestamp::now(),
        );
        let (remote, found) = found(engine, self.environment).await?;
        let (before, left) = found.map(|found| (found.object, found.note)).unzip();
        if let Some(outcome) = left.flatten().and_then(|left| self.done_before(&left, &note)) {
            return Ok(outcome);
        }
        if before.as_ref().map(ObjectId::as_str) != self.before {
            return Err(HaltError::Changed {
                environment: self.environment.clone(),
                remote: remote.name().to_owned(),
            }
            .into());
        }
        if let Some(sign) = &self.key {
            let password = signing_password(sign, context.secrets)?;
            let key = load_key(sign.key.clone(), password).await?;
            if self.state != HaltState::Halted {
                self.may_lift(engine, sign, key.public())?;
            }
            note.signature = Some(key.sign_text(&note.signed())?);
        }
        let words = note.words();
        put(engine, &remote, note, before, context.access).await?;
        Ok(StepOutcome::Done(format!("{} is {words}", self.environment)))
    }

    /// Whether a note that is signed with `key` would be believed.
    fn may_lift(&self, engine: &Engine, sign: &SignSettings, key: &PublicKey) -> Result<(), EngineError> {
        let trusted = engine.settings(self.environment)?.halt.keys()?;
        if trusted.is_empty() || trusted.iter().any(|trusted| trusted.hint() == key.hint()) {
            return Ok(());
        }
        Err(HaltError::OtherKey {
            environment: self.environment.clone(),
            key: sign.key.clone(),
        }
        .into())
    }

    /// What is done already where the same command is given again: the same person has said the same.
    fn done_before(&self, left: &HaltNote, wanted: &HaltNote) -> Option<StepOutcome> {
        let same = left.state == wanted.state && left.reason == wanted.reason && left.by == wanted.by;
        same.then(|| StepOutcome::Nothing(format!("{} is {}", self.environment, left.words())))
    }
}
