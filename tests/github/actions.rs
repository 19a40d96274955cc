//! The workflows of the fake: their runs move on when the test says so.

use std::collections::{BTreeMap, HashMap};

use axum::body::{Body, Bytes};
use axum::http::Response;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use windlass::demo::forge::objects;
use windlass::domain::RunTitle;

use super::fake::{Answer, Fake, OWNER, Question, plain};

/// What the workflow of every test is.
pub const WORKFLOW: &str = "promote-stage.yml";
/// The inputs that it declares.
const INPUTS: [&str; 5] = ["candidate", "service", "reason", "plan", "correlation"];
/// The number of its first run.
pub const FIRST: u64 = 5001;

/// The log of a job.
#[derive(Debug, Clone)]
pub enum Log {
    Text(String),
    /// More follows, and never comes.
    Cut(String),
    /// A line of so many characters, so many times.
    Repeated(usize, usize),
}

impl Log {
    /// All of it, or from the byte on that the range begins with.
    pub fn response(self, from: Option<usize>) -> Response<Body> {
        let mut size = None;
        let body = match self {
            Self::Text(text) => Body::from(text),
            Self::Cut(text) => {
                // What came is sent first, because the rest does not come at once.
                let cut = futures_util::stream::once(async {
                    tokio::task::yield_now().await;
                    Err(std::io::Error::other("the connection is gone"))
                });
                Body::from_stream(futures_util::stream::iter([Ok(Bytes::from(text))]).chain(cut))
            }
            Self::Repeated(width, times) => {
                const AT_ONCE: usize = 1000;
                let line = format!("2026-11-01T10:00:00.1234567Z {}\n", ".".repeat(width));
                let all = line.len() * times;
                let from = from.unwrap_or(0);
                let chunk = Bytes::from(line.repeat(AT_ONCE));
                let first = chunk.slice(from % chunk.len()..);
                let rest = (from / chunk.len() + 1)..times / AT_ONCE;
                let chunks = std::iter::once(first).chain(rest.map(move |_| chunk.clone()));
                let chunks = chunks.map(Ok::<_, std::io::Error>);
                size = Some(all - from);
                Body::from_stream(futures_util::stream::iter(chunks))
            }
        };
        let mut response = Response::builder()
            .status(if from.is_some() { 206 } else { 200 })
            .header("content-type", "text/plain; charset=utf-8");
        if let Some(size) = size {
            response = response.header("content-length", size);
        }
        response.body(body).unwrap()
    }
}

/// Why nothing is dispatched with the field `return_run_details`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Details {
    #[default]
    Returned,
    /// The answer is empty, as before there was such a field.
    Ignored,
    /// The field is refused.
    Unknown,
}

#[derive(Default)]
pub struct Actions {
    pub runs: Vec<Value>,
    /// By run and attempt.
    pub jobs: BTreeMap<(u64, u64), Vec<Value>>,
    pub logs: HashMap<u64, Log>,
    pub logs_at: String,
    /// Whether the answer is the log itself, as Gitea's is.
    pub gives_logs_itself: bool,
    /// What each run waits for.
    pub pending: HashMap<u64, Vec<Value>>,
    pub reviews: HashMap<u64, Vec<Value>>,
    /// The bodies of what was dispatched.
    pub dispatched: Vec<Value>,
    pub details: Details,
    /// Whether a dispatch begins another run before it, of somebody else.
    pub foreign: bool,
    /// Whether reviews are refused.
    pub refuses_reviews: bool,
}

