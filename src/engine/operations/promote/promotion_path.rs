//! The way that a promotion takes: the usual one along the graph, the short one of a hotfix, or that of an older candidate
//! with a reason. What the way passes over is evaluated all the same, shown, and kept.

use tokio::sync::OnceCell;

use crate::config::HotfixSettings;
use crate::domain::operation::Promote;
use crate::domain::{Clean, CommitSha, Environment, EnvironmentName, ExceptionKind};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::exception::{SkippedGate, SkippedGates, gravest};
use crate::engine::operations::place;
use crate::engine::present::{Present, present};
use crate::project::Service;
use crate::registry::{CurrentDeployment, Reader, RegistryError};

/// A request to promote a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromoteRequest {
    /// A commit, an image tag, a digest or a release branch.
    pub candidate: String,
    /// Where to.
    pub to: EnvironmentName,
    /// Where from, for an environment with several sources.
    pub from: Option<EnvironmentName>,
    /// Why it goes another way than the usual one: an older candidate than the release's head, or the hotfix path.
    pub reason: Option<String>,
    /// Whether it takes the path that the configuration allows hotfixes.
    pub hotfix: bool,
}

/// The way, from source to target.
pub(in crate::engine) struct PromotionPath<'a> {
    pub(in crate::engine) source: &'a Environment,
    pub(in crate::engine) target: &'a Environment,
    pub(in crate::engine) reason: Option<Clean>,
    /// What the configuration allows a hotfix, where this is one.
    pub(in crate::engine) hotfix: Option<&'a HotfixSettings>,
    deployed: OnceCell<Option<CurrentDeployment>>,
    present: OnceCell<Option<Present>>,
}

impl<'a> PromotionPath<'a> {
    /// The way that is asked for, if there is one.
    pub(in crate::engine) fn of(engine: &'a Engine, request: &PromoteRequest) -> Result<Self, EngineError> {
        let target = engine.environment(&request.to)?;
        let reason = request
            .reason
            .as_deref()
            .map(|text| place::reason(text, "this promotion"))
            .transpose()?;
        let hotfix = hotfix_settings(engine, target, request.hotfix)?;
        if hotfix.is_some() && reason.is_none() {
            return Err(EngineError::NoReason("the hotfix path"));
        }
        let source = match hotfix {
            Some(settings) => short_source(engine, target, settings, request.from.as_ref())?,
            None => source_of(engine, target, request.from.as_ref())?,
        };
        Ok(Self {
            source,
            target,
            reason,
            hotfix,
            deployed: OnceCell::new(),
            present: OnceCell::new(),
        })
    }

    /// The way of a plan, at its run.
    pub(super) fn planned(engine: &'a Engine, promote: &'a Promote) -> Result<Self, EngineError> {
        let target = engine.environment(&promote.to)?;
        Ok(Self {
            source: engine.environment(&promote.from)?,
            target,
            reason: promote.reason.clone(),
            hotfix: hotfix_settings(engine, target, promote.hotfix)?,
            deployed: OnceCell::new(),
            present: OnceCell::new(),
        })
    }

    /// What the target has deployed now; asked once, whoever wants to know.
    pub(super) async fn deployed(
        &self,
        reader: &Reader,
    ) -> Result<Option<&CurrentDeployment>, RegistryError> {
        let is_entrance = self.target.from.is_empty();
        let asked = self.deployed.get_or_try_init(|| reader.deployed(is_entrance));
        Ok(asked.await?.as_ref())
    }

    /// What the target has now, with the commit that its image says it was built from; asked once, whoever wants to know.
    pub(in crate::engine) async fn present_commit(
        &self,
        service: &Service,
    ) -> Result<Option<(&Present, Option<CommitSha>)>, EngineError> {
        let there = service.environment(self.target);
        let reader = there.reader()?;
        let asked = self.present.get_or_try_init(|| present(there, &reader));
        Ok(match asked.await? {
            Some(present) => {
                let commit = reader.image(&present.current.digest).await?.commit();
                Some((present, commit))
            }
            None => None,
        })
    }

    /// What is to be said where what the target runs, once that was asked, is not what is deployed to it.
    pub(in crate::engine) fn present_note(&self) -> Vec<String> {
        let present = self.present.get().and_then(Option::as_ref);
        present
            .and_then(|present| present.note.clone())
            .into_iter()
            .collect()
    }

    /// The exception that this promotion is, where the hotfix path is taken or a gate was overridden.
    pub(super) fn exception(&self, engine: &Engine, skipped: Vec<SkippedGate>) -> Option<SkippedGates> {
        let kind = if self.hotfix.is_some() {
            Some(ExceptionKind::Hotfix)
        } else {
            gravest(&skipped)
        };
        let (kind, reason) = kind.zip(self.reason.clone())?;
        Some(SkippedGates {
            kind,
            environment: self.target.name.clone(),
            skipped,
            environments: engine
                .config()
                .graph
                .passed_over(&self.source.name, &self.target.name),
            reason,
        })
    }
}

fn hotfix_settings<'a>(
    engine: &'a Engine,
    target: &Environment,
    asked: bool,
) -> Result<Option<&'a HotfixSettings>, EngineError> {
    if !asked {
        return Ok(None);
    }
    let settings = engine.settings(&target.name)?.hotfix.as_ref();
    let settings = settings.ok_or_else(|| EngineError::NoHotfixPath(target.name.clone()))?;
    Ok(Some(settings))
}

/// Where a hotfix comes from; another source can only be named where it is that one.
fn short_source<'a>(
    engine: &'a Engine,
    target: &Environment,
    settings: &HotfixSettings,
    from: Option<&EnvironmentName>,
) -> Result<&'a Environment, EngineError> {
    match from {
        Some(from) if *from != settings.from => Err(EngineError::NoSuchPromotion {
            from: from.clone(),
            to: target.name.clone(),
            sources: format!("{} for hotfixes", settings.from),
        }),
        _ => engine.environment(&settings.from),
    }
}

/// Which environment the promotion leaves: the one given, or the only one that the target takes from.
fn source_of<'a>(
    engine: &'a Engine,
    target: &Environment,
    from: Option<&EnvironmentName>,
) -> Result<&'a Environment, EngineError> {
    let sources = || {
        let names: Vec<_> = target.from.iter().map(EnvironmentName::as_str).collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    let refused = |from: &EnvironmentName| EngineError::NoSuchPromotion {
        from: from.clone(),
        to: target.name.clone(),
        sources: sources(),
    };
    let name = match (from, target.from.first()) {
        (Some(from), _) if !target.from.contains(from) => return Err(refused(from)),
        (Some(from), _) => from,
        (None, Some(first)) => first,
        (None, None) => return Err(refused(&target.name)),
    };
    engine.environment(name)
}
