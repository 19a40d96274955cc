//! Follows a run on GitHub to its end: the third feed of events, beside a run of this process and a journal.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::pace::Pace;
use super::tell::Tell;
use super::tree::{LogLength, Tree};
use crate::domain::{PlannedStep, first};
use crate::engine::run::event::{EventKind, Level};
use crate::github::{
    Conclusion, GitHub, GitHubError, Job, LiveOutput, PendingDeployment, Progress, Review, WorkflowRun,
};

/// How often GitHub is asked unless said otherwise.
const POLL: Duration = Duration::from_secs(3);
/// How long GitHub may be out of reach, in poll intervals.
const MAX_OUTAGE: u32 = 200;
/// How many of the last lines of a job's log are told.
const TAIL_LINES: usize = 500;

/// How a run is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowOptions {
    /// How often GitHub is asked at most.
    pub poll: Duration,
    /// How much of the logs is told.
    pub logs: LogLength,
}

impl FollowOptions {
    /// The usual ones, asking every `poll`.
    pub fn new(poll: Option<SignedDuration>) -> Self {
        let poll = poll.and_then(|poll| poll.try_into().ok());
        Self {
            poll: poll.unwrap_or(POLL),
            logs: LogLength::Tail(TAIL_LINES),
        }
    }
}

/// What became of a run that was followed.
#[derive(Debug)]
pub struct Followed {
    /// Its number.
    pub number: u64,
    /// How following it ended.
    pub ending: Ending,
    /// The jobs that failed in its last attempt.
    pub failed: Vec<String>,
}

/// How following a run ended.
#[derive(Debug)]
pub enum Ending {
    /// The run ended.
    Concluded(Conclusion),
    /// Somebody rejected its deployment.
    Rejected(Review),
    /// Whoever followed it wants no more; it goes on.
    Left,
    /// It was deleted.
    Gone,
    /// GitHub does not tell any more; it may go on.
    Lost(GitHubError),
}

/// Follows run `number`, which carries out a plan with these `steps` if they are known, until it ends or `cancel` is
/// cancelled, and tells what happens in it.
pub async fn follow(
    github: &GitHub,
    number: u64,
    steps: Vec<PlannedStep>,
    options: &FollowOptions,
    tell: &mut (dyn FnMut(EventKind) + Send),
    cancel: &CancellationToken,
) -> Followed {
    let mut follower = Follower {
        github,
        number,
        tree: Tree::new(steps, options.logs),
        attempt: 0,
        waiting: None,
        asked: BTreeSet::new(),
        live: Live::Unknown,
        failed: Vec::new(),
    };
    let ending = tokio::select! {
        ending = follower.until_end(options.poll, tell) => ending,
        () = cancel.cancelled() => Ending::Left,
    };
    Followed {
        number,
        ending,
        failed: follower.failed,
    }
}

/// What there is of run `number` now: its jobs, and the whole logs of those that have ended. The jobs that have not.
pub async fn read(
    github: &GitHub,
    number: u64,
    tell: &mut (dyn FnMut(EventKind) + Send),
) -> Result<Vec<Job>, GitHubError> {
    let run = github.workflow_run(number).await?;
    tell(begun(&run));
    let mut jobs = github.jobs(number, run.attempt).await?;
    let mut tree = Tree::new(Vec::new(), LogLength::Whole);
    tree.update(github, &jobs, &[], tell).await;
    jobs.retain(|job| !matches!(job.progress, Progress::Ended(_)));
    Ok(jobs)
}

fn begun(run: &WorkflowRun) -> EventKind {
    EventKind::WorkflowRun {
        number: run.id,
        attempt: run.attempt,
        title: run.title.clone(),
        url: run.url.clone(),
    }
}

/// Whether a job publishes what it does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Live {
    /// None has so far.
    Unknown,
    /// One has.
    Published,
    /// This token may not read it.
    Hidden,
}

struct Follower<'a> {
    github: &'a GitHub,
    number: u64,
    tree: Tree,
    /// The attempt that was told last.
    attempt: u32,
    /// What it was last said to wait for.
    waiting: Option<String>,
    /// The environments whose approval this attempt has asked for.
    asked: BTreeSet<String>,
    live: Live,
    failed: Vec<String>,
}

