//! The way that a promotion takes: the usual one along the graph, the short one of a hotfix, or that of an older candidate
//! with a reason. What the way passes over is evaluated all the same, shown, and kept.

use tokio::sync::OnceCell;

use super::gates::Evaluation;
use super::{deployed_in_source, downgrade, fixes};
use crate::config::HotfixSettings;
use crate::domain::{
    Clean, CommitSha, Environment, EnvironmentName, ExceptionKind, Gate, GateKind, Override, ServiceName,
    Tag, Verdict,
};
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::exception::{SkippedGate, SkippedGates, gravest};
use crate::engine::{Engine, place};
use crate::git::ReleaseLine;
use crate::registry::{Reader, RegistryError, Running};

/// How many newer commits of a release are asked for an image.
const NEWEST: usize = 20;

/// What a person asks for.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Request<'a> {
    pub(in crate::engine) service: &'a ServiceName,
    pub(in crate::engine) candidate: &'a str,
    pub(in crate::engine) to: &'a EnvironmentName,
    pub(in crate::engine) from: Option<&'a EnvironmentName>,
    pub(in crate::engine) reason: Option<&'a str>,
    pub(in crate::engine) hotfix: bool,
}

/// The way, from source to target.
pub(in crate::engine) struct PromotionPath<'a> {
    pub(in crate::engine) source: &'a Environment,
    pub(in crate::engine) target: &'a Environment,
    pub(in crate::engine) reason: Option<Clean>,
    /// What the configuration allows a hotfix, where this is one.
    pub(in crate::engine) hotfix: Option<&'a HotfixSettings>,
    running: OnceCell<Option<Running>>,
}

impl<'a> PromotionPath<'a> {
    /// The way that is asked for, if there is one.
    pub(in crate::engine) fn of(engine: &'a Engine, request: &Request<'_>) -> Result<Self, EngineError> {
        let target = engine.environment(request.to)?;
        let reason = request
            .reason
            .map(|text| place::reason(text, "this promotion"))
            .transpose()?;
        let hotfix = hotfix_settings(engine, target, request.hotfix)?;
        if hotfix.is_some() && reason.is_none() {
            return Err(EngineError::NoReason("the hotfix path"));
        }
        let source = match hotfix {
            Some(settings) => short_source(engine, target, settings, request.from)?,
            None => source_of(engine, target, request.from)?,
        };
        Ok(Self {
            source,
            target,
            reason,
            hotfix,
            running: OnceCell::new(),
        })
    }

    /// The way of a plan, at its run.
    pub(super) fn planned(
        engine: &'a Engine,
        from: &EnvironmentName,
        to: &EnvironmentName,
        reason: Option<&Clean>,
        hotfix: bool,
    ) -> Result<Self, EngineError> {
        let target = engine.environment(to)?;
        Ok(Self {
            source: engine.environment(from)?,
            target,
            reason: reason.cloned(),
            hotfix: hotfix_settings(engine, target, hotfix)?,
            running: OnceCell::new(),
        })
    }

    /// What the target runs now; asked once, whoever wants to know.
    pub(super) async fn running(&self, reader: &Reader) -> Result<Option<&Running>, RegistryError> {
        let is_entrance = self.target.from.is_empty();
        let asked = self.running.get_or_try_init(|| reader.running(is_entrance));
        Ok(asked.await?.as_ref())
    }

    /// What the target runs, with the commit that its image says it was built from.
    pub(super) async fn running_commit(
        &self,
        engine: &Engine,
        service: &ServiceName,
    ) -> Result<Option<(Running, Option<CommitSha>)>, EngineError> {
        let repository = engine.repository_of(service, self.target)?;
        let reader = engine.registries().reader(&repository);
        Ok(match self.running(&reader).await? {
            Some(running) => {
                let commit = reader.image(&running.digest).await?.commit();
                Some((running.clone(), commit))
            }
            None => None,
        })
    }

    /// The gate, which a reason lets pass where it does not allow. The hotfix path has a reason of its own, which says
    /// nothing about this: there only the configuration lets it pass.
    pub(super) fn overridable(&self, gate: Gate) -> (Gate, Option<SkippedGate>) {
        if gate.verdict.allows() || self.hotfix.is_some() {
            (gate, None)
        } else {
            unless_said(gate, self.reason.as_ref())
        }
    }

    /// Adds the gates that belong to the way, and lets pass what it passes over.
    pub(super) async fn judge(&self, engine: &Engine, candidate: &Candidate, evaluation: &mut Evaluation) {
        let mut passed = Vec::new();
        if let Some((gate, said)) = release_gate(engine, candidate, self.reason.as_ref()).await {
            evaluation.gates.push(gate);
            passed.extend(said);
        }
        let (fixes, downgrade, deployed) = tokio::join!(
            // On the heap: the stack of a plan is deep already.
            Box::pin(fixes::gate(engine, candidate, self)),
            Box::pin(downgrade::gate(engine, candidate, self)),
            Box::pin(deployed_in_source::gate(engine, candidate, self)),
        );
        for (gate, said) in [deployed, downgrade, fixes].into_iter().flatten() {
            evaluation.gates.push(gate);
            passed.extend(said);
        }
        let kind = if let Some(settings) = self.hotfix {
            evaluation
                .gates
                .push(Gate::new(GateKind::Hotfix, on_hotfix(engine, candidate).await));
            passed.extend(self.skip(settings, &mut evaluation.gates));
            Some(ExceptionKind::Hotfix)
        } else {
            gravest(&passed)
        };
        evaluation.passed = kind.zip(self.reason.clone()).map(|(kind, reason)| SkippedGates {
            kind,
            environment: self.target.name.clone(),
            skipped: passed,
            environments: engine
                .config()
                .graph
                .passed_over(&self.source.name, &self.target.name),
            reason,
        });
    }

