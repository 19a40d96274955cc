//! A question to all gates: about what, at which moment, under which settings.

use super::evaluate::Subject;
use super::moment::Moment;
use super::settings::Settings;
use super::subjects::{BranchQuestion, CandidateQuestion, PromotionQuestion};
use crate::config::HotfixSettings;
use crate::domain::{Clean, Environment};
use crate::engine::Engine;
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::operations::promote::PromotionPath;

/// A question to all gates that apply at a moment.
pub(in crate::engine) struct Question<'a> {
    pub(super) moment: Moment,
    pub(super) settings: Settings<'a>,
    /// What it is about; a rule about another kind of subject is not asked.
    pub(super) subjects: Vec<Subject<'a>>,
    /// Why gates are overridden, if somebody says so.
    pub(super) reason: Option<&'a Clean>,
    /// What the hotfix path may skip, where it is taken.
    pub(super) hotfix: Option<&'a HotfixSettings>,
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
        let promotion = PromotionQuestion {
            engine,
            candidate,
            path,
        };
        question.subjects.push(promotion.into());
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
        let subject = CandidateQuestion {
            engine,
            candidate,
            source,
            target,
            moment,
        };
        Ok(Self::new(
            Settings::new(engine, source, target)?,
            moment,
            vec![subject.into()],
        ))
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
            _ => Self::new(Settings::new(engine, source, target)?, moment, Vec::new()),
        };
        question.subjects.push(branch.into());
        question.reason = reason;
        Ok(question)
    }

    /// Of what is done in one environment, or in the repository, where the environment that builds push to stands for it.
    pub(in crate::engine) fn of_environment(
        engine: &'a Engine,
        environment: &'a Environment,
        moment: Moment,
        subjects: Vec<Subject<'a>>,
    ) -> Result<Self, EngineError> {
        Ok(Self::new(
            Settings::new(engine, environment, None)?,
            moment,
            subjects,
        ))
    }

    const fn new(settings: Settings<'a>, moment: Moment, subjects: Vec<Subject<'a>>) -> Self {
        Self {
            moment,
            settings,
            subjects,
            reason: None,
            hotfix: None,
        }
    }
}
