//! What Gitea answers, in its own forms, and nothing else: what it does not have is not found, as there.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use windlass::github::{GitHub, GitHubSettings};

use super::fake::TOKEN;

/// The commit of every run.
pub const COMMIT: &str = "2b2e9270000000000000000000000000000000cc";
const NEVER: &str = "1970-01-01T00:00:00Z";

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub call: String,
    pub body: Value,
    pub authorization: Option<String>,
}

#[derive(Default)]
struct Store {
    answers: Vec<(String, u16, String)>,
    asked: Vec<Asked>,
}

pub struct Gitea {
    address: String,
    store: Arc<Mutex<Store>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Gitea {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Gitea {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let store = Arc::new(Mutex::new(Store::default()));
        let app = Router::new().fallback(serve).with_state(Arc::clone(&store));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, store, task }
    }

    /// The repository there, asked with a token.
    pub fn github(&self) -> GitHub {
        let settings = GitHubSettings {
            api: Some(format!("{}/api/v1", self.address).parse().unwrap()),
            repository: Some("acme/app".parse().unwrap()),
            ..GitHubSettings::default()
        };
        GitHub::open(&settings, None, Some(secrecy::SecretString::from(TOKEN)))
            .unwrap()
            .unwrap()
    }

    /// From now on `call`, as `GET /actions/runs`, without what follows a `?`, is answered with this.
    pub fn answer(&self, call: &str, body: &Value) {
        self.answer_text(call, &body.to_string());
    }

    pub fn answer_text(&self, call: &str, text: &str) {
        let answer = (
            call.to_owned(),
            if call.starts_with("POST") { 201 } else { 200 },
            text.to_owned(),
        );
        self.store.lock().unwrap().answers.push(answer);
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.store.lock().unwrap().asked.clone()
    }

    /// The run is so far, with the job `promote` and its one step that began.
    pub fn run(&self, status: &str, conclusion: Option<&str>) {
        let run = run(7, "promote-stage.yml", status, conclusion, "Promote");
        self.answer("GET /actions/runs/7", &run);
        let step = |name: &str, number: u64, started: &str| {
            // Gitea says of each step what is true of its job.
            json!({"name": name, "number": number, "status": status, "conclusion": conclusion,
                "started_at": started, "completed_at": NEVER})
        };
        let steps = [
            step("Set up job", 0, "2026-11-01T10:00:00Z"),
            step("Promote", 1, NEVER),
        ];
        let job = json!({
            "id": 70, "url": "x", "html_url": "x", "run_id": 7, "run_url": "x", "name": "promote", "labels": ["ubuntu-latest"],
            "run_attempt": 1, "head_sha": COMMIT, "head_branch": "develop", "status": status, "conclusion": conclusion,
            "runner_id": 1, "runner_name": "interop", "steps": steps, "created_at": "2026-11-01T10:00:00Z",
            "started_at": "2026-11-01T10:00:00Z", "completed_at": NEVER,
        });
        self.answer(
            "GET /actions/runs/7/jobs",
            &json!({"total_count": 1, "jobs": [job]}),
        );
    }
}

/// A run as Gitea writes it: without its attempt, and without when it was made.
pub fn run(id: u64, workflow: &str, status: &str, conclusion: Option<&str>, title: &str) -> Value {
    let began = if status == "queued" {
        NEVER
    } else {
        "2026-11-01T10:00:00Z"
    };
    let mut run = json!({
        "id": id, "url": "x", "html_url": format!("https://git.example.com/acme/app/actions/runs/{id}"),
        "display_title": title, "path": format!("{workflow}@refs/heads/develop"), "event": "workflow_dispatch",
        "run_attempt": 0, "run_number": id, "head_sha": COMMIT, "head_branch": "develop", "status": status,
        "actor": {"login": "ana", "id": 3}, "trigger_actor": {"login": "ana", "id": 3}, "started_at": began,
        "completed_at": NEVER,
    });
    if let Some(conclusion) = conclusion {
        run["conclusion"] = json!(conclusion);
    }
    run
}

async fn serve(
    State(store): State<Arc<Mutex<Store>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let route = uri.path_and_query().unwrap().as_str();
    let route = route.strip_prefix("/api/v1/repos/acme/app").unwrap_or(route);
    let call = format!("{method} {route}");
    let mut store = store.lock().unwrap();
    store.asked.push(Asked {
        call: call.clone(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        authorization: headers
            .get("authorization")
            .map(|value| value.to_str().unwrap().to_owned()),
    });
    let (path, _) = call.split_once('?').unwrap_or((&call, ""));
    let found = store.answers.iter().rev().find(|(known, ..)| known == path);
    let missing = json!({"message": "not found", "url": "https://git.example.com/api/swagger"}).to_string();
    let (status, text) = found.map_or((404, missing), |(_, status, text)| (*status, text.clone()));
    Response::builder()
        .status(status)
        .header("content-type", "application/json;charset=utf-8")
        .body(Body::from(text))
        .unwrap()
}
