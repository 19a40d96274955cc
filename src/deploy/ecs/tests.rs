//! Deploying to ECS, with a program in the place of `aws` that answers from files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::EcsDeployer;
use crate::deploy::{Applied, DeployError, DeployProgress, Deployer, Deployment, Subject, sample};
use crate::domain::{DeployOutcome, Digest, EcsSettings, Exit, FailedOutcome, Observed};

const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012";

/// The answers of a service that runs three tasks.
struct Aws(tempfile::TempDir);

impl Aws {
    fn new() -> Self {
        let aws = Self(tempfile::tempdir().unwrap());
        aws.answers("describe-services", &json!({"services": [{
            "serviceArn": format!("{ARN}:service/prod/shop"), "status": "ACTIVE", "desiredCount": 3, "runningCount": 3,
            "taskDefinition": format!("{ARN}:task-definition/shop:3"), "deployments": [{"rolloutState": "COMPLETED"}],
        }]}));
        aws.answers("describe-task-definition", &json!({"taskDefinition": {
            "family": "shop", "revision": 3, "status": "ACTIVE",
            "containerDefinitions": [{"name": "app", "image": "old", "secrets": [{"name": "A", "valueFrom": "hidden"}]}],
        }}));
        let registered =
            json!({"taskDefinition": {"taskDefinitionArn": format!("{ARN}:task-definition/shop:4")}});
        aws.answers("register-task-definition", &registered);
        aws.answers("update-service", &json!({"service": {}}));
        aws.answers("list-service-deployments.1", &deployments(&["old"]));
        aws.answers("list-service-deployments", &deployments(&["other", "own", "old"]));
        aws.answers("describe-service-revisions", &json!({"serviceRevisions": [
            {"serviceRevisionArn": "revision/other", "taskDefinition": format!("{ARN}:task-definition/shop:5")},
            {"serviceRevisionArn": "revision/own", "taskDefinition": format!("{ARN}:task-definition/shop:4")},
        ]}));
        aws.answers("stop-service-deployment", &json!({}));
        aws
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn answers(&self, operation: &str, answer: &Value) {
        std::fs::write(
            self.folder().join(format!("{operation}.json")),
            answer.to_string(),
        )
        .unwrap();
    }

    fn fails(&self, operation: &str, error: &str) {
        std::fs::write(self.folder().join(format!("{operation}.error")), error).unwrap();
    }

    fn calls(&self, operation: &str) -> Vec<String> {
        let calls = std::fs::read_to_string(self.folder().join("calls")).unwrap();
        let of = format!("ecs {operation} ");
        calls
            .lines()
            .filter(|line| line.starts_with(&of))
            .map(str::to_owned)
            .collect()
    }

    fn deployer(&self, change: impl FnOnce(&mut EcsSettings)) -> Deployer {
        let mut settings = EcsSettings {
            program: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/aws/aws"),
            cluster: "{environment}".to_owned(),
            service_name: "{service}".to_owned(),
            container: "app".to_owned(),
            region: Some("eu-west-1".to_owned()),
            profile: Some(self.folder().display().to_string()),
            rollback: false,
            timeout: SignedDuration::from_mins(1),
            observe_for: SignedDuration::ZERO,
        };
        change(&mut settings);
        Deployer::Ecs(EcsDeployer { settings })
    }

    async fn apply(
        &self,
        change: impl FnOnce(&mut EcsSettings),
    ) -> (Result<Applied, DeployError>, Vec<DeployProgress>) {
        self.apply_until(change, &CancellationToken::new(), |_| false)
            .await
    }

    /// Deploys, and cancels once it is told what `ends` is waiting for.
    async fn apply_until(
        &self,
        change: impl FnOnce(&mut EcsSettings),
        cancel: &CancellationToken,
        ends: impl Fn(&DeployProgress) -> bool + Send + Sync,
    ) -> (Result<Applied, DeployError>, Vec<DeployProgress>) {
        let deployer = self.deployer(change);
        let (deployment, progress) = (deployment(), Mutex::new(Vec::new()));
        let tell = |told: DeployProgress| {
            if ends(&told) {
                cancel.cancel();
            }
            progress.lock().unwrap().push(told);
        };
        let result = match deployer.resolve(&deployment.subject(), cancel).await {
            Ok(target) => deployer.apply(&target, &deployment, &tell, cancel).await,
            Err(error) => Err(error),
        };
        (result, progress.into_inner().unwrap())
    }
}

fn deployments(names: &[&str]) -> Value {
    let one = |name: &&str| {
        json!({
            "serviceDeploymentArn": format!("deployment/{name}"), "targetServiceRevisionArn": format!("revision/{name}"),
        })
    };
    json!({"serviceDeployments": names.iter().map(one).collect::<Vec<_>>()})
}

fn state(status: &str, running: u64, more: &Value) -> Value {
    let mut deployment = json!({
        "status": status, "targetServiceRevision": {"requestedTaskCount": 3, "runningTaskCount": running},
    });
    deployment
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"serviceDeployments": [deployment]})
}

