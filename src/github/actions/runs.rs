//! Runs of workflows, as they are listed.

use jiff::Timestamp;
use serde::Deserialize;

use super::READS;
use crate::domain::{RunTitle, WorkflowFile, clean_line};
use crate::github::GitHub;
use crate::github::client::{Ask, Page};
use crate::github::error::GitHubError;
use crate::github::forge::Forge;

/// How many pages of runs are read of Gitea.
const GITEA_PAGES: usize = 4;

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRun {
    /// Its number.
    pub id: u64,
    /// Which attempt this is, from 1 on: a run that is run again is the same run.
    pub attempt: u32,
    /// Its title: what `run-name` of the workflow makes of its inputs.
    pub title: String,
    /// The file of the workflow in the repository.
    pub path: String,
    /// How far it is.
    pub progress: Progress,
    /// Its page.
    pub url: String,
    /// The commit whose workflow it is.
    pub head_sha: String,
    /// Who began this attempt.
    pub actor: Option<String>,
    /// When the run was begun. Gitea does not say it before a runner has it: until then that is now.
    pub created: Timestamp,
}

/// How far something on GitHub is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It waits for a runner, or behind another.
    Queued,
    /// It waits for an approval or a timer of an environment.
    Waiting,
    /// It is at work.
    Running,
    /// It has ended.
    Ended(Conclusion),
}

/// How something on GitHub ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// It is done.
    Success,
    /// It failed.
    Failure,
    /// Somebody or something cancelled it.
    Cancelled,
    /// It was left out.
    Skipped,
    /// It took too long.
    TimedOut,
    /// Any other end, none of which says that something was done.
    Other,
    /// It ended, and nobody says how.
    Unknown,
}

impl Progress {
    pub(super) fn new(status: Option<&str>, conclusion: Option<&str>) -> Self {
        match (status, conclusion) {
            (Some("completed"), conclusion) => Self::Ended(Conclusion::new(conclusion)),
            (Some("in_progress"), _) => Self::Running,
            (Some("waiting"), _) => Self::Waiting,
            _ => Self::Queued,
        }
    }

    /// One word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Ended(conclusion) => conclusion.word(),
        }
    }
}

impl Conclusion {
    fn new(text: Option<&str>) -> Self {
        match text {
            Some("success") => Self::Success,
            Some("failure" | "startup_failure") => Self::Failure,
            Some("cancelled") => Self::Cancelled,
            Some("skipped") => Self::Skipped,
            Some("timed_out") => Self::TimedOut,
            _ => Self::Other,
        }
    }

    /// One word, or two.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "done",
            Self::Failure => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::TimedOut => "timed out",
            Self::Other => "inconclusive",
            Self::Unknown => "ended",
        }
    }
}

#[derive(Debug, Deserialize)]
struct Wire {
    id: u64,
    run_attempt: Option<u32>,
    name: Option<String>,
    display_title: Option<String>,
    path: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    html_url: String,
    head_sha: Option<String>,
    actor: Option<Actor>,
    #[serde(alias = "trigger_actor")]
    triggering_actor: Option<Actor>,
    created_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Actor {
    login: String,
}

#[derive(Debug, Deserialize)]
struct Runs {
    workflow_runs: Vec<Wire>,
}

impl From<Wire> for WorkflowRun {
    fn from(wire: Wire) -> Self {
        let title = wire.display_title.or(wire.name).unwrap_or_default();
        Self {
            id: wire.id,
            // Gitea says 0, whichever attempt it is.
            attempt: wire.run_attempt.unwrap_or(1).max(1),
            title: clean_line(&title),
            path: clean_line(&wire.path.unwrap_or_default()),
            progress: Progress::new(wire.status.as_deref(), wire.conclusion.as_deref()),
            url: clean_line(&wire.html_url),
            head_sha: clean_line(&wire.head_sha.unwrap_or_default()),
            actor: wire
                .triggering_actor
                .or(wire.actor)
                .map(|actor| clean_line(&actor.login)),
            created: wire
                .created_at
                .or(wire.started_at)
                .filter(is_set)
                .unwrap_or_else(Timestamp::now),
        }
    }
}

/// Whether that is a time: Gitea says when something has not begun or ended by the first second of 1970.
pub(super) fn is_set(time: &Timestamp) -> bool {
    time.as_second() > 0
}

impl WorkflowRun {
    /// What its title says of what it does.
    pub fn said(&self) -> RunTitle {
        RunTitle::parse(&self.title)
    }

