//! The forge of the demo answers as GitHub does: each of its routes is asked once, and noted for the description.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use windlass::demo::forge::{Forge, ForgeSettings, REPOSITORY};

use super::exchanges;
use super::fake::TOKEN;

const COMMIT: &str = "2b2e9270000000000000000000000000000000cc";

struct Asker {
    client: reqwest::Client,
    forge: Forge,
}

impl Asker {
    async fn ask(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let path = format!("/repos/{REPOSITORY}{path}");
        let request = self
            .client
            .request(method.clone(), format!("{}{path}", self.forge.api()))
            .bearer_auth(TOKEN);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        let answered = serde_json::from_str(&text).unwrap_or(Value::Null);
        exchanges::append(&json!({
            "stand_in": "demo", "method": method.as_str(), "path": path, "asked": body,
            "status": status.as_u16(), "answered": answered, "wrong": false,
        }));
        (status, answered)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answered) = self.ask(Method::GET, path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        answered
    }
}

#[tokio::test]
async fn a_run_of_the_demo_waits_for_its_approval_and_then_runs() {
    let folder = tempfile::tempdir().unwrap();
    let forge = Forge::start(ForgeSettings {
        program: "true".into(),
        checkout: folder.path().to_owned(),
        home: folder.path().to_owned(),
        head: COMMIT.to_owned(),
        token: TOKEN.to_owned(),
    });
    let asker = Asker {
        client: reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        forge: forge.await.unwrap(),
    };
    asker.get("").await;
    asker.get("/rules/branches/develop").await;
    let rules = asker.get("/environments/prod").await;
    let inputs = json!({"candidate": "sha-2b2e927", "service": "payment-svc", "plan": "0123456789ab",
        "correlation": "c".repeat(32), "reason": "release"});
    let dispatch = json!({"ref": "develop", "inputs": inputs, "return_run_details": true});
    let workflow = "/actions/workflows/promote-prod.yml";
    let (status, begun) = asker
        .ask(Method::POST, &format!("{workflow}/dispatches"), dispatch.clone())
        .await;
    assert_eq!(status, StatusCode::OK);
    let run = begun["workflow_run_id"].as_u64().unwrap();
    for path in [
        "/actions/runs?per_page=10",
        &format!("{workflow}/runs?event=workflow_dispatch"),
    ] {
        assert_eq!(asker.get(path).await["workflow_runs"][0]["id"], run);
    }
    let at = format!("/actions/runs/{run}");
    assert_eq!(asker.get(&at).await["status"], "waiting");
    asker.get(&format!("{at}/attempts/1/jobs?per_page=100")).await;
    let pending = asker.get(&format!("{at}/pending_deployments")).await;
    assert_eq!(pending[0]["environment"]["id"], rules["id"]);
    let verdict = json!({"environment_ids": [rules["id"]], "state": "approved", "comment": "seen"});
    let (status, _) = asker
        .ask(Method::POST, &format!("{at}/pending_deployments"), verdict)
        .await;
    assert_eq!(status, StatusCode::OK);
    let ended = async {
        while asker.get(&at).await["status"] != "completed" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended)
        .await
        .expect("the run ends");
    assert_eq!(asker.get(&format!("{at}/approvals")).await[0]["comment"], "seen");
    let jobs = asker.get(&format!("{at}/attempts/1/jobs")).await;
    let job = jobs["jobs"][0]["id"].as_u64().unwrap();
    let (status, _) = asker
        .ask(Method::GET, &format!("/actions/jobs/{job}/logs"), Value::Null)
        .await;
    assert_eq!(status, StatusCode::FOUND);
    let check = json!({"name": "windlass live", "head_sha": COMMIT, "status": "in_progress",
        "output": {"title": "promote", "summary": "12 steps"}});
    let (status, check) = asker.ask(Method::POST, "/check-runs", check).await;
    assert_eq!(status, StatusCode::CREATED);
    let change = json!({"status": "completed", "conclusion": "success"});
    let (status, _) = asker
        .ask(Method::PATCH, &format!("/check-runs/{}", check["id"]), change)
        .await;
    assert_eq!(status, StatusCode::OK);
    let checks = asker.get(&format!("/commits/{COMMIT}/check-runs")).await;
    assert_eq!(checks["check_runs"][0]["conclusion"], "success");
    let (status, _) = asker
        .ask(Method::POST, "/actions/workflows/other.yml/dispatches", dispatch)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