/// What a question is answered with.
pub enum Listed {
    Answer(Answer),
    /// A list under this name, page by page.
    Entries(&'static str, Vec<Value>),
}

impl Actions {
    pub fn answer(&mut self, question: &Question<'_>, rest: &[&str]) -> Listed {
        let number = |text: &str| text.parse::<u64>().unwrap();
        let ok = |body: Value| Listed::Answer((200, Vec::new(), body));
        let missing = || Listed::Answer(plain(404, "Not Found"));
        match (question.method.as_str(), rest) {
            ("POST", ["workflows", WORKFLOW, "dispatches"]) => Listed::Answer(self.dispatch(question)),
            ("GET", ["workflows", WORKFLOW, "runs"] | ["runs"]) => {
                let event = question.asks("event");
                let fits = |run: &&Value| event.as_deref().is_none_or(|event| run["event"] == event);
                let runs = self.runs.iter().rev().filter(fits).cloned().collect();
                Listed::Entries("workflow_runs", runs)
            }
            ("GET", ["runs", id]) => self.run(number(id)).map_or_else(missing, |run| ok(run.clone())),
            ("GET", ["runs", id, "attempts", attempt, "jobs"]) => match self.run(number(id)) {
                Some(_) => {
                    let jobs = self.jobs.get(&(number(id), number(attempt)));
                    Listed::Entries("jobs", jobs.cloned().unwrap_or_default())
                }
                None => missing(),
            },
            ("GET", ["runs", id, "pending_deployments"]) => {
                ok(json!(self.pending.get(&number(id)).cloned().unwrap_or_default()))
            }
            ("GET", ["runs", id, "approvals"]) => {
                ok(json!(self.reviews.get(&number(id)).cloned().unwrap_or_default()))
            }
            ("POST", ["runs", id, "pending_deployments"]) => {
                Listed::Answer(self.review(number(id), question.body))
            }
            ("GET", ["jobs", id, "logs"]) => {
                if self.gives_logs_itself
                    && let Some(Log::Text(text)) = self.logs.get(&number(id))
                {
                    Listed::Answer((200, Vec::new(), Value::String(text.clone())))
                } else if self.logs.contains_key(&number(id)) {
                    let there = format!("{}/{id}", self.logs_at);
                    Listed::Answer((302, vec![("location", there)], Value::Null))
                } else {
                    missing()
                }
            }
            _ => missing(),
        }
    }

    fn run(&self, id: u64) -> Option<&Value> {
        self.runs.iter().find(|run| run["id"] == id)
    }

    fn dispatch(&mut self, question: &Question<'_>) -> Answer {
        if question.token.is_none() {
            return plain(401, "Requires authentication");
        }
        let body: Value = serde_json::from_slice(question.body).unwrap();
        let wants_details = body.get("return_run_details").is_some();
        if wants_details && self.details == Details::Unknown {
            let message = "Invalid request.\n\n\"return_run_details\" is not a permitted key.";
            return plain(422, message);
        }
        if body["ref"] != "develop" {
            return plain(
                422,
                &format!("No ref found for: {}", body["ref"].as_str().unwrap()),
            );
        }
        let inputs = body["inputs"].as_object().unwrap();
        let unknown: Vec<_> = inputs
            .keys()
            .filter(|name| !INPUTS.contains(&name.as_str()))
            .collect();
        if !unknown.is_empty() {
            return plain(422, &format!("Unexpected inputs provided: {unknown:?}"));
        }
        let input = |name: &str| inputs[name].as_str().unwrap().to_owned();
        let title = format!(
            "Promote {} to stage (plan {}, {})",
            input("candidate"),
            input("plan"),
            input("correlation")
        );
        if self.foreign {
            let other = title.replace(&input("correlation"), &"f".repeat(32));
            self.begin(&other);
        }
        let id = self.begin(&title);
        if self.foreign {
            self.begin("Promote something else to stage");
        }
        self.dispatched.push(body);
        if wants_details && self.details == Details::Returned {
            let url = format!("https://github.com/acme/app/actions/runs/{id}");
            let answer = json!({"workflow_run_id": id, "run_url": url, "html_url": url});
            return (200, Vec::new(), answer);
        }
        (204, Vec::new(), Value::Null)
    }

    /// A run of the workflow, queued; its number.
    pub fn begin(&mut self, title: &str) -> u64 {
        let id = FIRST + self.runs.len() as u64;
        let person = objects::person(OWNER, 2);
        self.runs.push(json!({
            "id": id, "node_id": "WFR_1", "name": "promote stage", "head_branch": "develop", "head_sha": "c".repeat(40),
            "path": format!(".github/workflows/{WORKFLOW}"), "display_title": title, "run_number": id - 5000,
            "run_attempt": 1, "event": "workflow_dispatch", "status": "queued", "conclusion": null, "workflow_id": 9,
            "check_suite_id": 5, "url": "x", "html_url": format!("https://github.com/acme/app/actions/runs/{id}"),
            "pull_requests": [], "created_at": jiff::Timestamp::now().to_string(),
            "updated_at": jiff::Timestamp::now().to_string(), "actor": person, "triggering_actor": person,
            "repository": objects::repository("acme/app", "develop"),
            "head_repository": objects::repository("acme/app", "develop"), "head_commit": null, "artifacts_url": "x",
            "cancel_url": "x", "check_suite_url": "x", "jobs_url": "x", "logs_url": "x", "rerun_url": "x", "workflow_url": "x",
        }));
        id
    }

