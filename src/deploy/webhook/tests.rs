//! Deploying by telling a service on loopback.

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::WebhookDeployer;
use crate::deploy::{Applied, DeployError, DeployProgress, Deployer, Deployment, Subject, sample};
use crate::domain::{DeployOutcome, Digest, Exit, FailedOutcome, Observed, WebhookSettings};
use crate::http::tests::{Service, Told, leading, told};
use crate::http::{SIGNATURE_HEADER, signature};

fn deployment() -> Deployment {
    Deployment {
        tag: Some("sha-2b2e927".parse().unwrap()),
        release: Some("v1.4.0".to_owned()),
        previous: Some(Digest::of(b"previous")),
        key: "7c1d-42ab deploy stage".to_owned(),
        ..sample::deployment("payment-svc", "stage")
    }
}

fn settings(url: &Url) -> WebhookSettings {
    WebhookSettings {
        url: format!("{url}deploy/{{service}}").parse().unwrap(),
        secret_file: None,
        token_file: None,
        requires_status: false,
        timeout: SignedDuration::from_mins(1),
        running: None,
        observe_for: SignedDuration::ZERO,
    }
}

async fn apply(settings: WebhookSettings) -> (Result<Applied, DeployError>, Vec<DeployProgress>) {
    let progress = Mutex::new(Vec::new());
    let deployer = Deployer::Webhook(WebhookDeployer { settings });
    let cancel = CancellationToken::new();
    let deployment = deployment();
    let target = deployer.resolve(&deployment.subject(), &cancel).await.unwrap();
    let tell = |told| progress.lock().unwrap().push(told);
    let result = deployer.apply(&target, &deployment, &tell, &cancel).await;
    (result, progress.into_inner().unwrap())
}

async fn told_by(answers: impl IntoIterator<Item = Told>) -> (Result<Applied, DeployError>, Service) {
    let (service, url) = Service::start(answers).await;
    (apply(settings(&url)).await.0, service)
}

fn status(document: &Value) -> Told {
    told(200, &document.to_string())
}

#[tokio::test]
async fn the_document_is_signed_and_told_again_under_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hidden\n").unwrap();
    let (service, url) = Service::start([told(503, ""), told(202, "queued")]).await;
    let (result, _) = apply(WebhookSettings {
        secret_file: Some(secret),
        ..settings(&url)
    })
    .await;
    assert_eq!(result.unwrap().outcome, DeployOutcome::Deployed);
    let [first, second] = service.received().try_into().unwrap();
    assert_eq!(
        (first.method.as_str(), &*first.path),
        ("POST", "/deploy/payment-svc")
    );
    let signed = signature(&"hidden".to_owned().into(), &first.body);
    assert_eq!(first.header(SIGNATURE_HEADER), signed);
    assert_eq!(first.header("idempotency-key"), second.header("idempotency-key"));
    assert_eq!(first.body, second.body);
    let document: Value = serde_json::from_slice(&first.body).unwrap();
    let expected = json!({
        "event": "deploy",
        "service": "payment-svc",
        "environment": "stage",
        "image": deployment().image.to_string(),
        "digest": Digest::of(b"image").to_string(),
        "tag": "sha-2b2e927",
        "commit": null,
        "release": "v1.4.0",
        "previous_digest": Digest::of(b"previous").to_string(),
        "key": first.header("idempotency-key"),
    });
    assert_eq!(document, expected);
    assert!(!String::from_utf8_lossy(&first.body).contains("hidden"));
}

#[tokio::test]
async fn the_status_is_asked_until_it_has_ended_and_its_progress_is_told_once() {
    let (service, url) = Service::start([
        leading(202, &[("location", "/status/1")]),
        status(&json!({"status": "rolling", "done": 0, "total": 3, "log": ["one"]})),
        told(502, "bad gateway"),
        status(&json!({"status": "rolling", "done": 2, "total": 3, "log": ["one", "t\u{1b}[31mwo"]})),
        status(&json!({"status": "deployed", "done": 3, "total": 3, "message": "3 of 3 up"})),
    ])
    .await;
    let (result, progress) = apply(settings(&url)).await;
    assert!(result.unwrap().summary.ends_with(": 3 of 3 up"));
    let paths: Vec<_> = service.received().into_iter().map(|one| one.path).collect();
    assert_eq!(paths[1..], ["/status/1"; 4]);
    let line = |text: &str| DeployProgress::Line(text.to_owned());
    let item = || "stage/payment-svc".to_owned();
    let moved = |done| DeployProgress::Moved { item: item(), done };
    assert_eq!(
        progress,
        [
            line("one"),
            DeployProgress::Started {
                item: item(),
                label: item(),
                total: 3
            },
            moved(0),
            DeployProgress::Warning(
                "its status is unknown: it answers with status 502: bad gateway".to_owned()
            ),
            line("two"),
            moved(2),
            line("3 of 3 up"),
            moved(3),
            DeployProgress::Ended {
                item: item(),
                result: "deployed".to_owned()
            },
        ]
    );
}

#[tokio::test]
async fn each_end_that_a_service_reports_has_its_outcome() {
    let report = |word: &str| status(&json!({"status": word, "message": "quota exceeded"}));
    let (unchanged, _) = told_by([report("unchanged")]).await;
    assert_eq!(unchanged.unwrap().outcome, DeployOutcome::Unchanged);
    for (word, outcome, exit) in [
        ("failed", FailedOutcome::Failed, Exit::Failed),
        ("rolled-back", FailedOutcome::RolledBack, Exit::Failed),
    ] {
        let error = told_by([report(word)]).await.0.unwrap_err();
        assert_eq!((error.outcome(), error.exit()), (outcome, exit), "{error}");
        assert!(error.to_string().contains("quota exceeded"), "{error}");
    }
}

