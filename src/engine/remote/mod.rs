//! Runs on GitHub. A plan whose environment has `runner = "github"` is carried out by a workflow, which makes the same plan
//! again and refuses if it is another; whoever asked for it begins the workflow and follows it.

mod asked;
mod dispatch;
mod follow;
mod job;
mod live;
mod live_tree;
mod overview;
mod pace;
pub(in crate::engine) mod refused;
mod tell;
mod tree;
mod waiting;

pub use follow::{Ending, FollowOptions, Followed, follow, read};
pub(in crate::engine) use job::dispatched;
pub(in crate::engine) use live::publish;
pub use overview::{RemoteRun, RemoteRuns};
pub use refused::ReviewRefused;
pub use tree::LogLength;
pub use waiting::{DeploymentReview, WaitingRun};

use crate::domain::{Environment, Exit, WorkflowTarget};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::run::Context;
use crate::engine::run::event::EventKind;
use crate::github::{Conclusion, GitHub};
use asked::Asked;

/// The workflow that promotions to an environment run in, or those by its hotfix path, if they run on GitHub.
pub(in crate::engine) fn runner_of(
    engine: &Engine,
    environment: &Environment,
    is_hotfix: bool,
) -> Result<Option<WorkflowTarget>, EngineError> {
    let Some(settings) = &engine.settings(&environment.name)?.runner else {
        return Ok(None);
    };
    let github = engine.github()?;
    let github = github.ok_or_else(|| EngineError::NoGitHub(environment.name.clone()))?;
    let branch = settings.branch.as_ref();
    Ok(Some(WorkflowTarget {
        repository: github.repository().clone(),
        workflow: if is_hotfix {
            &settings.hotfix
        } else {
            &settings.workflow
        }
        .clone(),
        branch: branch.unwrap_or(&engine.config().git.develop).clone(),
    }))
}

/// How a run on GitHub ended, or following it.
#[derive(Debug)]
pub struct RemoteEnd {
    /// The exit code.
    pub exit: Exit,
    /// One sentence.
    pub summary: String,
    /// What to do now.
    pub hint: Option<String>,
}

impl From<RemoteEnd> for EventKind {
    fn from(end: RemoteEnd) -> Self {
        Self::RunEnded {
            exit: end.exit,
            summary: end.summary,
            hint: end.hint,
            places: Vec::new(),
        }
    }
}

/// Begins the workflow and follows it; `begun` is called once it is known which run it is.
pub(in crate::engine) async fn carry_out(
    context: &Context<'_>,
    target: &WorkflowTarget,
    begun: impl FnOnce() + Send,
) -> Result<RemoteEnd, EngineError> {
    let github = github(context)?;
    let dispatched = dispatch::begin(context, github, target).await?;
    begun();
    let number = dispatched.number;
    let asked = if dispatched.was_under_way {
        Asked::read(context.engine.journals(), number).await
    } else {
        Asked::default()
    };
    let options = FollowOptions::new(context.engine.config().github.poll);
    let mut tell = |kind| {
        if !asked.has(&kind) {
            context.recorder.record(kind);
        }
    };
    let steps = context.plan.steps.clone();
    let followed = follow(github, number, steps, &options, &mut tell, context.cancel).await;
    Ok(followed.end(&context.plan.operation.title()))
}

fn github<'a>(context: &Context<'a>) -> Result<&'a GitHub, EngineError> {
    let github = context.engine.github()?;
    github.ok_or_else(|| EngineError::Internal("a plan for GitHub without a repository there".to_owned()))
}

impl Followed {
    /// The exit code of it, and the words, where it is `what` that the run does.
    pub fn end(&self, what: &str) -> RemoteEnd {
        let run = self.number;
        let logs = Some(format!("run `windlass logs {run}` to read its logs"));
        let again = Some(format!("run `windlass logs {run} -f` to follow it again"));
        let (exit, summary, hint) = match &self.ending {
            Ending::Concluded(Conclusion::Success) => {
                (Exit::Done, format!("{what} is done in run {run} on GitHub"), None)
            }
            Ending::Concluded(Conclusion::Cancelled) => (
                Exit::Interrupted,
                format!("{what} was cancelled in run {run} on GitHub"),
                logs,
            ),
            Ending::Concluded(conclusion) => {
                let jobs = if self.failed.is_empty() {
                    String::new()
                } else {
                    format!(" (in {})", crate::domain::first(self.failed.iter(), 3))
                };
                (
                    Exit::Failed,
                    format!("{what} {} in run {run} on GitHub{jobs}", conclusion.word()),
                    logs,
                )
            }
            Ending::Rejected(review) => {
                let comment = if review.comment.is_empty() {
                    String::new()
                } else {
                    format!(": {}", review.comment)
                };
                (
                    Exit::Refused,
                    format!(
                        "{what} was rejected in run {run} on GitHub by {}{comment}",
                        review.user
                    ),
                    None,
                )
            }
            Ending::Left => (
                Exit::StillRunning,
                format!("{what}: following stopped; run {run} on GitHub goes on"),
                again,
            ),
            Ending::Gone => (
                Exit::NotFound,
                format!("{what}: run {run} on GitHub is not there any more"),
                Some("somebody deleted it; `windlass status` shows what is deployed".to_owned()),
            ),
            Ending::Lost(why) => (
                Exit::StillRunning,
                format!("{what}: run {run} on GitHub can no longer be followed: {why}"),
                again,
            ),
        };
        RemoteEnd { exit, summary, hint }
    }
}
