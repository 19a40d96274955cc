//! The jobs of a run, their steps and their logs.

use jiff::Timestamp;
use serde::Deserialize;

use super::READS;
use super::runs::{Conclusion, Progress, is_set};
use crate::domain::clean_line;
use crate::github::GitHub;
use crate::github::client::{Ask, LogLength, LogPart, Page};
use crate::github::error::GitHubError;
use crate::github::forge::Forge;

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
    started_at: Option<Timestamp>,
}

impl WireStep {
    fn progress(&self, job: Progress, forge: Forge) -> Progress {
        match forge {
            Forge::GitHub => Progress::new(self.status.as_deref(), self.conclusion.as_deref()),
            Forge::Gitea => self.progress_on_gitea(job),
        }
    }

    /// Gitea gives each step the status of its job: what can be relied on is whether it was begun.
    fn progress_on_gitea(&self, job: Progress) -> Progress {
        let is_started = self.started_at.as_ref().is_some_and(is_set);
        match job {
            Progress::Ended(_) if !is_started => Progress::Ended(Conclusion::Skipped),
            Progress::Ended(Conclusion::Success) => job,
            Progress::Ended(_) => Progress::Ended(Conclusion::Unknown),
            _ if is_started => Progress::Running,
            _ => Progress::Queued,
        }
    }
}

impl Wire {
    fn read(self, forge: Forge) -> Job {
        let wire = self;
        let progress = Progress::new(wire.status.as_deref(), wire.conclusion.as_deref());
        let steps = wire.steps.unwrap_or_default().into_iter();
        let runner = wire.runner_name.map(|name| clean_line(&name));
        Job {
            id: wire.id,
            name: clean_line(&wire.name),
            progress,
            runner: runner.filter(|name| !name.is_empty()),
            started: wire.started_at.filter(is_set),
            steps: steps
                .map(|step| JobStep {
                    number: step.number,
                    name: clean_line(&step.name),
                    progress: step.progress(progress, forge),
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
        let forge = self.forge();
        let of = match forge {
            Forge::GitHub => format!("/attempts/{attempt}"),
            // It lists those of the newest attempt.
            Forge::Gitea => String::new(),
        };
        let route = self.route(&format!("/actions/runs/{run}{of}/jobs?{}", forge.page_size()));
        let found = self
            .client
            .pages(&ask, &route, |page: Jobs| Page::from(page.jobs));
        Ok(found.await?.into_iter().map(|job| job.read(forge)).collect())
    }

    /// The log of a job that has ended, line by line as it comes; the lines are as whoever wrote them, and nothing of them
    /// is kept here.
    pub async fn job_log(&self, job: u64, mut tell: impl FnMut(&str) + Send) -> Result<(), GitHubError> {
        let ask = Ask::new(format!("the log of job {job} of {}", self.repository), READS);
        let route = self.route(&format!("/actions/jobs/{job}/logs"));
        self.client
            .lines(&ask, &route, LogLength::Whole, &mut tell)
            .await?;
        Ok(())
    }

    /// The last `bytes` of the log of a job that has ended, from the beginning of a line on; all of it where whoever keeps it
    /// gives no less.
    pub async fn job_log_end(
        &self,
        job: u64,
        bytes: u64,
        mut tell: impl FnMut(&str) + Send,
    ) -> Result<LogPart, GitHubError> {
        let ask = Ask::new(format!("the log of job {job} of {}", self.repository), READS);
        let route = self.route(&format!("/actions/jobs/{job}/logs"));
        self.client
            .lines(&ask, &route, LogLength::End(bytes), &mut tell)
            .await
    }
}
