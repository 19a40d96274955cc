//! A GitHub of one repository, on loopback: keeps checks, rules and pull requests, and goes wrong where it is told to.
//!
//! Its answers have the fields that GitHub's description of its API requires of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use windlass::demo::forge::objects;

use super::actions::{Actions, Listed};
use super::exchanges::note;
use super::fake_server::{serve, serve_log};

pub const OWNER: &str = "acme";
pub const TOKEN: &str = "ghp_0123456789abcdefTOKEN";

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This is answered, and nothing is done.
    Answer(u16, Vec<(&'static str, String)>, Value),
    /// It is done, and then this is answered.
    DoneBut(u16),
    /// It is done, and the answer comes so late that nobody waits for it.
    DoneLate(Duration),
    /// A page in place of an answer.
    Garbage,
    /// The next page is said to be at this address.
    NextAt(String),
}

impl Fault {
    pub fn status(status: u16) -> Self {
        Self::Answer(
            status,
            Vec::new(),
            json!({"message": "out of order", "status": status.to_string()}),
        )
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
}

#[derive(Default)]
pub struct Store {
    /// Check runs by commit.
    pub runs: HashMap<String, Vec<Value>>,
    /// Whether this token may write no checks.
    pub refuses_checks: bool,
    /// How often a check was written, and when.
    pub check_writes: Vec<std::time::Instant>,
    /// Check suites by commit.
    pub suites: HashMap<String, Vec<Value>>,
    /// Statuses by commit.
    pub statuses: HashMap<String, Vec<Value>>,
    /// Rules of rulesets by branch.
    pub rules: HashMap<String, Vec<Value>>,
    /// What each ruleset says that one may do.
    pub bypass: HashMap<u64, &'static str>,
    /// Classic protection by branch.
    pub protection: HashMap<String, Value>,
    pub pulls: Vec<Value>,
    /// The GitHub App that is installed.
    pub app: Option<super::app_store::App>,
    /// The pull request that a commit came by, and its author.
    pub pulls_of: HashMap<String, (u64, String)>,
    /// Whether it has GraphQL.
    pub has_graphql: bool,
    /// Workflows and their runs.
    pub actions: Actions,
    /// How many answers were left out, because nothing had changed.
    pub unchanged: usize,
    /// What the host of logs was sent as authorization, for each log that it gave.
    pub log_tokens: Vec<Option<String>>,
    /// From which byte on logs were asked for, where not from the first.
    pub log_ranges: Vec<usize>,
    /// More entries than this are on no page.
    pub page: usize,
    /// How many check runs it counts beside those that it lists, as where a list was cut on its way.
    pub unlisted_runs: usize,
    /// Whether it is shown to tokens only.
    pub private: bool,
    /// What the repository was called before.
    pub old_name: Option<String>,
    pub asked: Vec<Asked>,
    pub faults: Vec<(&'static str, &'static str, usize, Fault)>,
    address: String,
}

pub struct Fake {
    pub address: String,
    store: Arc<Mutex<Store>>,
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Fake {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let store = Arc::new(Mutex::new(Store {
            page: 100,
            has_graphql: true,
            address: address.clone(),
            ..Store::default()
        }));
        let app = Router::new()
            .fallback(serve)
            .layer(axum::middleware::from_fn(note))
            .with_state(Arc::clone(&store));
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.unwrap();
        });
        let elsewhere = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let logs = format!("http://{}", elsewhere.local_addr().unwrap());
        store.lock().unwrap().actions.logs_at = logs;
        let app = Router::new().fallback(serve_log).with_state(Arc::clone(&store));
        let logs = tokio::spawn(async move {
            axum::serve(elsewhere, app).await.unwrap();
        });
        Self {
            address,
            store,
            tasks: [task, logs],
        }
    }

    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next `times` requests with this method and this in their path go wrong.
    pub fn fault(&self, method: &'static str, path: &'static str, times: usize, fault: Fault) {
        self.store().faults.push((method, path, times, fault));
    }

    /// How many requests came with this method and this in their path.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let store = self.store();
        let asked = store.asked.iter();
        asked
            .filter(|asked| asked.method == method && asked.path.contains(path))
            .count()
    }

    pub fn run(&self, commit: &str, name: &str, status: &str, conclusion: Option<&str>) {
        let mut store = self.store();
        let runs = store.runs.entry(commit.to_owned()).or_default();
        let id = 1000 + runs.len() as u64;
        runs.push(json!({
            "id": id, "head_sha": commit, "node_id": "CR_1", "external_id": "", "url": "https://api.github.com/x",
            "html_url": "https://github.com/acme/app/runs/1", "status": status, "conclusion": conclusion,
            "details_url": format!("https://github.com/acme/app/actions/runs/7/job/{id}"), "name": name,
            "started_at": "2026-11-01T10:00:00Z", "completed_at": null, "check_suite": {"id": 5},
            "output": {"title": null, "summary": null, "text": null, "annotations_count": 0,
                "annotations_url": "https://api.github.com/x"},
            "app": objects::actions_app(), "pull_requests": [],
        }));
    }

    pub fn status(&self, commit: &str, context: &str, state: &str) {
        let mut store = self.store();
        let statuses = store.statuses.entry(commit.to_owned()).or_default();
        let id = 1 + statuses.len() as u64;
        statuses.push(json!({
            "id": id, "node_id": "S_1", "state": state, "context": context, "description": null, "target_url": null,
            "avatar_url": null, "url": "https://api.github.com/x", "created_at": "2026-11-01T10:00:00Z",
            "updated_at": "2026-11-01T10:00:00Z",
        }));
    }

    pub fn rule(&self, branch: &str, kind: &str, ruleset: u64, parameters: Value) {
        let mut rule = json!({
            "type": kind, "ruleset_source_type": "Repository", "ruleset_source": "acme/app", "ruleset_id": ruleset,
        });
        if !parameters.is_null() {
            rule["parameters"] = parameters;
        }
        let mut store = self.store();
        store.bypass.entry(ruleset).or_insert("never");
        store.rules.entry(branch.to_owned()).or_default().push(rule);
    }
}

