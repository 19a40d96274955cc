//! The jobs of a run, their steps and their logs.

use jiff::Timestamp;
use serde::Deserialize;

use super::READS;
use super::runs::Progress;
use crate::domain::clean_line;
use crate::github::GitHub;
use crate::github::client::{Ask, Page};
use crate::github::error::GitHubError;

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: u64,
    /// What it is called.
    pub name: String,
    /// How far it is.
    pub progress: Progress,
    /// The runner that it was given.
    pub runner: Option<String>,
    /// When it was begun.
    pub started: Option<Timestamp>,
    /// Its steps, as far as GitHub lists them yet.
    pub steps: Vec<JobStep>,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStep {
    /// Its number in its job.
    pub number: u64,
    /// What it is called.
    pub name: String,
    /// How far it is.
    pub progress: Progress,
}

#[derive(Debug, Deserialize)]
struct Jobs {
    jobs: Vec<Wire>,
}

#[derive(Debug, Deserialize)]
struct Wire {
    id: u64,
    name: String,
    status: Option<String>,
    conclusion: Option<String>,
    runner_name: Option<String>,
    started_at: Option<Timestamp>,
    steps: Option<Vec<WireStep>>,
}

#[derive(Debug, Deserialize)]
struct WireStep {
    number: u64,
    name: String,
    status: Option<String>,
    conclusion: Option<String>,
}

impl From<Wire> for Job {
    fn from(wire: Wire) -> Self {
        let steps = wire.steps.unwrap_or_default().into_iter();
        let runner = wire.runner_name.map(|name| clean_line(&name));
        Self {
            id: wire.id,
            name: clean_line(&wire.name),
            progress: Progress::new(wire.status.as_deref(), wire.conclusion.as_deref()),
            runner: runner.filter(|name| !name.is_empty()),
            started: wire.started_at,
            steps: steps
                .map(|step| JobStep {
                    number: step.number,
                    name: clean_line(&step.name),
                    progress: Progress::new(step.status.as_deref(), step.conclusion.as_deref()),
                })
                .collect(),
        }
    }
}

impl GitHub {
    /// The jobs of one attempt of a run.
    pub async fn jobs(&self, run: u64, attempt: u32) -> Result<Vec<Job>, GitHubError> {
        let ask = Ask::new(
            format!("the jobs of workflow run {run} of {}", self.repository),
            READS,
        );
        let route = self.route(&format!(
            "/actions/runs/{run}/attempts/{attempt}/jobs?per_page=100"
        ));
        let found = self
            .client
            .pages(&ask, &route, |page: Jobs| Page::from(page.jobs));
        Ok(found.await?.into_iter().map(Job::from).collect())
    }

    /// The log of a job that has ended, line by line as it comes; the lines are as whoever wrote them, and nothing of them
    /// is kept here.
    pub async fn job_log(&self, job: u64, mut tell: impl FnMut(&str) + Send) -> Result<(), GitHubError> {
        let ask = Ask::new(format!("the log of job {job} of {}", self.repository), READS);
        let route = self.route(&format!("/actions/jobs/{job}/logs"));
        self.client.lines(&ask, &route, &mut tell).await
    }
}