    /// The file name of its workflow.
    pub fn workflow(&self) -> &str {
        let path = self
            .path
            .split_once('@')
            .map_or(self.path.as_str(), |(path, _)| path);
        path.rsplit('/').next().unwrap_or(path)
    }
}

impl GitHub {
    /// One run, as it is now.
    pub async fn workflow_run(&self, id: u64) -> Result<WorkflowRun, GitHubError> {
        let ask = Ask::new(format!("workflow run {id} of {}", self.repository), READS);
        let found: Wire = self
            .client
            .get(&ask, &self.route(&format!("/actions/runs/{id}")))
            .await?;
        Ok(found.into())
    }

    /// The newest runs of `workflow`, or of all; at most `limit` of them, and at most a hundred.
    pub async fn workflow_runs(
        &self,
        workflow: Option<&WorkflowFile>,
        limit: usize,
    ) -> Result<Vec<WorkflowRun>, GitHubError> {
        let ask = Ask::new(format!("the workflow runs of {}", self.repository), READS);
        if self.forge() == Forge::Gitea {
            let mut runs = self.runs_of_gitea(&ask, workflow, "").await?;
            runs.truncate(limit);
            return Ok(runs);
        }
        let of = workflow.map_or_else(String::new, |workflow| format!("/workflows/{workflow}"));
        let route = self.route(&format!("/actions{of}/runs?per_page={}", limit.clamp(1, 100)));
        let found: Runs = self.client.get(&ask, &route).await?;
        Ok(found.workflow_runs.into_iter().map(Into::into).collect())
    }

    /// The run of `workflow` whose title says `correlation`, among those dispatched since `since`.
    pub async fn run_of_correlation(
        &self,
        workflow: &WorkflowFile,
        correlation: &str,
        since: Timestamp,
    ) -> Result<Option<WorkflowRun>, GitHubError> {
        let ask = Ask::new(format!("the runs of {workflow} of {}", self.repository), READS);
        let is_it = |run: &WorkflowRun| run.said().correlation.as_deref() == Some(correlation);
        if self.forge() == Forge::Gitea {
            let dispatched = "&event=workflow_dispatch";
            let runs = self.runs_of_gitea(&ask, Some(workflow), dispatched).await?;
            return Ok(runs.into_iter().find(is_it));
        }
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let route = self.route(&format!(
            "/actions/workflows/{workflow}/runs?event=workflow_dispatch&created={}&per_page=100",
            crate::github::client::segment(&format!(">={since}"))
        ));
        // How many there are may change from one page to the next, so that their number is not held against them.
        let found = self
            .client
            .pages(&ask, &route, |page: Runs| Page::from(page.workflow_runs));
        Ok(found.await?.into_iter().map(WorkflowRun::from).find(is_it))
    }

    /// The newest runs on Gitea, which lists them for all workflows together.
    async fn runs_of_gitea(
        &self,
        ask: &Ask,
        workflow: Option<&WorkflowFile>,
        filter: &str,
    ) -> Result<Vec<WorkflowRun>, GitHubError> {
        let route = self.route(&format!("/actions/runs?{}{filter}", self.forge().page_size()));
        let runs = |page: Runs| page.workflow_runs;
        let found = self.client.first_pages(ask, &route, GITEA_PAGES, runs).await?;
        let all = found.into_iter().map(WorkflowRun::from);
        Ok(all
            .filter(|run| workflow.is_none_or(|workflow| run.workflow() == workflow.as_str()))
            .collect())
    }
}
