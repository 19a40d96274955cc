//! What ran on a commit, and how it ended: check runs, and the statuses that were before them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use serde::Deserialize;

use super::GitHub;
use super::actions;
use super::client::{Ask, Page};
use super::error::GitHubError;
use super::forge::Forge;
use crate::domain::{CommitSha, clean_line, first};

const NEEDS: &str = "checks: read and commit statuses: read (classic: repo)";

/// The checks of a commit, the newest attempt of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checks {
    /// How many passed.
    pub passed: usize,
    /// Those that were skipped, or say that they are neither good nor bad: nothing was proved by them.
    pub skipped: Vec<String>,
    /// Those that did not, by name, with how they ended where that is not plain failure.
    pub failed: Vec<String>,
    /// Those that have not ended yet.
    pub pending: Vec<String>,
    /// The names of those that passed.
    successful: BTreeSet<String>,
}

/// How a context that a rule requires stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredCheck {
    /// It passed, wherever it ran.
    Passed,
    /// It was skipped, so that it says nothing.
    Skipped,
    /// It failed, or has not ended: the checks themselves say so.
    Reported,
    /// Nothing with this name reported.
    Missing,
}

/// What the checks say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChecksVerdict {
    /// Nothing ran on the commit, and nothing is to.
    None,
    /// None failed, and some passed.
    Passed,
    /// All were skipped or neutral.
    Skipped,
    /// Some have not ended yet, and none failed so far.
    Pending,
    /// Some failed.
    Failed,
}

impl Checks {
    /// How many there are.
    pub const fn count(&self) -> usize {
        self.passed + self.skipped.len() + self.failed.len() + self.pending.len()
    }

    /// How the context `name`, which a rule requires, stands.
    pub fn required(&self, name: &str) -> RequiredCheck {
        let is_it = |listed: &String| {
            let rest = listed.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
        };
        if self.failed.iter().chain(&self.pending).any(is_it) {
            RequiredCheck::Reported
        } else if self.successful.contains(name) {
            RequiredCheck::Passed
        } else if self.skipped.iter().any(is_it) {
            RequiredCheck::Skipped
        } else {
            RequiredCheck::Missing
        }
    }

    /// What they say together.
    pub const fn verdict(&self) -> ChecksVerdict {
        if !self.failed.is_empty() {
            ChecksVerdict::Failed
        } else if !self.pending.is_empty() {
            ChecksVerdict::Pending
        } else if self.passed > 0 {
            ChecksVerdict::Passed
        } else if !self.skipped.is_empty() {
            ChecksVerdict::Skipped
        } else {
            ChecksVerdict::None
        }
    }

    fn add(&mut self, name: &str, ended: Ended) {
        match ended {
            Ended::Passed => {
                self.passed += 1;
                self.successful.insert(name.to_owned());
            }
            Ended::Skipped(how) => self.skipped.push(format!("{name}{how}")),
            Ended::Pending => self.pending.push(name.to_owned()),
            Ended::Failed => self.failed.push(name.to_owned()),
            Ended::Otherwise(how) => self.failed.push(format!("{name} ({how})")),
        }
    }
}

/// One line: `9 of 9 passed`, `7 of 9 passed; failed: lint; pending: test`.
impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count() == 0 {
            return f.write_str("no checks");
        }
        write!(f, "{} of {} passed", self.passed, self.count())?;
        let lists = [
            ("failed", &self.failed),
            ("pending", &self.pending),
            ("skipped", &self.skipped),
        ];
        for (word, names) in lists {
            if !names.is_empty() {
                write!(f, "; {word}: {}", few(names))?;
            }
        }
        Ok(())
    }
}

/// As many names as a line has room for.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 6;
    first(names.iter(), SHOWN)
}

/// How a check ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Passed,
    /// With what to say behind its name.
    Skipped(&'static str),
    Pending,
    Failed,
    Otherwise(String),
}

#[derive(Debug, Deserialize)]
struct CheckRuns {
    total_count: Option<u64>,
    check_runs: Vec<CheckRun>,
}

#[derive(Debug, Deserialize)]
struct CheckSuites {
    total_count: Option<u64>,
    check_suites: Vec<CheckSuite>,
}

/// The run of one workflow, or of all checks of another app.
#[derive(Debug, Deserialize)]
struct CheckSuite {
    status: Option<String>,
    latest_check_runs_count: Option<u64>,
    created_at: Option<Timestamp>,
    app: Option<App>,
}

#[derive(Debug, Deserialize)]
struct SuiteId {
    id: u64,
}

#[derive(Debug, Deserialize)]
struct CheckRun {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    details_url: Option<String>,
    external_id: Option<String>,
    app: Option<App>,
    check_suite: Option<SuiteId>,
}

#[derive(Debug, Deserialize)]
struct App {
    slug: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CombinedStatus {
    total_count: Option<u64>,
    statuses: Option<Vec<CommitStatus>>,
}

#[derive(Debug, Deserialize)]
struct CommitStatus {
    id: u64,
    context: String,
    /// Gitea calls it `status`.
    #[serde(alias = "status")]
    state: String,
}

impl CheckRun {
    fn ended(&self) -> Ended {
        if self.status != "completed" {
            return Ended::Pending;
        }
        match self.conclusion.as_deref() {
            Some("success") => Ended::Passed,
            Some("skipped") => Ended::Skipped(""),
            Some("neutral") => Ended::Skipped(" (neutral)"),
            Some("failure") => Ended::Failed,
            Some(other) => Ended::Otherwise(clean_line(other).replace('_', " ")),
            None => Ended::Pending,
        }
    }