fn deployment() -> Deployment {
    sample::deployment("shop", "prod")
}

#[tokio::test]
async fn a_new_revision_is_registered_and_its_own_service_deployment_followed() {
    let aws = Aws::new();
    aws.answers(
        "describe-service-deployments.1",
        &state("IN_PROGRESS", 1, &json!({})),
    );
    aws.answers(
        "describe-service-deployments",
        &state("SUCCESSFUL", 3, &json!({})),
    );
    let (result, progress) = aws.apply(|_| ()).await;
    assert_eq!(result.unwrap().outcome, DeployOutcome::Deployed);
    let input: Value =
        serde_json::from_slice(&std::fs::read(aws.folder().join("input.json")).unwrap()).unwrap();
    assert_eq!(
        input["containerDefinitions"][0]["image"],
        deployment().image.to_string()
    );
    assert!(input.get("revision").is_none(), "{input}");
    let update = &aws.calls("update-service")[0];
    let expected = format!("--cluster prod --service shop --task-definition {ARN}:task-definition/shop:4");
    assert!(
        update.contains(&expected) && update.contains("--region eu-west-1"),
        "{update}"
    );
    assert!(
        aws.calls("describe-service-deployments")
            .iter()
            .all(|call| call.contains("deployment/own"))
    );
    let moved: Vec<_> = progress
        .iter()
        .filter_map(|told| match told {
            DeployProgress::Moved { done, .. } => Some(*done),
            _ => None,
        })
        .collect();
    assert_eq!(moved, [1, 3]);
    let calls = std::fs::read_to_string(aws.folder().join("calls")).unwrap();
    assert!(
        !calls.contains("hidden"),
        "what the definition holds is no argument: {calls}"
    );
}

