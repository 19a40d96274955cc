//! The API of the forge: routes, and who is let in.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Answer;
use super::job;
use super::objects;
use super::settings::{BRANCH, REPOSITORY};
use super::shapes::{self, ENVIRONMENT, ENVIRONMENT_ID};
use super::shared::Server;
use super::state::{Inputs, Progress, Review, Run};
use crate::demo::locked::locked;

/// The workflows that it has: the promotion to its environment, and the hotfix path there.
const WORKFLOWS: [&str; 2] = ["promote-prod.yml", "hotfix.yml"];

/// Answers one request.
pub(super) async fn answer(
    State(server): State<Arc<Server>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = uri.path().trim_start_matches('/').to_owned();
    // Logs are kept elsewhere, where nobody is asked for a token but the address is the secret.
    if let Some(log) = path.strip_prefix("logs/") {
        return server.log(log);
    }
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let expected = format!("Bearer {}", server.settings.token);
    let answer = if token == Some(&*expected) {
        let parts: Vec<_> = path.split('/').collect();
        server.route(&method, &parts, uri.query().unwrap_or_default(), &body)
    } else {
        Answer::refused(StatusCode::UNAUTHORIZED, "Bad credentials")
    };
    let mut state = locked(&server.state);
    let (response, counts) = answer.send(&headers, state.remaining);
    if counts {
        state.count();
    }
    response
}

#[derive(Deserialize)]
struct Dispatch {
    #[serde(rename = "ref")]
    branch: String,
    inputs: Inputs,
    return_run_details: Option<bool>,
}

#[derive(Deserialize)]
struct Verdict {
    environment_ids: Vec<u64>,
    state: String,
    comment: String,
}

impl Server {
    fn route(self: &Arc<Self>, method: &Method, path: &[&str], query: &str, body: &[u8]) -> Answer {
        let path = match path {
            ["rate_limit"] => return Answer::ok(shapes::limits(locked(&self.state).remaining)),
            ["repos", owner, name, rest @ ..] if format!("{owner}/{name}") == REPOSITORY => rest,
            _ => return Answer::not_found(),
        };
        match (method.as_str(), path) {
            ("GET", []) => Answer::ok(shapes::repository()),
            ("GET", ["rules", "branches", _]) => Answer::ok(json!([])),
            ("GET", ["environments", ENVIRONMENT]) => Answer::ok(shapes::rules(&self.base)),
            ("GET", ["commits", sha, "check-runs"]) => self.checks(sha),
            ("POST", ["check-runs"]) => self.begin_check(body),
            ("PATCH", ["check-runs", id]) => self.change_check(id, body),
            ("POST", ["actions", "workflows", workflow, "dispatches"]) => self.dispatch(workflow, body),
            ("GET", ["actions", "workflows", workflow, "runs"]) => self.runs(Some(workflow), query),
            ("GET", ["actions", "runs"]) => self.runs(None, query),
            ("GET", ["actions", "jobs", id, "logs"]) => self.log_address(id),
            (_, ["actions", "runs", id, rest @ ..]) => self.of_run(method, id, rest, body),
            _ => Answer::not_found(),
        }
    }

    fn of_run(self: &Arc<Self>, method: &Method, id: &str, rest: &[&str], body: &[u8]) -> Answer {
        if let ("POST", ["pending_deployments"]) = (method.as_str(), rest) {
            return id
                .parse()
                .map_or_else(|_| Answer::not_found(), |id| self.review(id, body));
        }
        let state = locked(&self.state);
        let Some(run) = id.parse().ok().and_then(|id| state.run(id)) else {
            return Answer::not_found();
        };
        let (base, head) = (&self.base, &self.settings.head);
        match (method.as_str(), rest) {
            ("GET", []) => Answer::ok(shapes::run(run, base, head)),
            ("GET", ["attempts", "1", "jobs"] | ["jobs"]) => {
                Answer::ok(json!({"total_count": 1, "jobs": [shapes::job(run, base, head)]}))
            }
            ("GET", ["pending_deployments"]) => Answer::ok(shapes::pending(run, base)),
            ("GET", ["approvals"]) => Answer::ok(shapes::reviews(run, base)),
            _ => Answer::not_found(),
        }
    }

    fn runs(&self, workflow: Option<&str>, query: &str) -> Answer {
        let wanted = query.split('&').find_map(|pair| pair.strip_prefix("per_page="));
        let count = wanted.and_then(|count| count.parse().ok()).unwrap_or(30);
        let state = locked(&self.state);
        let fits = |run: &&Run| workflow.is_none_or(|workflow| run.workflow == workflow);
        let runs: Vec<_> = state.runs.iter().rev().filter(fits).collect();
        let shown = runs.iter().take(count);
        let shown: Vec<_> = shown
            .map(|run| shapes::run(run, &self.base, &self.settings.head))
            .collect();
        Answer::ok(json!({"total_count": runs.len(), "workflow_runs": shown}))
    }