    /// Whether it is a job of the workflow run `run`.
    fn is_of_run(&self, run: u64) -> bool {
        let page = self.details_url.as_deref().unwrap_or_default();
        let after = page.split_once("/actions/runs/").map(|(_, after)| after);
        after.and_then(|after| after.split('/').next()) == Some(run.to_string().as_str())
    }
}

impl CommitStatus {
    fn ended(&self) -> Ended {
        match self.state.as_str() {
            "success" => Ended::Passed,
            "pending" => Ended::Pending,
            "failure" => Ended::Failed,
            // Of Gitea alone.
            "skipped" => Ended::Skipped(""),
            other => Ended::Otherwise(clean_line(other)),
        }
    }
}

/// How long an app may take to begin its checks. GitHub makes a suite for every app that could check a commit, and most
/// of them never do.
const APP_STARTS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

impl CheckSuite {
    /// Whether checks are still to come of which none is listed yet. A workflow that waits for its turn always has some.
    fn is_to_come(&self, now: Timestamp) -> bool {
        let is_empty = self.latest_check_runs_count.unwrap_or_default() == 0;
        let is_open = self.status.as_deref().is_none_or(|status| status != "completed");
        let is_workflow = self.app().is_some_and(|app| app == "github-actions");
        let is_recent = self
            .created_at
            .is_none_or(|created| now.duration_since(created) < APP_STARTS_WITHIN);
        is_empty && is_open && (is_workflow || is_recent)
    }

    fn app(&self) -> Option<&str> {
        self.app.as_ref()?.slug.as_deref()
    }
}

/// What makes two check runs attempts of the same check. The same name in another workflow (suite) or app is another
/// check; a status has neither.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct CheckKey {
    name: String,
    app: Option<String>,
    suite: Option<u64>,
}

/// Of each check the newest attempt.
fn sum_up(
    runs: Vec<CheckRun>,
    statuses: Vec<CommitStatus>,
    suites: &[CheckSuite],
    own_run: Option<u64>,
    now: Timestamp,
) -> Checks {
    let mut newest: BTreeMap<CheckKey, (u64, Ended)> = BTreeMap::new();
    let mut take = |key, id, ended| match newest.get(&key) {
        Some((known, _)) if *known > id => {}
        _ => {
            newest.insert(key, (id, ended));
        }
    };
    for run in runs {
        // What windlass shows of a run proves nothing about the commit.
        if actions::is_live(&run.name, run.external_id.as_deref()) {
            continue;
        }
        let ended = run.ended();
        // Who waits for himself waits for ever.
        if ended == Ended::Pending && own_run.is_some_and(|own| run.is_of_run(own)) {
            continue;
        }
        let app = run.app.and_then(|app| app.slug).unwrap_or_default();
        let key = CheckKey {
            name: clean_line(&run.name),
            app: Some(app),
            suite: run.check_suite.map(|suite| suite.id),
        };
        take(key, run.id, ended);
    }
    for status in statuses {
        let key = CheckKey {
            name: clean_line(&status.context),
            app: None,
            suite: None,
        };
        take(key, status.id, status.ended());
    }
    let mut checks = Checks::default();
    for (key, (_, ended)) in newest {
        checks.add(&key.name, ended);
    }
    for suite in suites.iter().filter(|suite| suite.is_to_come(now)) {
        let app = suite.app().map_or_else(|| "an app".to_owned(), clean_line);
        checks.pending.push(format!("{app} (not started)"));
    }
    checks
}

impl GitHub {
    /// The checks of `commit`: check runs and statuses, all of them, of each the newest attempt.
    pub async fn checks(&self, commit: &CommitSha) -> Result<Checks, GitHubError> {
        let what = format!("the checks of {} in {}", commit.short(), self.repository);
        let ask = Ask::new(what, NEEDS);
        let statuses = self.route(&format!("/commits/{commit}/status?{}", self.forge().page_size()));
        let statuses = self.client.pages(&ask, &statuses, |page: CombinedStatus| Page {
            entries: page.statuses.unwrap_or_default(),
            // Gitea counts those of the page.
            total: page.total_count.filter(|_| self.forge() == Forge::GitHub),
        });
        if self.forge() == Forge::Gitea {
            return Ok(sum_up(Vec::new(), statuses.await?, &[], None, Timestamp::now()));
        }
        let runs = self.route(&format!(
            "/commits/{commit}/check-runs?filter=latest&per_page=100"
        ));
        let suites = self.route(&format!("/commits/{commit}/check-suites?per_page=100"));
        let found = futures_util::try_join!(
            self.client.pages(&ask, &runs, |page: CheckRuns| Page {
                entries: page.check_runs,
                total: page.total_count,
            }),
            statuses,
            self.client.pages(&ask, &suites, |page: CheckSuites| Page {
                entries: page.check_suites,
                total: page.total_count,
            }),
        );
        match found {
            Ok((runs, statuses, suites)) => {
                Ok(sum_up(runs, statuses, &suites, self.own_run, Timestamp::now()))
            }
            // That is how GitHub says that it does not know a commit.
            Err(GitHubError::Refused { .. }) => Err(GitHubError::NotFound {
                what: format!("commit {} in {}", commit.short(), self.repository),
                anonymous: !self.has_token(),
                needs: NEEDS.to_owned(),
            }),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