    /// Lets the gates pass that a hotfix may skip here, and tells what they said.
    fn skip(&self, settings: &HotfixSettings, gates: &mut [Gate]) -> Vec<SkippedGate> {
        let reason = self.reason.as_ref().map_or("", Clean::as_str);
        let mut passed = Vec::new();
        for gate in gates {
            if gate.verdict.allows() || !settings.skip.contains(&gate.kind) {
                continue;
            }
            let said = format!("{}: {}", gate.verdict.word(), gate.verdict.reason());
            passed.push(SkippedGate::new(&gate.kind, &said));
            gate.verdict = Verdict::Allowed(format!("skipped by the hotfix path ({reason}): was {said}"));
        }
        passed
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

/// A gate that does not allow, and that a reason lets pass: with the reason, what was passed over is the second half.
pub(in crate::engine) fn unless_said(gate: Gate, reason: Option<&Clean>) -> (Gate, Option<SkippedGate>) {
    let Some(reason) = reason else {
        return (gate.with_override(Override::Reason), None);
    };
    let said = gate.verdict.reason();
    let passed = SkippedGate::new(&gate.kind, said);
    let verdict = Verdict::Allowed(format!("{said}; because: {reason}"));
    (Gate::new(gate.kind, verdict), Some(passed))
}

/// Whether the candidate is the one that is bound to the head of its release. None where it lies on no open release; the
/// second half is what was passed over, where a reason lets an older one pass.
async fn release_gate(
    engine: &Engine,
    candidate: &Candidate,
    reason: Option<&Clean>,
) -> Option<(Gate, Option<SkippedGate>)> {
    let commit = candidate.commit.clone()?;
    engine.repository()?;
    let names = engine.names_of(&candidate.service);
    let reading = engine.git({
        let commit = commit.clone();
        move |repository| repository.open_releases_of(&commit, &names)
    });
    let unknown = |why: String| Some((Gate::new(GateKind::Release, Verdict::Unknown(why)), None));
    let lines = match reading.await {
        Ok(lines) => lines,
        Err(error) => return unknown(error.brief()),
    };
    let first = lines.first()?;
    for line in &lines {
        let (newer, tag) = match bound(engine, &candidate.service, line).await {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                return unknown(format!(
                    "cannot tell which candidate {} is bound to: {}",
                    line.branch,
                    error.brief()
                ));
            }
        };
        let older = format!(
            "{} is older than the head of {}: {tag}, the image of {}, is the candidate of the release",
            candidate.tag,
            line.branch,
            newer.short()
        );
        return Some(unless_said(
            Gate::new(GateKind::Release, Verdict::Refused(older)),
            reason,
        ));
    }
    let is_head = first.newer.is_empty();
    let words = if is_head {
        format!("is the head of {}", first.branch)
    } else {
        format!("is the newest commit of {} with an image", first.branch)
    };
    Some((
        Gate::new(
            GateKind::Release,
            Verdict::Allowed(format!("{} {words}", candidate.tag)),
        ),
        None,
    ))
}

/// The newest commit of `line` after the candidate's that has an image where builds go to, with the tag of it.
async fn bound(
    engine: &Engine,
    service: &ServiceName,
    line: &ReleaseLine,
) -> Result<Option<(CommitSha, Tag)>, EngineError> {
    let entrance = engine.config().graph.entrance();
    let reader = engine
        .registries()
        .reader(&engine.repository_of(service, entrance)?);
    for commit in line.newer.iter().take(NEWEST) {
        let rebuilt = engine
            .config()
            .release
            .rebuild
            .then(|| engine.rebuilt_tag_of(commit));
        for tag in rebuilt.into_iter().chain([engine.tag_of(commit)]) {
            let tag = tag?;
            if reader.resolve(&tag.clone().into()).await?.is_some() {
                return Ok(Some((commit.clone(), tag)));
            }
        }
    }
    Ok(None)
}

/// Whether the candidate's commit was made on a hotfix branch: no other may take the short way.
async fn on_hotfix(engine: &Engine, candidate: &Candidate) -> Verdict {
    let Some(commit) = candidate.commit.clone() else {
        return Verdict::Unknown("the commit of this image is unknown".to_owned());
    };
    let (names, short) = (engine.names_of(&candidate.service), commit.short().to_owned());
    let reading = async {
        let released = engine.released().await?.commits();
        let asking = engine.git(move |repository| repository.hotfix_of(&commit, &names, &released));
        asking.await
    };
    match reading.await {
        Ok(Some(branch)) => Verdict::Allowed(format!("{short} was made on {branch}")),
        Ok(None) => Verdict::Refused(format!(
            "{short} is not on a hotfix branch; the hotfix path is only for commits of hotfix branches"
        )),
        Err(error) => Verdict::Unknown(error.brief()),
    }
}
