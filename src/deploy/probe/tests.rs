//! Checks after a deployment, against a service on loopback.

use std::sync::Mutex;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Probe;
use crate::deploy::{DeployError, DeployProgress, Deployment, sample};
use crate::domain::{Digest, Exit, FailedOutcome, ProbeKind, ProbeSettings, ProgramLine, Repetition};
use crate::http::tests::{Service, Told, told};

fn deployment() -> Deployment {
    sample::deployment("payment-svc", "stage")
}

fn probe(kind: ProbeKind, successes: u32, timeout: SignedDuration) -> Probe {
    Probe {
        settings: ProbeSettings {
            kind,
            repetition: Repetition {
                successes,
                every: SignedDuration::from_millis(10),
                timeout,
            },
            rollback: false,
        },
        folder: std::env::temp_dir(),
    }
}

fn http(url: &Url, contains: Option<&str>) -> ProbeKind {
    ProbeKind::Http {
        url: format!("{url}health/{{service}}").parse().unwrap(),
        status: 200,
        contains: contains.map(str::to_owned),
    }
}

fn metric(url: &Url) -> ProbeKind {
    ProbeKind::Prometheus {
        url: url.as_str().parse().unwrap(),
        query: "error_rate{service=\"a\"}".to_owned(),
        expect: "< 0.01".parse().unwrap(),
    }
}

async fn run(probe: &Probe) -> (Result<String, DeployError>, Vec<String>) {
    let lines = Mutex::new(Vec::new());
    let tell = |told| {
        if let DeployProgress::Line(line) = told {
            lines.lock().unwrap().push(line);
        }
    };
    let result = probe.run(&deployment(), &tell, &CancellationToken::new()).await;
    (result, lines.into_inner().unwrap())
}

const LONG: SignedDuration = SignedDuration::from_mins(1);
const SHORT: SignedDuration = SignedDuration::from_millis(200);

#[tokio::test]
async fn an_address_has_to_succeed_often_enough_in_a_row() {
    let (service, url) = Service::start([
        told(200, "ready"),
        told(503, "starting"),
        told(200, "ready"),
        told(200, "ready"),
        told(200, "ready"),
    ])
    .await;
    let (result, lines) = run(&probe(http(&url, Some("ready")), 3, LONG)).await;
    assert!(result.unwrap().ends_with("/health/payment-svc: status 200"));
    assert_eq!(service.received().len(), 5);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("it answers with status 503: starting, not 200"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn an_address_that_answers_something_else_fails_after_its_time() {
    let (_, url) = Service::start([told(200, "the old version")]).await;
    let error = run(&probe(http(&url, Some("new")), 1, SHORT))
        .await
        .0
        .unwrap_err();
    assert!(
        error.to_string().contains("its answer does not contain `new`"),
        "{error}"
    );
    assert_eq!(
        (error.exit(), error.outcome()),
        (Exit::Failed, FailedOutcome::Failed)
    );
}

fn sample(value: &str) -> Told {
    told(
        200,
        &format!(
            r#"{{"status": "success", "data": {{"resultType": "vector", "result": [{{"metric": {{"pod": "a"}}, "value": [1, "{value}"]}}]}}}}"#
        ),
    )
}

#[tokio::test]
async fn a_metric_passes_below_its_limit_and_without_data_nobody_can_say() {
    let (service, url) = Service::start([sample("0.02"), sample("0.005")]).await;
    let (result, lines) = run(&probe(metric(&url), 2, LONG)).await;
    assert!(result.unwrap().ends_with("the value is 0.005 of pod=a"));
    assert!(
        lines[0].ends_with("the value is 0.02 of pod=a, not < 0.01"),
        "{lines:?}"
    );
    assert_eq!(service.received()[0].path, "/api/v1/query");
    let empty = told(
        200,
        r#"{"status": "success", "data": {"resultType": "vector", "result": []}}"#,
    );
    for (answer, why) in [
        (empty, "the query has no data"),
        (sample("NaN"), "which is not a number"),
        (told(503, ""), "it answers with status 503"),
        (told(200, "<html>"), "its answer cannot be read"),
    ] {
        let (_, url) = Service::start([answer]).await;
        let error = run(&probe(metric(&url), 1, SHORT)).await.0.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(
            (error.exit(), error.outcome()),
            (Exit::Incomplete, FailedOutcome::Unknown)
        );
    }
}

#[tokio::test]
async fn a_program_is_run_once_and_its_exit_code_decides() {
    let shell = |script: &str| ProbeKind::Command {
        command: ProgramLine {
            program: "/bin/sh".to_owned(),
            args: vec!["-c".to_owned(), script.to_owned()],
        },
        env: Vec::new(),
    };
    let (result, lines) = run(&probe(shell("echo $WINDLASS_DIGEST"), 1, LONG)).await;
    result.unwrap();
    assert_eq!(lines, [Digest::of(b"image").to_string()]);
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let script = format!("echo run >> {}; exit 3", count.display());
    let error = run(&probe(shell(&script), 1, LONG)).await.0.unwrap_err();
    assert!(error.to_string().ends_with("failed with exit code 3"), "{error}");
    assert_eq!(std::fs::read_to_string(&count).unwrap(), "run\n");
    let error = run(&probe(shell("sleep 1000"), 1, SHORT)).await.0.unwrap_err();
    assert_eq!(error.outcome(), FailedOutcome::Unknown, "{error}");
}