pub type Answer = (u16, Vec<(&'static str, String)>, Value);

pub struct Question<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    pub query: &'a str,
    pub token: Option<&'a str>,
    pub body: &'a [u8],
}

impl Question<'_> {
    pub fn asks(&self, key: &str) -> Option<String> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == key)?;
        Some(
            percent_encoding::percent_decode_str(value)
                .decode_utf8()
                .unwrap()
                .into_owned(),
        )
    }
}

pub fn plain(status: u16, message: &str) -> Answer {
    let body = json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()});
    (status, Vec::new(), body)
}

impl Store {
    pub fn answer(&mut self, question: &Question<'_>) -> Answer {
        if let Some(answer) = self.of_app(question) {
            return answer;
        }
        match question.token {
            Some(token) if token != format!("Bearer {TOKEN}") => return plain(401, "Bad credentials"),
            None if self.private => return plain(404, "Not Found"),
            _ => {}
        }
        if question.path == "/graphql" {
            return self.graphql(question);
        }
        if question.path == "/rate_limit" {
            let core = json!({"limit": 5000, "remaining": 4321, "reset": 4_102_444_800_i64, "used": 679});
            return (
                200,
                Vec::new(),
                json!({"resources": {"core": core, "search": core}, "rate": core}),
            );
        }
        if let Some(old) = &self.old_name
            && let Some(rest) = question.path.strip_prefix(&format!("/repos/{old}"))
        {
            let status = if question.method == Method::GET { 301 } else { 307 };
            let query = if question.query.is_empty() {
                String::new()
            } else {
                format!("?{}", question.query)
            };
            let there = format!("{}/repositories/1{rest}{query}", self.address);
            return (
                status,
                vec![("location", there)],
                json!({"message": "Moved Permanently"}),
            );
        }
        let rest = ["/repos/acme/app", "/repositories/1"]
            .iter()
            .find_map(|prefix| question.path.strip_prefix(prefix));
        let Some(rest) = rest else {
            return plain(404, "Not Found");
        };
        let parts: Vec<String> = rest
            .split('/')
            .skip(1)
            .map(|part| {
                percent_encoding::percent_decode_str(part)
                    .decode_utf8()
                    .unwrap()
                    .into_owned()
            })
            .collect();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        self.of_repository(question, &parts)
    }

