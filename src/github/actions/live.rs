//! What windlass says inside a job while the job runs, of which GitHub gives no log: the output of a check run.
//! <https://docs.github.com/en/rest/checks/runs>

use serde::{Deserialize, Serialize};

use crate::github::GitHub;
use crate::github::client::{Ask, Method, segment};
use crate::github::error::GitHubError;

/// What the check runs are called.
const NAME: &str = "windlass live";
/// What their external ids begin with.
const MARK: &str = "windlass-live/";
const READS: &str = "checks: read (classic: repo)";
const WRITES: &str = "checks: write";
/// What stands around the lines, so that the page of the check shows them as they are.
const FENCE: &str = "```";

/// The job that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveJob {
    /// The run.
    pub run: u64,
    /// Which attempt of it.
    pub attempt: u32,
    /// The key of the job in its workflow.
    pub job: String,
    /// The commit that the run is of.
    pub head_sha: String,
}

/// What a job said so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveOutput {
    /// The key of the job in its workflow.
    pub job: String,
    /// Its lines.
    pub lines: Vec<String>,
}

/// What a check run of windlass is to say.
#[derive(Debug, Clone, Copy)]
pub struct LiveText<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its lines.
    pub lines: &'a str,
    /// Whether nothing will follow.
    pub is_complete: bool,
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_sha: Option<&'a str>,
    external_id: &'a str,
    status: &'static str,
    /// Neither good nor bad: the job itself says how it went.
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<&'static str>,
    output: Output<'a>,
}

#[derive(Debug, Serialize)]
struct Output<'a> {
    title: &'a str,
    summary: &'static str,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Made {
    id: u64,
}

#[derive(Debug, Deserialize)]
struct Checks {
    check_runs: Vec<Check>,
}

#[derive(Debug, Deserialize)]
struct Check {
    external_id: Option<String>,
    output: Option<Said>,
}

#[derive(Debug, Deserialize)]
struct Said {
    text: Option<String>,
}

/// Whether a check run of that name and with that external id only shows what windlass says.
pub(in crate::github) fn is_live(name: &str, external_id: Option<&str>) -> bool {
    name == NAME && external_id.is_some_and(|id| id.starts_with(MARK))
}

impl LiveJob {
    fn external_id(&self) -> String {
        format!("{MARK}{}/{}/{}", self.run, self.attempt, self.job)
    }
}

impl GitHub {
    /// Publishes what a job says: as a new check run, or as the one with this number; the number.
    pub async fn publish_live(
        &self,
        job: &LiveJob,
        check: Option<u64>,
        text: LiveText<'_>,
    ) -> Result<u64, GitHubError> {
        self.forge().requires_github("check runs")?;
        let ask = Ask::new(
            format!("the live output of run {} of {}", job.run, self.repository),
            WRITES,
        );
        let external_id = job.external_id();
        let body = Body {
            name: NAME,
            head_sha: check.is_none().then_some(job.head_sha.as_str()),
            external_id: &external_id,
            status: if text.is_complete {
                "completed"
            } else {
                "in_progress"
            },
            conclusion: text.is_complete.then_some("neutral"),
            output: Output {
                title: text.title,
                summary: "What windlass does in this job, for those who follow it.",
                text: format!("{FENCE}\n{}\n{FENCE}", text.lines),
            },
        };
        let (method, route) = match check {
            None => (Method::Post, self.route("/check-runs")),
            Some(id) => (Method::Patch, self.route(&format!("/check-runs/{id}"))),
        };
        let made: Option<Made> = self.client.send(method, &ask, &route, &body).await?;
        let made = made.map(|made| made.id).or(check);
        made.ok_or_else(|| GitHubError::Malformed {
            what: ask.what,
            why: "the answer is empty".to_owned(),
        })
    }

    /// What the jobs of one attempt of a run said so far, as far as windlass runs in them and publishes it.
    pub async fn live(&self, run: u64, attempt: u32, head_sha: &str) -> Result<Vec<LiveOutput>, GitHubError> {
        self.forge().requires_github("check runs")?;
        let ask = Ask::new(
            format!("the live output of run {run} of {}", self.repository),
            READS,
        );
        let route = self.route(&format!(
            "/commits/{}/check-runs?check_name={}&filter=all&per_page=100",
            segment(head_sha),
            segment(NAME)
        ));
        let found: Checks = self.client.get(&ask, &route).await?;
        let prefix = format!("{MARK}{run}/{attempt}/");
        let outputs = found.check_runs.into_iter().filter_map(|check| {
            let job = check.external_id?.strip_prefix(&prefix)?.to_owned();
            let text = check.output?.text?;
            let lines = text.lines().filter(|line| *line != FENCE);
            Some(LiveOutput {
                job,
                lines: lines.map(str::to_owned).collect(),
            })
        });
        Ok(outputs.collect())
    }
}