    fn dispatch(&self, workflow: &str, body: &[u8]) -> Answer {
        if !WORKFLOWS.contains(&workflow) {
            return Answer::not_found();
        }
        let Ok(asked) = serde_json::from_slice::<Dispatch>(body) else {
            return Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, "Invalid request.");
        };
        if asked.branch != BRANCH {
            let message = format!("No ref found for: {}", asked.branch);
            return Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, &message);
        }
        let title = format!(
            "{} {} (plan {}, {})",
            workflow.trim_end_matches(".yml"),
            asked.inputs.candidate,
            asked.inputs.plan,
            asked.inputs.correlation
        );
        let id = locked(&self.state).begin(workflow, title, asked.inputs);
        if asked.return_run_details != Some(true) {
            return Answer::with(StatusCode::NO_CONTENT, Value::Null);
        }
        let url = format!("{}/repos/{REPOSITORY}/actions/runs/{id}", self.base);
        Answer::ok(json!({"workflow_run_id": id, "run_url": url, "html_url": url}))
    }

    fn review(self: &Arc<Self>, id: u64, body: &[u8]) -> Answer {
        let Ok(verdict) = serde_json::from_slice::<Verdict>(body) else {
            return Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, "Invalid request.");
        };
        let mut state = locked(&self.state);
        let Some(run) = state.run_mut(id) else {
            return Answer::not_found();
        };
        if run.progress != Progress::Waiting || verdict.environment_ids != [ENVIRONMENT_ID] {
            let message = "No pending deployment requests to approve or reject";
            return Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, message);
        }
        let approved = verdict.state == "approved";
        run.reviews.push(Review {
            approved,
            comment: verdict.comment,
        });
        if approved {
            run.go_to(Progress::Running);
            tokio::spawn(job::carry_out(Arc::clone(self), id));
        } else {
            run.go_to(Progress::Ended("failure"));
        }
        Answer::ok(json!([]))
    }

    fn log_address(&self, job: &str) -> Answer {
        let state = locked(&self.state);
        // As the real one, it gives a log once its job has ended.
        let is_it = |run: &&Run| {
            run.job().to_string() == job && matches!(run.progress, Progress::Ended(_)) && !run.log.is_empty()
        };
        match state.runs.iter().find(is_it) {
            Some(run) => Answer {
                location: Some(format!("{}/logs/{}", self.base, run.inputs.correlation)),
                ..Answer::with(StatusCode::FOUND, Value::Null)
            },
            None => Answer::not_found(),
        }
    }

    fn log(&self, name: &str) -> Response<Body> {
        let state = locked(&self.state);
        let run = state.runs.iter().find(|run| run.inputs.correlation == name);
        let (status, text) = match run {
            Some(run) => (StatusCode::OK, run.log.join("\n") + "\n"),
            None => (StatusCode::NOT_FOUND, String::new()),
        };
        let response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
        response.body(Body::from(text)).unwrap_or_default()
    }

    fn checks(&self, sha: &str) -> Answer {
        let state = locked(&self.state);
        let checks: Vec<_> = state
            .checks
            .iter()
            .filter(|check| check["head_sha"] == sha)
            .collect();
        Answer::ok(json!({"total_count": checks.len(), "check_runs": checks}))
    }

    fn begin_check(&self, body: &[u8]) -> Answer {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, "Invalid request.");
        };
        let mut state = locked(&self.state);
        let mut check = json!({
            "id": 9000 + state.checks.len(), "node_id": "CR_1", "url": "", "html_url": "", "details_url": "",
            "conclusion": null, "started_at": null, "completed_at": null, "check_suite": {"id": 6},
            "pull_requests": [], "app": objects::actions_app(), "external_id": null, "output": shapes::no_output(),
        });
        take(&mut check, fields);
        state.checks.push(check.clone());
        Answer::with(StatusCode::CREATED, check)
    }

    fn change_check(&self, id: &str, body: &[u8]) -> Answer {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, "Invalid request.");
        };
        let mut state = locked(&self.state);
        let mut checks = state.checks.iter_mut();
        let number = id.parse::<u64>().ok();
        match checks.find(|check| check["id"].as_u64() == number) {
            Some(check) => {
                take(check, fields);
                Answer::ok(check.clone())
            }
            None => Answer::not_found(),
        }
    }
}

fn take(check: &mut Value, fields: serde_json::Map<String, Value>) {
    for (key, value) in fields {
        match value {
            Value::Object(more) => take(&mut check[key], more),
            value => check[key] = value,
        }
    }
}
