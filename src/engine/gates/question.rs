//! What gates are asked about: a candidate, a promotion, or a branch that is about to be made.

use super::Moment;
use crate::config::{CheckRule, EnvironmentSettings, GitSettings, HotfixSettings};
use crate::domain::{BranchName, Clean, CommitSha, Environment, EnvironmentName};
use crate::engine::Engine;
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::operations::promote::PromotionPath;
use crate::engine::present::Present;
use crate::engine::remote_state::Upstream;

/// The settings by which gates apply.
pub(in crate::engine) struct Settings<'a> {
    /// Of the environment that the candidate is in.
    pub(super) source: &'a EnvironmentSettings,
    /// Of the environment that it is to go to; none where there is no next one.
    pub(super) target: Option<&'a EnvironmentSettings>,
    /// Whether the source is the environment that builds push to.
    pub(super) source_receives_builds: bool,
    /// Whether the target is the environment that releases are for.
    pub(super) is_production: bool,
    /// Whether the hotfix path is taken.
    pub(super) is_hotfix: bool,
    /// Whether the checks of GitHub count.
    pub(super) checks: CheckRule,
}

/// A question to all gates that apply at a moment.
pub(in crate::engine) struct Question<'a> {
    pub(super) moment: Moment,
    pub(super) settings: Settings<'a>,
    pub(super) candidate: Option<CandidateQuestion<'a>>,
    pub(super) promotion: Option<PromotionQuestion<'a>>,
    pub(super) branch: Option<BranchQuestion<'a>>,
    /// Why gates are overridden, if somebody says so.
    pub(super) reason: Option<&'a Clean>,
    /// What the hotfix path may skip, where it is taken.
    pub(super) hotfix: Option<&'a HotfixSettings>,
}

/// A candidate in `source`, which is to go to `target`.
pub(in crate::engine) struct CandidateQuestion<'a> {
    pub(super) engine: &'a Engine,
    pub(super) candidate: &'a Candidate,
    pub(super) source: &'a Environment,
    pub(super) target: Option<&'a Environment>,
    pub(super) moment: Moment,
}

/// The promotion of a candidate on a path.
pub(in crate::engine) struct PromotionQuestion<'a> {
    pub(super) engine: &'a Engine,
    pub(super) candidate: &'a Candidate,
    pub(super) path: &'a PromotionPath<'a>,
}

/// A branch that is about to be made, of a release or of a hotfix.
pub(in crate::engine) struct BranchQuestion<'a> {
    pub(in crate::engine) engine: &'a Engine,
    pub(in crate::engine) upstream: &'a Upstream,
    pub(in crate::engine) git: &'a GitSettings,
    pub(in crate::engine) commit: &'a CommitSha,
    pub(in crate::engine) branch: &'a BranchName,
    /// The image of a release that is cut.
    pub(in crate::engine) image: Option<Result<&'a Candidate, &'a EngineError>>,
    /// What a hotfix is based on.
    pub(in crate::engine) base: Option<HotfixBase<'a>>,
}

/// What an environment has when a hotfix of it is started.
pub(in crate::engine) struct HotfixBase<'a> {
    pub(in crate::engine) environment: &'a EnvironmentName,
    pub(in crate::engine) present: &'a Present,
}

impl<'a> Question<'a> {
    /// Of a promotion, at one of its moments.
    pub(in crate::engine) fn of_promotion(
        engine: &'a Engine,
        candidate: &'a Candidate,
        path: &'a PromotionPath<'a>,
        moment: Moment,
    ) -> Result<Self, EngineError> {
        let mut question = Self::of_candidate(engine, candidate, path.source, Some(path.target), moment)?;
        question.settings.is_hotfix = path.hotfix.is_some();
        question.promotion = Some(PromotionQuestion {
            engine,
            candidate,
            path,
        });
        question.reason = path.reason.as_ref();
        question.hotfix = path.hotfix;
        Ok(question)
    }

    /// Of a candidate between two environments.
    pub(in crate::engine) fn of_candidate(
        engine: &'a Engine,
        candidate: &'a Candidate,
        source: &'a Environment,
        target: Option<&'a Environment>,
        moment: Moment,
    ) -> Result<Self, EngineError> {
        let mut question = Self::new(engine, source, target, moment)?;
        question.candidate = Some(CandidateQuestion {
            engine,
            candidate,
            source,
            target,
            moment,
        });
        Ok(question)
    }

    /// Of a branch that is about to be made. A release that is cut goes to the next environment first: its rules are asked
    /// now, so that nobody cuts in vain.
    pub(in crate::engine) fn of_branch(
        branch: BranchQuestion<'a>,
        reason: Option<&'a Clean>,
        moment: Moment,
    ) -> Result<Self, EngineError> {
        let engine = branch.engine;
        let graph = &engine.config().graph;
        let (source, target) = (graph.entrance(), graph.targets_of(&graph.entrance().name).next());
        let mut question = match branch.image {
            Some(Ok(candidate)) => Self::of_candidate(engine, candidate, source, target, moment)?,
            _ => Self::new(engine, source, target, moment)?,
        };
        question.branch = Some(branch);
        question.reason = reason;
        Ok(question)
    }

    fn new(
        engine: &'a Engine,
        source: &'a Environment,
        target: Option<&'a Environment>,
        moment: Moment,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            moment,
            settings: Settings {
                source: engine.settings(&source.name)?,
                target: target.map(|target| engine.settings(&target.name)).transpose()?,
                source_receives_builds: source.from.is_empty(),
                is_production: target.is_some_and(|target| target.name == engine.production().name),
                is_hotfix: false,
                checks: engine.config().github.checks,
            },
            candidate: None,
            promotion: None,
            branch: None,
            reason: None,
            hotfix: None,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{CommandSettings, DeployerSettings, ScanPolicy, SoakPolicy};

    /// Settings that ask for every gate.
    pub(in crate::engine::gates) fn every_setting() -> EnvironmentSettings {
        EnvironmentSettings {
            scan: Some(ScanPolicy::default()),
            verify_key: Some("key.pub".into()),
            deploy: vec![DeployerSettings::Command(CommandSettings {
                program: "deploy".to_owned(),
                args: Vec::new(),
                env: Vec::new(),
                running: None,
                observe_for: jiff::SignedDuration::from_mins(5),
            })],
            soak: Some(SoakPolicy {
                environment: "stage".parse().unwrap(),
                time: jiff::SignedDuration::from_hours(24),
            }),
            ..EnvironmentSettings::default()
        }
    }

    pub(in crate::engine::gates) fn settings_of(all: &EnvironmentSettings) -> Settings<'_> {
        Settings {
            source: all,
            target: Some(all),
            source_receives_builds: false,
            is_production: true,
            is_hotfix: true,
            checks: CheckRule::Required,
        }
    }
}