#[tokio::test]
async fn what_ecs_rolled_back_is_rolled_back_and_says_why() {
    let aws = Aws::new();
    let more = json!({
        "deploymentCircuitBreaker": {"status": "TRIGGERED", "failureCount": 3, "threshold": 3},
        "alarms": {"triggeredAlarmNames": ["errors"]},
        "rollback": {"reason": "tasks failed to start", "serviceRevisionArn": "revision/old"},
    });
    aws.answers(
        "describe-service-deployments",
        &state("ROLLBACK_SUCCESSFUL", 0, &more),
    );
    let error = aws.apply(|_| ()).await.0.unwrap_err();
    assert_eq!(
        (error.outcome(), error.exit()),
        (FailedOutcome::RolledBack, Exit::Failed)
    );
    assert!(
        error.to_string().ends_with(
            "is back at revision/old: 3 tasks failed of at most 3, the circuit breaker was triggered; alarms: errors; \
             tasks failed to start"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn what_was_stopped_or_could_not_go_back_has_failed() {
    for status in ["STOPPED", "ROLLBACK_FAILED"] {
        let aws = Aws::new();
        aws.answers("describe-service-deployments", &state(status, 0, &json!({})));
        let error = aws.apply(|_| ()).await.0.unwrap_err();
        assert_eq!(
            (error.outcome(), error.exit()),
            (FailedOutcome::Failed, Exit::Failed),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_deployment_of_another_revision_is_never_ours() {
    let aws = Aws::new();
    aws.answers("list-service-deployments", &deployments(&["other", "old"]));
    aws.answers(
        "describe-service-deployments",
        &state("SUCCESSFUL", 3, &json!({})),
    );
    let error = aws
        .apply(|settings| settings.timeout = SignedDuration::from_secs(1))
        .await
        .0
        .unwrap_err();
    assert_eq!(error.outcome(), FailedOutcome::Unknown);
    assert!(
        error.to_string().ends_with("after 1 s it was not begun"),
        "{error}"
    );
}

#[tokio::test]
async fn one_that_takes_too_long_or_is_interrupted_is_rolled_back_by_one_call() {
    let aws = Aws::new();
    aws.answers(
        "describe-service-deployments",
        &state("IN_PROGRESS", 0, &json!({})),
    );
    let cancel = CancellationToken::new();
    let under_way = |told: &DeployProgress| matches!(told, DeployProgress::Moved { .. });
    let (result, _) = aws
        .apply_until(|settings| settings.rollback = true, &cancel, under_way)
        .await;
    assert_eq!(result.unwrap_err().exit(), Exit::Interrupted);
    let stop = "--service-deployment-arn deployment/own --stop-type ROLLBACK";
    assert!(aws.calls("stop-service-deployment")[0].contains(stop));

    let aws = Aws::new();
    aws.answers(
        "describe-service-deployments",
        &state("ROLLBACK_SUCCESSFUL", 0, &json!({})),
    );
    aws.answers(
        "describe-service-deployments.1",
        &state("IN_PROGRESS", 0, &json!({})),
    );
    let quick = |settings: &mut EcsSettings| {
        settings.rollback = true;
        settings.timeout = SignedDuration::from_millis(100);
    };
    let error = aws.apply(quick).await.0.unwrap_err();
    assert_eq!(error.outcome(), FailedOutcome::RolledBack, "{error}");
    assert_eq!(aws.calls("stop-service-deployment").len(), 1);
}

#[tokio::test]
async fn nothing_is_registered_where_it_runs_already_or_the_service_does_not_fit() {
    let aws = Aws::new();
    let container = |name: &str| {
        json!({"taskDefinition": {
            "family": "shop", "containerDefinitions": [{"name": name, "image": deployment().image.to_string()}],
        }})
    };
    aws.answers("describe-task-definition", &container("app"));
    assert_eq!(
        aws.apply(|_| ()).await.0.unwrap().outcome,
        DeployOutcome::Unchanged
    );
    aws.answers("describe-task-definition", &container("web"));
    let error = aws.apply(|_| ()).await.0.unwrap_err();
    assert_eq!(
        (error.exit(), error.hint()),
        (Exit::Usage, "set `container` to one of: web".to_owned())
    );
    aws.answers(
        "describe-services",
        &json!({"services": [], "failures": [{"reason": "MISSING"}]}),
    );
    let error = aws.apply(|_| ()).await.0.unwrap_err();
    assert!(
        error.to_string().contains("no active service of this name"),
        "{error}"
    );
    assert!(aws.calls("register-task-definition").is_empty() && aws.calls("update-service").is_empty());
}

#[tokio::test]
async fn what_aws_refuses_is_told_from_what_cannot_be_reached() {
    for (said, exit) in [
        (
            "An error occurred (AccessDeniedException) when calling the DescribeServices operation: User is not authorized",
            Exit::NotAuthorised,
        ),
        (
            "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
            Exit::NotAuthorised,
        ),
        (
            "An error occurred (ClusterNotFoundException) when calling the DescribeServices operation: Cluster not found.",
            Exit::Usage,
        ),
        (
            "Could not connect to the endpoint URL: \"https://ecs.eu-west-1.amazonaws.com/\"",
            Exit::Incomplete,
        ),
    ] {
        let aws = Aws::new();
        aws.fails("describe-services", &format!("\n{said}\n"));
        let error = aws.apply(|_| ()).await.0.unwrap_err();
        assert_eq!(error.exit(), exit, "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn what_runs_is_the_digest_of_the_tasks_and_one_that_is_not_expected_counts_first() {
    let aws = Aws::new();
    let (new, old) = (Digest::of(b"image"), Digest::of(b"old"));
    let task =
        |digest: &Digest| json!({"containers": [{"name": "proxy"}, {"name": "app", "imageDigest": digest}]});
    aws.answers("list-tasks", &json!({"taskArns": ["one", "two"]}));
    aws.answers("describe-tasks", &json!({"tasks": [task(&new), task(&old)]}));
    let subject = Subject {
        service: "shop".parse().unwrap(),
        environment: "prod".parse().unwrap(),
    };
    let deployer = aws.deployer(|_| ());
    let expected = BTreeSet::from([new]);
    let ask = || async {
        deployer
            .running(&subject, &expected, &CancellationToken::new())
            .await
            .unwrap()
    };
    let Observed::Running(running) = ask().await else {
        panic!("it is unknown what runs")
    };
    assert_eq!((running.digest, running.healthy), (old, Some(true)));
    aws.answers("list-tasks", &json!({"taskArns": []}));
    assert!(matches!(ask().await, Observed::Unknown(why) if why.contains("no task of")));
}
