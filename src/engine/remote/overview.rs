//! The newest runs on GitHub, with what those wait for that wait.

use futures_util::future::join_all;
use jiff::Timestamp;

use crate::config::Config;
use crate::domain::RunTitle;
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::github::{GitHub, PendingDeployment, Progress, WorkflowRun};

/// How many runs that wait are asked what they wait for.
const MAX_WAITING: usize = 10;

/// A run on GitHub, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRun {
    /// The run.
    pub run: WorkflowRun,
    /// What its title says of what it does.
    pub said: RunTitle,
    /// The environment that it promotes to, as far as its workflow or what it waits for tells.
    pub environment: Option<String>,
    /// What it waits for.
    pub pending: Vec<PendingDeployment>,
}

impl RemoteRun {
    /// Whether it has ended.
    pub const fn is_ended(&self) -> bool {
        matches!(self.run.progress, Progress::Ended(_))
    }

    /// Whether it waits for an approval that this token's user may give.
    pub fn waits_for_you(&self) -> bool {
        self.pending.iter().any(|pending| pending.may_approve)
    }
}

/// The newest runs on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRuns {
    /// Newest first.
    pub runs: Vec<RemoteRun>,
    /// How many requests GitHub still takes, as its last answer said.
    pub remaining: Option<u64>,
    /// When it was asked.
    pub at: Timestamp,
}

impl Engine {
    /// Whether promotions to some environment run on GitHub.
    pub fn runs_on_github(&self) -> bool {
        let environments = self.config().environments.values();
        environments.into_iter().any(|settings| settings.runner.is_some())
    }

    /// The newest `limit` runs of all workflows; none where the repository is not on GitHub.
    ///
    /// # Errors
    /// When GitHub cannot be asked for the list. What a run waits for may be missing.
    pub async fn remote_runs(&self, limit: usize) -> Result<Option<RemoteRuns>, EngineError> {
        let Some(github) = self.github()? else {
            return Ok(None);
        };
        let runs = github.workflow_runs(None, limit).await?;
        let mut waiting = 0;
        let asking = runs.into_iter().map(|run| {
            let waits = run.progress == Progress::Waiting && waiting < MAX_WAITING;
            waiting += usize::from(waits);
            describe(github, self.config(), run, waits)
        });
        Ok(Some(RemoteRuns {
            runs: join_all(asking).await,
            remaining: github.remaining(),
            at: Timestamp::now(),
        }))
    }
}

async fn describe(github: &GitHub, config: &Config, run: WorkflowRun, waits: bool) -> RemoteRun {
    let pending = if waits {
        let pending = github.pending_deployments(run.id).await;
        pending.unwrap_or_else(|error| {
            tracing::warn!(%error, "could not read what a run waits for");
            Vec::new()
        })
    } else {
        Vec::new()
    };
    let waited_for = pending.first().map(|pending| pending.environment.clone());
    RemoteRun {
        said: run.said(),
        environment: waited_for.or_else(|| environment_of(config, run.workflow())),
        pending,
        run,
    }
}

/// The only environment whose promotions run in that workflow.
fn environment_of(config: &Config, workflow: &str) -> Option<String> {
    let mut found = config.environments.iter().filter(|(_, settings)| {
        let runner = settings.runner.as_ref();
        runner.is_some_and(|runner| runner.workflow.as_str() == workflow)
    });
    match (found.next(), found.next()) {
        (Some((name, _)), None) => Some(name.to_string()),
        _ => None,
    }
}