impl Follower<'_> {
    async fn until_end(&mut self, poll: Duration, tell: Tell<'_>) -> Ending {
        let mut pace = Pace::new(poll);
        let mut failures = 0;
        loop {
            let wait = match self.look(tell).await {
                Ok((Some(ending), _)) => return ending,
                Ok((None, moved)) => {
                    failures = 0;
                    pace.next(moved)
                }
                Err(error) => {
                    failures += 1;
                    match self.bear(error, failures, tell) {
                        Ok(wait) => wait.unwrap_or_else(|| pace.next(false)),
                        Err(ending) => return ending,
                    }
                }
            };
            tokio::time::sleep(wait.max(self.github.breather())).await;
        }
    }

    /// One look at the run; its ending, and whether anything moved.
    async fn look(&mut self, tell: Tell<'_>) -> Result<(Option<Ending>, bool), GitHubError> {
        // The run first: what it says of its end holds for the jobs that are asked for after it.
        let run = self.github.workflow_run(self.number).await?;
        let mut moved = self.begin_attempt(&run, tell);
        let jobs = self.github.jobs(self.number, run.attempt).await?;
        let live = self.live(&run, &jobs).await;
        moved |= self.tree.update(self.github, &jobs, &live, tell).await;
        self.failed = failed(&jobs);
        match run.progress {
            Progress::Ended(conclusion) => {
                let ending = self.ending(conclusion).await?;
                return Ok((Some(ending), true));
            }
            Progress::Waiting => moved |= self.tell_waiting(&run, tell).await?,
            Progress::Queued | Progress::Running => self.waiting = None,
        }
        Ok((None, moved))
    }

    /// What jobs say while they run. What cannot be read now is in their logs later.
    async fn live(&mut self, run: &WorkflowRun, jobs: &[Job]) -> Vec<LiveOutput> {
        let is_running = jobs.iter().any(|job| job.progress == Progress::Running);
        let is_due = is_running || self.live == Live::Published;
        if self.live == Live::Hidden || !is_due || run.head_sha.is_empty() {
            return Vec::new();
        }
        match self.github.live(run.id, run.attempt, &run.head_sha).await {
            Ok(outputs) => {
                if !outputs.is_empty() {
                    self.live = Live::Published;
                }
                outputs
            }
            Err(
                GitHubError::NotAuthorised { .. }
                | GitHubError::NoToken { .. }
                | GitHubError::Lacking(_)
                | GitHubError::NotFound { .. },
            ) => {
                self.live = Live::Hidden;
                Vec::new()
            }
            Err(error) => {
                tracing::warn!(%error, "could not read the live output");
                Vec::new()
            }
        }
    }

    fn begin_attempt(&mut self, run: &WorkflowRun, tell: Tell<'_>) -> bool {
        if run.attempt == self.attempt {
            return false;
        }
        self.attempt = run.attempt;
        self.asked.clear();
        tell(begun(run));
        true
    }

    /// Says what the run waits for, if it is not what was said last, and asks for each approval once.
    async fn tell_waiting(&mut self, run: &WorkflowRun, tell: Tell<'_>) -> Result<bool, GitHubError> {
        let pending = match self.github.pending_deployments(self.number).await {
            Err(GitHubError::Lacking(_)) => Vec::new(),
            pending => pending?,
        };
        for one in pending.iter().filter(|one| needs_approval(one)) {
            if self.asked.insert(one.environment.clone()) {
                tell(EventKind::ApprovalRequested {
                    number: run.id,
                    attempt: run.attempt,
                    url: run.url.clone(),
                    environment: one.environment.clone(),
                    reviewers: one.reviewers.iter().map(ToString::to_string).collect(),
                });
            }
        }
        let words: Vec<_> = pending.iter().map(|one| waits_for(one, self.number)).collect();
        let words = words.join("; ");
        if words.is_empty() || self.waiting.as_ref() == Some(&words) {
            return Ok(false);
        }
        tell(EventKind::Log {
            step: None,
            level: Level::Warning,
            line: words.clone(),
        });
        self.waiting = Some(words);
        Ok(true)
    }

    /// What the end of a run is: one that was rejected is a failure to GitHub.
    async fn ending(&self, conclusion: Conclusion) -> Result<Ending, GitHubError> {
        if conclusion == Conclusion::Failure {
            let reviews = self.github.reviews(self.number).await?;
            if let Some(rejected) = reviews.into_iter().rev().find(|review| !review.approved) {
                return Ok(Ending::Rejected(rejected));
            }
        }
        Ok(Ending::Concluded(conclusion))
    }

    /// What follows from an error: how long to wait, or the end of following.
    fn bear(&self, error: GitHubError, failures: u32, tell: Tell<'_>) -> Result<Option<Duration>, Ending> {
        let mut warn = |line: String| {
            if failures == 1 {
                tell(EventKind::Log {
                    step: None,
                    level: Level::Warning,
                    line,
                });
            }
        };
        match error {
            GitHubError::NotFound { .. } if self.attempt > 0 => Err(Ending::Gone),
            GitHubError::RateLimited { until, .. } => {
                warn(format!("{error}; the run goes on, and is followed again then"));
                let wait = until.map(|until| until.duration_since(Timestamp::now()));
                Ok(wait.and_then(|wait| wait.try_into().ok()))
            }
            GitHubError::Unreachable { .. }
            | GitHubError::Slow { .. }
            | GitHubError::Malformed { .. }
            | GitHubError::Status { .. }
                if failures < MAX_OUTAGE =>
            {
                warn(format!("{error}; the run goes on, trying again"));
                Ok(None)
            }
            error => Err(Ending::Lost(error)),
        }
    }
}

fn failed(jobs: &[Job]) -> Vec<String> {
    let failed = jobs.iter().filter(|job| {
        matches!(
            job.progress,
            Progress::Ended(Conclusion::Failure | Conclusion::TimedOut)
        )
    });
    failed.map(|job| job.name.clone()).collect()
}

/// When its timer ends, where that still runs.
fn timer(pending: &PendingDeployment) -> Option<Timestamp> {
    pending.waits_until.filter(|until| *until > Timestamp::now())
}

/// Whether somebody has to approve it. Where nobody is named and no timer runs, another rule waits for a decision.
fn needs_approval(pending: &PendingDeployment) -> bool {
    !pending.reviewers.is_empty() || timer(pending).is_none()
}

/// What a run waits for, and what to do.
fn waits_for(pending: &PendingDeployment, run: u64) -> String {
    let environment = &pending.environment;
    if let Some(until) = timer(pending) {
        return format!(
            "waiting for the timer of {environment} until {}",
            until.strftime("%Y-%m-%d %H:%M:%S UTC")
        );
    }
    let by = if pending.reviewers.is_empty() {
        String::new()
    } else {
        format!(
            " by {}",
            first(pending.reviewers.iter().map(ToString::to_string), 5)
        )
    };
    let how = if pending.may_approve {
        format!("; approve it with `windlass approve --github {run} --env {environment}`")
    } else {
        String::new()
    };
    format!("waiting for the approval of {environment}{by}{how}")
}