    fn review(&mut self, id: u64, body: &[u8]) -> Answer {
        let verdict: Value = serde_json::from_slice(body).unwrap();
        if self.refuses_reviews {
            return plain(403, "Resource not accessible by personal access token");
        }
        let wanted = verdict["environment_ids"].as_array().unwrap().clone();
        assert!(verdict["comment"].is_string(), "the comment is required");
        let pending = self.pending.entry(id).or_default();
        let (meant, rest): (Vec<_>, Vec<_>) = pending
            .drain(..)
            .partition(|one| wanted.contains(&one["environment"]["id"]));
        *pending = rest;
        if meant.is_empty() {
            return plain(422, "No pending deployment requests to approve or reject");
        }
        let environments: Vec<_> = meant.iter().map(|one| one["environment"].clone()).collect();
        self.reviews.entry(id).or_default().push(json!({
            "state": verdict["state"], "comment": verdict["comment"], "user": objects::person("ana", 3),
            "environments": environments,
        }));
        (200, Vec::new(), json!([]))
    }
}

impl Fake {
    /// Changes a run.
    pub fn change_run(&self, id: u64, changes: &[(&str, Value)]) {
        let mut store = self.store();
        let run = store.actions.runs.iter_mut().find(|run| run["id"] == id).unwrap();
        for (key, value) in changes {
            run[*key] = value.clone();
        }
    }

    pub fn end_run(&self, id: u64, conclusion: &str) {
        self.change_run(
            id,
            &[("status", json!("completed")), ("conclusion", json!(conclusion))],
        );
    }

    /// The job `name` of a run is so far, with these steps; its number.
    pub fn job(&self, run: (u64, u64), name: &str, progress: &str, steps: &[(&str, &str)]) -> u64 {
        let so_far = |text: &str| match text {
            "queued" | "waiting" | "in_progress" => (json!(text), json!(null)),
            conclusion => (json!("completed"), json!(conclusion)),
        };
        let (status, conclusion) = so_far(progress);
        let steps: Vec<_> = steps
            .iter()
            .enumerate()
            .map(|(index, (name, progress))| {
                let (status, conclusion) = so_far(progress);
                json!({"name": name, "status": status, "conclusion": conclusion, "number": index + 1,
                "started_at": null, "completed_at": null})
            })
            .collect();
        let mut store = self.store();
        let jobs = store.actions.jobs.entry(run).or_default();
        let index = jobs
            .iter()
            .position(|job| job["name"] == name)
            .unwrap_or(jobs.len());
        let id = run.0 * 100 + run.1 * 10 + index as u64;
        let job = json!({
            "id": id, "run_id": run.0, "run_url": "x", "node_id": "J_1", "head_sha": "c".repeat(40), "url": "x",
            "html_url": "x", "status": status, "conclusion": conclusion, "created_at": "2026-11-01T10:00:00Z",
            "started_at": "2026-11-01T10:00:00Z", "completed_at": null, "name": name, "steps": steps,
            "check_run_url": "x", "labels": [], "runner_id": null, "runner_name": null, "runner_group_id": null,
            "runner_group_name": null, "run_attempt": run.1, "workflow_name": null, "head_branch": null,
        });
        if index == jobs.len() {
            jobs.push(job);
        } else {
            jobs[index] = job;
        }
        id
    }

    pub fn log(&self, job: u64, text: &str) {
        self.store().actions.logs.insert(job, Log::Text(text.to_owned()));
    }

    /// The run waits for an environment.
    pub fn pending(&self, run: u64, id: u64, environment: &str, may_approve: bool) {
        let pending = json!({
            "environment": {"id": id, "node_id": "EN_1", "name": environment, "url": "x", "html_url": "x"},
            "wait_timer": 0, "wait_timer_started_at": null, "current_user_can_approve": may_approve,
            "reviewers": [{"type": "User", "reviewer": objects::person("ana", 3)},
                {"type": "Team", "reviewer": objects::team("Operations", "ops", 4)}],
        });
        let mut store = self.store();
        store.actions.pending.entry(run).or_default().push(pending);
        drop(store);
        self.change_run(run, &[("status", json!("waiting"))]);
    }

    /// What the title of a run says.
    pub fn said(&self, run: u64) -> RunTitle {
        let store = self.store();
        let run = store.actions.runs.iter().find(|one| one["id"] == run).unwrap();
        RunTitle::parse(run["display_title"].as_str().unwrap())
    }
}
