//! What ran on a commit, and how it ended: check runs, and the statuses that were before them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::GitHub;
use super::client::Ask;
use super::error::GitHubError;
use crate::domain::{CommitSha, clean_line};

const NEEDS: &str = "checks: read and commit statuses: read (classic: repo)";

/// The checks of a commit, the newest attempt of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checks {
    /// How many passed; what was skipped, or is neither good nor bad, is among them, as it is for GitHub.
    pub passed: usize,
    /// Those that did not, by name, with how they ended where that is not plain failure.
    pub failed: Vec<String>,
    /// Those that have not ended yet.
    pub pending: Vec<String>,
}

/// What the checks say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChecksVerdict {
    /// Nothing ran on the commit, and nothing is to.
    None,
    /// All passed.
    Passed,
    /// Some have not ended yet, and none failed so far.
    Pending,
    /// Some failed.
    Failed,
}

impl Checks {
    /// How many there are.
    pub const fn count(&self) -> usize {
        self.passed + self.failed.len() + self.pending.len()
    }

    /// What they say together.
    pub const fn verdict(&self) -> ChecksVerdict {
        if !self.failed.is_empty() {
            ChecksVerdict::Failed
        } else if !self.pending.is_empty() {
            ChecksVerdict::Pending
        } else if self.passed > 0 {
            ChecksVerdict::Passed
        } else {
            ChecksVerdict::None
        }
    }

    fn add(&mut self, name: &str, ended: Ended) {
        match ended {
            Ended::Passed => self.passed += 1,
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
        for (word, names) in [("failed", &self.failed), ("pending", &self.pending)] {
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
    let shown = names
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// How a check ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Passed,
    Pending,
    Failed,
    Otherwise(String),
}

#[derive(Debug, Deserialize)]
struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

#[derive(Debug, Deserialize)]
struct CheckRun {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    details_url: Option<String>,
    app: Option<App>,
}

#[derive(Debug, Deserialize)]
struct App {
    slug: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CombinedStatus {
    statuses: Vec<CommitStatus>,
}

#[derive(Debug, Deserialize)]
struct CommitStatus {
    id: u64,
    context: String,
    state: String,
}

impl CheckRun {
    fn ended(&self) -> Ended {
        if self.status != "completed" {
            return Ended::Pending;
        }
        match self.conclusion.as_deref() {
            Some("success" | "neutral" | "skipped") => Ended::Passed,
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
            other => Ended::Otherwise(clean_line(other)),
        }
    }
}

/// Of each name the newest attempt. Two apps may give the same name to checks of theirs: both count.
fn sum_up(runs: Vec<CheckRun>, statuses: Vec<CommitStatus>, own_run: Option<u64>) -> Checks {
    let mut newest: BTreeMap<(String, Option<String>), (u64, Ended)> = BTreeMap::new();
    let mut take = |key, id, ended| match newest.get(&key) {
        Some((known, _)) if *known > id => {}
        _ => {
            newest.insert(key, (id, ended));
        }
    };
    for run in runs {
        let ended = run.ended();
        // Who waits for himself waits for ever.
        if ended == Ended::Pending && own_run.is_some_and(|own| run.is_of_run(own)) {
            continue;
        }
        let app = run.app.and_then(|app| app.slug).unwrap_or_default();
        take((clean_line(&run.name), Some(app)), run.id, ended);
    }
    for status in statuses {
        take((clean_line(&status.context), None), status.id, status.ended());
    }
    let mut checks = Checks::default();
    for ((name, _), (_, ended)) in newest {
        checks.add(&name, ended);
    }
    checks
}

impl GitHub {
    /// The checks of `commit`: check runs and statuses, all of them, of each the newest attempt.
    pub async fn checks(&self, commit: &CommitSha) -> Result<Checks, GitHubError> {
        let what = format!("the checks of {} in {}", commit.short(), self.repository);
        let ask = Ask::new(what, NEEDS);
        let runs = self.route(&format!(
            "/commits/{commit}/check-runs?filter=latest&per_page=100"
        ));
        let statuses = self.route(&format!("/commits/{commit}/status?per_page=100"));
        let found = futures_util::try_join!(
            self.client.pages(&ask, &runs, |page: CheckRuns| page.check_runs),
            self.client
                .pages(&ask, &statuses, |page: CombinedStatus| page.statuses),
        );
        match found {
            Ok((runs, statuses)) => Ok(sum_up(runs, statuses, self.own_run)),
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
mod tests {
    use super::*;

    fn run(id: u64, name: &str, status: &str, conclusion: Option<&str>) -> CheckRun {
        CheckRun {
            id,
            name: name.to_owned(),
            status: status.to_owned(),
            conclusion: conclusion.map(str::to_owned),
            details_url: Some(format!("https://github.com/acme/app/actions/runs/7/job/{id}")),
            app: Some(App {
                slug: Some("github-actions".to_owned()),
            }),
        }
    }

    #[test]
    fn the_newest_attempt_of_each_name_counts() {
        let checks = sum_up(
            vec![
                run(5, "test", "completed", Some("success")),
                run(2, "test", "completed", Some("failure")),
                run(3, "lint", "completed", Some("timed_out")),
                run(4, "docs", "completed", Some("skipped")),
            ],
            vec![CommitStatus {
                id: 1,
                context: "ci/old".to_owned(),
                state: "pending".to_owned(),
            }],
            None,
        );
        assert_eq!(
            checks.to_string(),
            "2 of 4 passed; failed: lint (timed out); pending: ci/old"
        );
        assert_eq!(checks.verdict(), ChecksVerdict::Failed);
    }

    #[test]
    fn a_commit_without_checks_has_neither_passed_nor_failed() {
        let none = sum_up(Vec::new(), Vec::new(), None);
        assert_eq!(
            (none.verdict(), none.to_string().as_str()),
            (ChecksVerdict::None, "no checks")
        );
    }

    #[test]
    fn the_run_that_asks_does_not_wait_for_itself_and_its_failures_count() {
        let own = || {
            vec![
                run(1, "release", "in_progress", None),
                run(2, "build", "completed", Some("failure")),
            ]
        };
        assert_eq!(
            sum_up(own(), Vec::new(), Some(7)).to_string(),
            "0 of 1 passed; failed: build"
        );
        assert_eq!(sum_up(own(), Vec::new(), Some(8)).pending, ["release"]);
    }

    #[test]
    fn many_names_are_cut_short() {
        let runs = (0..9)
            .map(|id| run(id, &format!("job {id}"), "queued", None))
            .collect();
        let line = sum_up(runs, Vec::new(), None).to_string();
        assert!(line.ends_with("job 5 and 3 more"), "{line}");
    }
}