    fn of_repository(&mut self, question: &Question<'_>, parts: &[&str]) -> Answer {
        match (question.method.as_str(), parts) {
            ("GET", []) => (200, Vec::new(), objects::whole_repository("acme/app", "develop")),
            ("GET", ["commits", sha, "check-runs"]) => match self.runs.get(*sha) {
                Some(runs) => self.page(
                    question,
                    runs,
                    |page, all| json!({"total_count": all + self.unlisted_runs, "check_runs": page}),
                ),
                None => plain(422, &format!("No commit found for SHA: {sha}")),
            },
            ("POST", ["check-runs"]) => self.begin_check(question.body),
            ("PATCH", ["check-runs", id]) => self.change_check(id.parse().unwrap(), question.body),
            ("GET", ["commits", sha, "check-suites"]) => {
                let none = Vec::new();
                let suites = self.suites.get(*sha).unwrap_or(&none);
                self.page(
                    question,
                    suites,
                    |page, all| json!({"total_count": all, "check_suites": page}),
                )
            }
            ("GET", ["commits", sha, "status"]) => {
                let none = Vec::new();
                let statuses = self.statuses.get(*sha).unwrap_or(&none);
                self.page(question, statuses, |page, all| {
                    json!({"state": "pending", "sha": sha, "total_count": all, "statuses": page,
                        "repository": objects::repository("acme/app", "develop"),
                        "commit_url": "https://api.github.com/x", "url": "https://api.github.com/x"})
                })
            }
            ("GET", ["rules", "branches", branch]) => {
                let none = Vec::new();
                let rules = self.rules.get(*branch).unwrap_or(&none);
                self.page(question, rules, |page, _| json!(page))
            }
            ("GET", ["rulesets", id]) => match self.bypass.get(&id.parse().unwrap()) {
                Some(bypass) => (
                    200,
                    Vec::new(),
                    json!({"id": 1, "name": "releases", "source": "acme/app", "enforcement": "active",
                        "current_user_can_bypass": bypass}),
                ),
                None => plain(404, "Not Found"),
            },
            ("GET", ["branches", branch, "protection"]) => match self.protection.get(*branch) {
                Some(protection) => (200, Vec::new(), protection.clone()),
                None => plain(404, "Branch not protected"),
            },
            (_, ["actions", rest @ ..]) => {
                let entries = self.actions.answer(question, rest);
                match entries {
                    Listed::Answer(answer) => answer,
                    Listed::Entries(name, entries) => self.page(
                        question,
                        &entries,
                        |page, all| json!({"total_count": all, name: page}),
                    ),
                }
            }
            ("GET", ["pulls"]) => self.pulls(question),
            ("POST", ["pulls"]) => self.open(question),
            _ => plain(404, "Not Found"),
        }
    }

    pub fn page(
        &self,
        question: &Question<'_>,
        all: &[Value],
        body: impl Fn(&[Value], usize) -> Value,
    ) -> Answer {
        let number = |key: &str| question.asks(key).and_then(|value| value.parse::<usize>().ok());
        let (page, size) = (
            number("page").unwrap_or(1),
            number("per_page").unwrap_or(30).min(self.page),
        );
        let begin = ((page - 1) * size).min(all.len());
        let end = (begin + size).min(all.len());
        let mut headers = Vec::new();
        if end < all.len() {
            let at = |page: usize| format!("{}{}?per_page={size}&page={page}", self.address, question.path);
            let link = format!(
                "<{}>; rel=\"next\", <{}>; rel=\"last\"",
                at(page + 1),
                at(all.len().div_ceil(size))
            );
            headers.push(("link", link));
        }
        (200, headers, body(&all[begin..end], all.len()))
    }
}
