//! The plan: what goes, image by image, and what stays.

use super::survey::Survey;
use crate::domain::operation::Gc;
use crate::domain::{
    Confirmation, Costs, Environment, EnvironmentName, Gate, Plan, Retention, StepKind, StepList, StepTarget,
    count,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::gates::{self, Moment, Question, StateQuestion};
use crate::engine::operations::operation::PlanRequest;
use crate::project::Service;

/// A request to delete the images of an environment that nobody needs any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcRequest {
    /// The environment.
    pub environment: EnvironmentName,
}

impl PlanRequest for GcRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let environment = engine.environment(&self.environment)?;
        let retain = rule(engine, environment)?;
        let survey = Survey::new(engine, service, environment, &retain).await?;
        let gates = judge(engine, environment, &survey.unread).await?;
        let gc = Gc {
            environment: environment.name.clone(),
            repository: service.environment(environment).repository()?,
            protected: environment.protected,
            retain,
            images: survey.images,
            kept: survey.kept,
            bytes: survey.bytes,
            more: survey.more,
        };
        let mut steps = StepList::default();
        steps.add(StepKind::Gate, "re-check what is needed");
        if !gc.images.is_empty() {
            let title = format!(
                "{} ({}), each only if it is still not needed",
                count(gc.images.len(), "image"),
                count(gc.manifests(), "manifest")
            );
            let target = StepTarget::Repository(gc.repository.clone());
            steps.add_on(StepKind::Remove, title, target);
        }
        Ok(Plan {
            service: service.name().clone(),
            commit: None,
            tag: None,
            digest: None,
            gates,
            steps: steps.into(),
            costs: Costs {
                requests: survey.requests.saturating_add(requests(&gc)),
                bytes: 0,
            },
            confirmation: confirmation(&gc),
            operation: gc.into(),
        })
    }
}

/// What windlass.toml says that the environment keeps.
pub(super) fn rule(engine: &Engine, environment: &Environment) -> Result<Retention, EngineError> {
    let rule = engine.settings(&environment.name)?.retain;
    rule.ok_or_else(|| EngineError::NoRetention(environment.name.clone()))
}

/// Whether what decides could be read.
pub(super) async fn judge(
    engine: &Engine,
    environment: &Environment,
    unread: &[String],
) -> Result<Vec<Gate>, EngineError> {
    let subjects = vec![StateQuestion { unread }.into()];
    let question = Question::of_environment(engine, environment, Moment::Gc, subjects)?;
    Ok(gates::ask(&question).await.gates)
}

/// For each image its tags, what was deployed since and the deletions, and one deletion of nothing.
fn requests(gc: &Gc) -> u64 {
    let each = gc
        .images
        .iter()
        .map(|image| image.tags.len() + image.manifests.len() + 2);
    u64::try_from(each.sum::<usize>() + 1).unwrap_or(u64::MAX)
}

fn confirmation(gc: &Gc) -> Confirmation {
    if gc.protected && !gc.images.is_empty() {
        Confirmation::Typed(format!("delete {} from {}", gc.images.len(), gc.environment))
    } else {
        Confirmation::Plain
    }
}