#[tokio::test]
async fn what_a_service_refuses_is_not_told_again() {
    for (answer, exit, words) in [
        (
            told(400, "no such service"),
            Exit::Usage,
            "status 400: no such service",
        ),
        (told(401, ""), Exit::NotAuthorised, "status 401"),
        (
            leading(307, &[("location", "http://127.0.0.1:9/")]),
            Exit::Usage,
            "redirects are not followed",
        ),
    ] {
        let (result, service) = told_by([answer]).await;
        let error = result.unwrap_err();
        assert_eq!(error.exit(), exit, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(service.received().len(), 1, "{error}");
    }
}

#[tokio::test]
async fn a_status_on_another_host_is_not_asked() {
    let (elsewhere, other) = Service::start([told(200, "")]).await;
    let answer = json!({"status_url": other.join("status").unwrap()});
    let error = told_by([status(&answer)]).await.0.unwrap_err();
    assert!(error.to_string().contains("on another host"), "{error}");
    assert_eq!(error.outcome(), FailedOutcome::Unknown);
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn a_deployment_that_never_ends_is_unknown_after_its_time_and_so_is_one_without_a_status() {
    let (_, url) = Service::start([
        leading(202, &[("location", "/status")]),
        status(&json!({"status": "rolling"})),
    ])
    .await;
    let limited = WebhookSettings {
        timeout: SignedDuration::from_millis(600),
        ..settings(&url)
    };
    let error = apply(limited).await.0.unwrap_err();
    assert!(
        error.to_string().contains("its status is still `rolling`"),
        "{error}"
    );
    let (_, url) = Service::start([told(202, "")]).await;
    let strict = WebhookSettings {
        requires_status: true,
        ..settings(&url)
    };
    let error = apply(strict).await.0.unwrap_err();
    assert!(
        error.to_string().contains("neither `status` nor `status_url`"),
        "{error}"
    );
    assert_eq!(error.outcome(), FailedOutcome::Unknown);
}

#[tokio::test]
async fn a_token_that_comes_back_in_an_answer_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "tok-4711\n").unwrap();
    let with_token = |url: &Url| WebhookSettings {
        token_file: Some(token.clone()),
        ..settings(url)
    };
    let (_service, url) = Service::start([told(403, "Bearer tok-4711 is not allowed: tok-4711")]).await;
    let error = apply(with_token(&url)).await.0.unwrap_err().to_string();
    assert!(
        error.contains("status 403: Bearer *** is not allowed: ***"),
        "{error}"
    );
    let (_service, url) = Service::start([
        leading(202, &[("location", "/status/1")]),
        status(&json!({"status": "deployed", "message": "seen tok-4711", "log": ["as tok-4711"]})),
    ])
    .await;
    let (result, progress) = apply(with_token(&url)).await;
    let shown = format!("{:?} {progress:?}", result.unwrap());
    assert!(shown.contains("seen ***") && shown.contains("as ***"), "{shown}");
    assert!(!shown.contains("4711"), "{shown}");
}

#[tokio::test]
async fn what_runs_is_asked_with_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "hidden\n").unwrap();
    let digest = Digest::of(b"image");
    let (service, url) = Service::start([
        told(200, &json!({"digest": digest, "healthy": true}).to_string()),
        told(200, "yes"),
        told(404, ""),
    ])
    .await;
    let deployer = Deployer::Webhook(WebhookDeployer {
        settings: WebhookSettings {
            token_file: Some(token),
            running: Some(format!("{url}running/{{environment}}").parse().unwrap()),
            ..settings(&url)
        },
    });
    let subject = Subject {
        service: "payment-svc".parse().unwrap(),
        environment: "stage".parse().unwrap(),
    };
    let ask = || async {
        deployer
            .running(&subject, &BTreeSet::new(), &CancellationToken::new())
            .await
            .unwrap()
    };
    let Observed::Running(running) = ask().await else {
        panic!("it is unknown what runs")
    };
    assert_eq!((running.digest, running.healthy), (digest, Some(true)));
    for why in [
        "it answered `yes`, which is not a digest",
        "answers with status 404",
    ] {
        let Observed::Unknown(said) = ask().await else {
            panic!("it is known what runs")
        };
        assert!(said.contains(why), "{said}");
    }
    let first = &service.received()[0];
    assert_eq!(
        (&*first.path, first.header("authorization")),
        ("/running/stage", "Bearer hidden")
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_found_before_anything_is_told() {
    let (service, url) = Service::start([told(200, "")]).await;
    let settings = WebhookSettings {
        secret_file: Some("/nowhere/secret".into()),
        ..settings(&url)
    };
    let error = apply(settings.clone()).await.0.unwrap_err();
    assert!(
        error.to_string().contains("cannot read /nowhere/secret"),
        "{error}"
    );
    let deployer = Deployer::Webhook(WebhookDeployer { settings });
    let check = deployer
        .check(&deployment().subject(), &CancellationToken::new())
        .await;
    assert!(check.deploys.unwrap_err().contains("cannot read"));
    assert!(service.received().is_empty());
}
